//! What an exchange can be tied to, by version of TLS and kind of certificate.

use std::sync::Arc;

use aiosasl::{binding::BindingKind, secret::Secret};
use aiosasl_profiles::net::{
    Options, Protocol, Session, TlsMode, Trust,
    server::{ServerConfig, ServerTls, certificate_identity, serve_imap},
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ED25519, SanType, SignatureAlgorithm};
use rustls::{
    SupportedProtocolVersion,
    crypto::ring,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
};

use crate::house::{Served, login, open, open_config, serve, store, who};

/// A server whose certificate is its own authority.
fn config(
    algorithm: &'static SignatureAlgorithm,
    version: &'static SupportedProtocolVersion,
) -> (ServerConfig, Vec<u8>) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let private = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let tls = ServerTls { config: Arc::new(config), certificate: certificate.der().to_vec() };
    (open_config().with_tls(tls), certificate.pem().into_bytes())
}

async fn session(
    algorithm: &'static SignatureAlgorithm,
    version: &'static SupportedProtocolVersion,
) -> (Session, Served) {
    let (config, ca) = config(algorithm, version);
    let (port, served) =
        serve(move |stream| serve_imap(stream, Arc::new(config), true, store())).await;
    let options = Options { tls: TlsMode::Implicit, trust: Trust::Ca(ca), ..Options::default() };
    (open(Protocol::Imap, port, &options).await.unwrap(), served)
}

fn kinds(session: &Session) -> Vec<&str> {
    session.bindings().iter().map(|binding| binding.kind().as_str()).collect()
}

fn offers_plus(session: &Session) -> bool {
    session.offer().mechanisms.iter().any(aiosasl::name::MechanismName::is_plus)
}

#[tokio::test]
async fn tls_1_3_has_exporter_and_end_point() {
    let (session, _served) = session(&rcgen::PKCS_ECDSA_P256_SHA256, &rustls::version::TLS13).await;
    assert_eq!(kinds(&session), ["tls-exporter", "tls-server-end-point"]);
    let tls = session.tls().unwrap();
    assert_eq!((tls.version, tls.version_code), ("1.3", 0x0304));
    assert_eq!(tls.missing_bindings[0].0, BindingKind::TlsUnique);
    assert!(offers_plus(&session));
}

#[tokio::test]
async fn tls_1_2_has_the_end_point_alone_and_both_ends_agree_on_it() {
    let (mut session, served) =
        session(&rcgen::PKCS_ECDSA_P384_SHA384, &rustls::version::TLS12).await;
    assert_eq!(kinds(&session), ["tls-server-end-point"]);
    assert_eq!(session.bindings()[0].data().len(), 48, "SHA-384, as the signature");
    let authenticated = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert_eq!(authenticated.channel_binding, Some(BindingKind::TlsServerEndPoint));
    session.close().await;
    assert_eq!(who(served).await.1, "SCRAM-SHA-256-PLUS");
}

#[tokio::test]
async fn ed25519_has_no_end_point_and_it_is_said_why() {
    let (session13, _served) = session(&PKCS_ED25519, &rustls::version::TLS13).await;
    assert_eq!(kinds(&session13), ["tls-exporter"]);
    let missing = &session13.tls().unwrap().missing_bindings;
    let (_, why) = missing.iter().find(|it| it.0 == BindingKind::TlsServerEndPoint).unwrap();
    assert!(why.contains("undefined"), "{why}");

    let (session12, _served) = session(&PKCS_ED25519, &rustls::version::TLS12).await;
    assert!(session12.bindings().is_empty());
    assert!(!offers_plus(&session12), "nothing to bind to: nothing is offered");
}

fn identity(names: &[&str], common_name: Option<&str>) -> Option<String> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(name) = common_name {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    let address = |name: &&str| SanType::Rfc822Name((*name).try_into().unwrap());
    params.subject_alt_names = names.iter().map(address).collect();
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    certificate_identity(certificate.der()).map(|identity| identity.to_string())
}

#[test]
fn a_certificate_names_one_identity_or_none() {
    assert_eq!(identity(&[], Some("user")).as_deref(), Some("user"));
    assert_eq!(identity(&["user@example.org"], Some("CN")).as_deref(), Some("user@example.org"));
    assert_eq!(identity(&["a@example.org", "b@example.org"], Some("CN")), None);
    assert_eq!(identity(&[], None), None);
    assert_eq!(identity(&[], Some("root\0user")), None);
    assert_eq!(certificate_identity(b"junk"), None);
}

#[test]
fn keys_stay_out_of_debug() {
    let certificate = aiosasl_profiles::net::ClientCertificate {
        chain: b"chain".to_vec(),
        key: Secret::new(*b"-----BEGIN PRIVATE KEY-----"),
    };
    let options = Options { client_certificate: Some(certificate), ..Options::default() };
    assert!(!format!("{options:?}").contains("PRIVATE"));
}
