//! `scram.json`'s parts and `scram_storage.json`: decoys, downgrade protection, stored forms.

use aiosasl::{
    ClientExchange, ClientStep,
    binding::{BindingKind, ChannelBinding, ClientBinding},
    credentials::Credentials,
    encoding::decode,
    error::Reason,
    hash::Hash,
    mechanism::{ClientContext, Offered, Rules},
    mechanisms::scram::{UpgradeTask, VerifierFormat},
    message::{Challenge, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    query::{Decoy, ScramVerifier},
    secret::Secret,
};
use serde_json::Value;

use crate::{
    ledger::{Vectors, hex, text},
    scram::{gave_up, hash, hears_final, mechanism, says_final},
};

pub(crate) fn decoys_have_the_published_salts(vectors: &mut Vectors) {
    let fake = vectors.all["fake_salt"].clone();
    let secret = hex(&fake["server_secret_hex"]);
    for (at, case) in vectors.section("fake_salt.cases").iter().enumerate() {
        let len = usize::try_from(case["salt_len"].as_u64().expect("a number")).expect("small");
        let salt = Decoy::new(Secret::new(secret.clone()), 4096, len)
            .salt(hash(text(&case["mechanism"])), text(&case["username"]));
        assert_eq!(*salt, *decode(text(&case["salt_b64"])).expect("base64"), "{case}");
        vectors.played("fake_salt.cases", at);
    }
    // PostgreSQL's own way, which we don't take: SHA-256 of the name and the cluster's nonce.
    let other = &fake["postgresql"];
    let input = [text(&other["username"]).as_bytes(), &hex(&other["mock_nonce_hex"])].concat();
    let salt = &Hash::Sha256.digest(&input).to_vec()[..16];
    assert_eq!(salt, decode(text(&other["salt_b64"])).expect("base64"));
    vectors.played_whole("fake_salt.postgresql");
}

/// With the printed values both ends refuse; with those that belong there both accept.
pub(crate) fn published_examples_that_do_not_verify(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("not_reproducible").iter().enumerate() {
        assert_eq!(reproduce(vector, "printed_proof", "correct_signature"), [false, true]);
        assert_eq!(reproduce(vector, "correct_proof", "printed_signature"), [true, false]);
        assert_eq!(reproduce(vector, "correct_proof", "correct_signature"), [true, true]);
        vectors.played("not_reproducible", at);
    }
}

/// Whether our server accepts this proof, and our client this signature.
fn reproduce(vector: &Value, proof: &str, signature: &str) -> [bool; 2] {
    let good = as_good_vector(vector);
    let without_proof = text(&vector["without_proof"]);
    let (proof, signature) = (text(&vector[proof]), text(&vector[signature]));
    let last = format!("{without_proof},p={proof}");
    let accepted = says_final(&good, text(&vector["client_first"]), last.as_bytes());
    let (said, believed) =
        hears_final(&good, text(&vector["server_first"]), &format!("v={signature}"));
    let correct = format!("{without_proof},p={}", text(&vector["correct_proof"]));
    assert_eq!(said, correct.as_bytes(), "{}", vector["id"]);
    [accepted, believed]
}

/// The same exchange in the form of the good ones.
fn as_good_vector(vector: &Value) -> Value {
    let client_first = text(&vector["client_first"]);
    let field = |message: &str, name: &str| {
        let found = message.split(',').find_map(|it| it.strip_prefix(name));
        found.expect("there").to_owned()
    };
    let server_first = text(&vector["server_first"]);
    let client_nonce = field(client_first, "r=");
    let nonce = field(server_first, "r=");
    let server_nonce = nonce.strip_prefix(&client_nonce).expect("ours comes first");
    let binding = decode(field(text(&vector["without_proof"]), "c=")).expect("base64");
    let header = client_first.find("n=user").expect("a name");
    let plus = client_first.starts_with("p=");
    serde_json::json!({
        "id": vector["id"],
        "mechanism": match (text(&vector["hash"]), plus) {
            ("sha256", false) => "SCRAM-SHA-256",
            ("sha1", true) => "SCRAM-SHA-1-PLUS",
            other => panic!("{other:?}"),
        },
        "username": vector["username"],
        "username_on_wire": vector["username"],
        "password": vector["password"],
        "password_after_preparation": vector["password"],
        "password_preparation": "saslprep",
        "gs2_flag": if plus { "p" } else { "n" },
        "cb_type": plus.then_some("tls-exporter"),
        "cb_data_hex": digits(&binding[header..]),
        "client_nonce": client_nonce,
        "server_nonce": server_nonce,
        "salt_b64": field(server_first, "s="),
        "iterations": field(server_first, "i=").parse::<u32>().expect("a number"),
        "plus_advertised_by_server": plus,
    })
}

/// Octets as hexadecimal digits.
fn digits(octets: &[u8]) -> String {
    octets
        .iter()
        .flat_map(|it| [it >> 4, it & 15])
        .filter_map(|it| char::from_digit(it.into(), 16))
        .collect()
}

/// A client that saw this offer and hears this first message: `None` where it goes on.
fn hears(
    hash_name: &str,
    mechanisms: &[MechanismName],
    kinds: Option<&[BindingKind]>,
    tls: Option<u16>,
    server_first: &str,
) -> Option<String> {
    let name = match hash_name {
        "sha1" => "SCRAM-SHA-1",
        "sha256" => "SCRAM-SHA-256",
        "sha512" => "SCRAM-SHA-512",
        other => panic!("{other}"),
    };
    let has_plus = mechanisms.iter().any(MechanismName::is_plus);
    let (name, binding) = if has_plus {
        let binding = ChannelBinding::new(BindingKind::TlsExporter, *b"data").expect("octets");
        (format!("{name}-PLUS"), ClientBinding::Bound(binding))
    } else {
        (name.to_owned(), ClientBinding::Unsupported)
    };
    let context = ClientContext {
        credentials: &Credentials::password("user".try_into().expect("a name"), "pencil"),
        binding,
        nonce: Nonce::new("abc").expect("printable"),
        rules: Rules::default(),
        offered: Offered { mechanisms, bindings: kinds, tls_version: tls },
    };
    let client = (mechanism(&name).client)(&context).expect("the credentials are good");
    let mut client = ClientExchange::new(client);
    assert!(client.start().is_ok());
    match client.receive(ServerMessage::Challenge(Challenge::new(server_first))) {
        Ok(ClientStep::Ask(_)) => None,
        step => Some(gave_up(&mut client, step)),
    }
}

fn names(list: &Value) -> Vec<MechanismName> {
    let list = list.as_array().expect("a list");
    list.iter().map(|name| MechanismName::parse(text(name)).expect("a name")).collect()
}

fn kinds(list: &Value) -> Option<Vec<BindingKind>> {
    let list = list.as_array()?;
    Some(list.iter().map(|kind| BindingKind::parse(text(kind)).expect("a type")).collect())
}

pub(crate) fn downgrade_protection(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("ssdp_hash").iter().enumerate() {
        let (mechanisms, kinds) = (names(&vector["mechanisms"]), kinds(&vector["cb_types"]));
        let server_first = format!("r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,h={}", text(&vector["h"]));
        let heard = hears(
            text(&vector["hash"]),
            &mechanisms,
            kinds.as_deref(),
            Some(0x0304),
            &server_first,
        );
        assert_eq!(heard, None, "{vector}");
        vectors.played("ssdp_hash", at);
    }
    for (at, vector) in vectors.section("ssdp_malformed").iter().enumerate() {
        let (mechanisms, kinds) =
            (names(&vector["mechanisms_seen"]), kinds(&vector["cb_types_seen"]));
        let tls =
            vector["tls_version_seen"].as_str().map(|it| u16::from_str_radix(it, 16).expect("hex"));
        let server_first = text(&vector["server_first"]);
        let heard = hears(text(&vector["hash"]), &mechanisms, kinds.as_deref(), tls, server_first);
        assert_eq!(heard.as_deref(), vector["expect"].as_str(), "{vector}");
        vectors.played("ssdp_malformed", at);
    }
}

pub(crate) fn the_upgrade_task_sends_the_salted_password(vectors: &mut Vectors) {
    let upgrade = &vectors.all["upgrade"];
    let salt = decode(text(&upgrade["salt_b64"])).expect("base64");
    let password = text(&upgrade["password"]);
    let task = UpgradeTask::parse(text(&upgrade["task"])).expect("a task");
    assert_eq!(task.name(), text(&upgrade["task"]));
    let job =
        |iterations| task.derivation(&password.into(), salt.clone(), iterations, &Rules::default());
    let sent = decode(text(&upgrade["hash_element_b64"])).expect("base64");
    assert_eq!(job(4096).expect("a derivation").salted_password().as_ref(), sent);
    assert_eq!(job(4095).err(), Some(Reason::IterationCountTooLow));
    assert_eq!(job(1_000_001).err(), Some(Reason::IterationCountTooHigh));
    // What the server makes of it lets the user in.
    let verifier = task.verifier(&sent, salt.clone(), 4096).expect("long enough");
    assert!(verifier.verifies(Secret::new(password)));
    assert!(task.verifier(&sent[1..], salt.clone(), 4096).is_none());
    vectors.played_whole("upgrade");
}

pub(crate) fn stored_forms(vectors: &mut Vectors) {
    let format = |vector: &Value| {
        let name = text(&vector["format"]);
        VerifierFormat::ALL.into_iter().find(|it| it.as_str() == name).expect("a known form")
    };
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        let scheme = hash(text(&vector["mechanism"]));
        let written = text(&vector["text"]);
        let verifier = ScramVerifier::parse(format(vector), written, Some(scheme)).expect("valid");
        assert_eq!(verifier.to_text(format(vector)), written);
        assert!(verifier.verifies(Secret::new(text(&vector["password"]))), "{}", vector["id"]);
        assert!(!verifier.verifies(Secret::new(*b"wrong")), "{}", vector["id"]);
        vectors.played("valid", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let error = ScramVerifier::parse(format(vector), text(&vector["text"]), Some(Hash::Sha256));
        assert_eq!(
            error.expect_err("malformed").as_str(),
            text(&vector["expect"]),
            "{}",
            vector["id"]
        );
        vectors.played("malformed", at);
    }
}
