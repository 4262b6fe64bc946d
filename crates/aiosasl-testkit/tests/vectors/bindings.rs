//! `channel_binding.json`: certificates are ours to hash; exporters and Finished messages are TLS's, and recomputed.

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    hash::Hash,
};
use serde_json::Value;

use crate::ledger::{Vectors, hex, text};

pub(crate) fn channel_bindings(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        match text(&vector["type"]) {
            "tls-server-end-point" => end_point(vector),
            "tls-exporter" | "tls-exporter-wrong" if text(&vector["tls"]) == "1.3" => {
                exporter_1_3(vector);
            }
            "tls-exporter" | "tls-exporter-no-context" | "tls-exporter-wrong" => {
                exporter_1_2(vector);
            }
            "tls-unique" => unique(vector),
            other => panic!("{other}: {vector}"),
        }
        vectors.played("valid", at);
    }
}

fn end_point(vector: &Value) {
    let certificate =
        aiosasl::encoding::decode(text(&vector["certificate_der_b64"])).expect("base64");
    match (ChannelBinding::tls_server_end_point(&certificate), vector["data_hex"].as_str()) {
        (Ok(binding), Some(_)) => {
            assert_eq!(binding.kind(), &BindingKind::TlsServerEndPoint);
            assert_eq!(binding.data(), hex(&vector["data_hex"]), "{}", vector["id"]);
        }
        (Err(error), None) => {
            assert_eq!(error.as_str(), text(&vector["expect"]), "{}", vector["id"]);
        }
        (other, _) => panic!("{}: {other:?}", vector["id"]),
    }
    // Cut short anywhere, it is an error, or some other certificate's hash: never a panic.
    for len in 0..certificate.len() {
        assert!(ChannelBinding::tls_server_end_point(&certificate[..len]).is_err(), "{len}");
    }
}

/// HKDF-Expand-Label (RFC 8446 section 7.1) for outputs that fit into one block.
fn expand_label(secret: &[u8], label: &str, context: &[u8]) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let length = |len: usize| u8::try_from(len).expect("short");
    let info = [
        &[0, 32, length(label.len())][..],
        label.as_bytes(),
        &[length(context.len())],
        context,
        &[1],
    ];
    Hash::Sha256.hmac(secret, &info).to_vec()
}

fn exporter_1_3(vector: &Value) {
    let secret = hex(&vector["exporter_master_secret_hex"]);
    let empty = Hash::Sha256.digest(b"");
    let context =
        if text(&vector["type"]) == "tls-exporter-wrong" { &[][..] } else { empty.as_ref() };
    let derived = expand_label(&secret, "EXPORTER-Channel-Binding", context);
    assert_eq!(
        expand_label(&derived, "exporter", context),
        hex(&vector["data_hex"]),
        "{}",
        vector["id"]
    );
}

/// The pseudo-random function of TLS 1.2 (RFC 5246 section 5), one block.
fn prf(secret: &[u8], seed: &[u8]) -> Vec<u8> {
    let first = Hash::Sha256.hmac(secret, &[seed]);
    Hash::Sha256.hmac(secret, &[first.as_ref(), seed]).to_vec()
}

fn exporter_1_2(vector: &Value) {
    let mut seed = b"EXPORTER-Channel-Binding".to_vec();
    seed.extend(hex(&vector["client_random_hex"]));
    seed.extend(hex(&vector["server_random_hex"]));
    if vector["context"].is_string() {
        seed.extend([0, 0]);
    }
    assert_eq!(
        prf(&hex(&vector["master_secret_hex"]), &seed),
        hex(&vector["data_hex"]),
        "{}",
        vector["id"]
    );
}

fn unique(vector: &Value) {
    let mut seed = b"client finished".to_vec();
    seed.extend(hex(&vector["transcript_hash_hex"]));
    let verify_data = prf(&hex(&vector["master_secret_hex"]), &seed)[..12].to_vec();
    assert_eq!(verify_data, hex(&vector["data_hex"]), "{}", vector["id"]);
    assert!(ChannelBinding::new(BindingKind::TlsUnique, verify_data).is_ok());
}
