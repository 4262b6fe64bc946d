//! `aiosasl exchange`: our client and our server, two processes with pipes between them.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    thread,
};

use aiosasl::{
    encoding,
    mechanism::{Binds, Mechanism, Needs, ServerProof},
    mechanisms::ALL,
};
use serde_json::Value;

/// What every outcome has, good or bad, on either side.
const FIELDS: [&str; 11] = [
    "result",
    "mechanism",
    "authentication_id",
    "authorization_id",
    "trace",
    "channel_binding",
    "server_verified",
    "iterations",
    "security_layer",
    "received",
    "error",
];

/// The curve's object identifier at the end of a private key (RFC 5915 section 3).
const PRIME256V1: &[u8] = &[0xa0, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// What somebody has signed with a token (RFC 5849).
const SIGNED: &str = r#"oauth_token="pencil",oauth_signature="x""#;

struct End {
    status: i32,
    outcome: Value,
}

fn half(half: &str, mechanism: &str, password: &str, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_aiosasl"))
        .args(["exchange", half, "-m", mechanism])
        .args(more)
        .env("AIOSASL_PASSWORD", password)
        .env("AIOSASL_TOKEN", password)
        .env("AIOSASL_ANSWERS", password)
        .env("AIOSASL_PASSCODES", password)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command")
}

/// A private key in the mechanism's own spelling.
fn key_file(folder: &Path, mechanism: &str) -> String {
    let key = [0x12; 32];
    let text = if mechanism.starts_with("ECDSA-") {
        let der = [&[0x30, 0x31, 2, 1, 1, 4, 0x20][..], &key, PRIME256V1].concat();
        let base64 = encoding::encode(&der);
        let (first, second) = base64.split_at(64);
        format!("-----BEGIN EC PRIVATE KEY-----\n{first}\n{second}\n-----END EC PRIVATE KEY-----\n")
    } else {
        encoding::encode(&key)
    };
    let file = folder.join("key");
    fs::write(&file, text).expect("a file");
    file.to_str().expect("text").to_owned()
}

/// The type of the channel binding that a mechanism wants: some have it in their names.
fn binding_type(mechanism: &Mechanism) -> Option<&'static str> {
    match mechanism.name.as_str().rsplit('-').next() {
        _ if mechanism.properties.binds == Binds::Nothing => None,
        Some("ENDP") => Some("tls-server-end-point"),
        Some("UNIQ") => Some("tls-unique"),
        _ => Some("tls-exporter"),
    }
}

/// Copies until the one ends, and closes the other.
fn relay(mut from: impl io::Read + Send + 'static, mut to: ChildStdin) {
    thread::spawn(move || {
        // The other end may be gone already: that is its right.
        let _ = io::copy(&mut from, &mut to);
    });
}

fn end(mut child: Child) -> End {
    let mut told = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    let status = child.wait().expect("an end").code().expect("no signal");
    // Before that, a page to visit.
    let last = told.lines().last().unwrap_or_default();
    let outcome: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("no JSON: {told}"));
    for field in FIELDS {
        assert!(outcome.get(field).is_some(), "{field} is missing, not null: {outcome}");
    }
    assert_eq!(outcome.as_object().map(serde_json::Map::len), Some(FIELDS.len()), "{outcome}");
    End { status, outcome }
}

/// Lets the two talk: how they end, client first.
fn face_to_face(mut client: Child, mut server: Child) -> [End; 2] {
    relay(client.stdout.take().expect("piped"), server.stdin.take().expect("piped"));
    relay(server.stdout.take().expect("piped"), client.stdin.take().expect("piped"));
    [end(client), end(server)]
}

const BINDING: [&str; 4] = ["--binding-type", "tls-exporter", "--binding-data", "00010203"];

#[test]
fn every_mechanism_succeeds() {
    let folder = tempfile::tempdir().expect("a folder");
    for mechanism in ALL {
        let name = mechanism.name.as_str();
        if mechanism.properties.needs == Needs::Ticket {
            // It takes a key distribution centre.
            continue;
        }
        let key = key_file(folder.path(), name);
        let mut more = vec!["-u", "user", "--client-key", &key];
        let kind = binding_type(mechanism);
        if let Some(kind) = kind {
            more.extend(["--binding-type", kind, "--binding-data", "00010203"]);
        }
        let secret = if name == "OAUTH10A" { SIGNED } else { "pencil" };
        let client = half("client", name, secret, &[&more[..], &["--port", "143"]].concat());
        let server = half("server", name, secret, &more);
        let [client, server] = face_to_face(client, server);
        assert_eq!((client.status, server.status), (0, 0), "{name}: {}", client.outcome);
        assert_eq!(server.outcome["result"], "authenticated");
        let proven = mechanism.properties.server_proof == ServerProof::Mutual;
        let told = proven || name == "OPENID20";
        assert_eq!(client.outcome["result"], if told { "authenticated" } else { "sent" }, "{name}");
        assert_eq!(client.outcome["server_verified"], proven);
        let binding = Value::from(kind);
        assert_eq!(client.outcome["channel_binding"], binding);
        assert_eq!(server.outcome["channel_binding"], binding);
        let nobody = mechanism.properties.needs == Needs::Anonymity;
        let shows_token = ["OAUTH10A", "OAUTHBEARER", "XOAUTH2"].contains(&name);
        let authzid = if shows_token { "user".into() } else { Value::Null };
        assert_eq!(server.outcome["authorization_id"], authzid, "{name}");
        let (identity, trace) =
            if nobody { (Value::Null, "user".into()) } else { ("user".into(), Value::Null) };
        assert_eq!(server.outcome["authentication_id"], identity, "{name}");
        assert_eq!(server.outcome["trace"], trace, "{name}");
    }
}

#[test]
fn a_wrong_password_is_refused() {
    for (name, told) in
        [("SCRAM-SHA-256", 1), ("PLAIN", 0), ("LOGIN", 0), ("OAUTHBEARER", 1), ("XOAUTH2", 1)]
    {
        let client = half("client", name, "pencim", &["-u", "user"]);
        let server = half("server", name, "pencil", &["-u", "user"]);
        let [client, server] = face_to_face(client, server);
        assert_eq!((client.status, server.status), (told, 1), "{name}: {}", client.outcome);
        assert_eq!(server.outcome["error"]["class"], "credentials");
        let text = format!("{}{}", client.outcome, server.outcome);
        assert!(!text.contains("penci"), "{text}");
    }
}

#[test]
fn an_unknown_user_looks_like_a_wrong_password() {
    let client = half("client", "SCRAM-SHA-256", "pencil", &["-u", "nobody"]);
    let server = half("server", "SCRAM-SHA-256", "pencil", &["-u", "user"]);
    let [client, server] = face_to_face(client, server);
    assert_eq!((client.status, server.status), (1, 1));
    assert_eq!(server.outcome["error"]["code"], "invalid-credentials");
}

#[test]
fn a_foreign_channel_is_refused() {
    let name = "SCRAM-SHA-256-PLUS";
    let foreign = ["-u", "user", "--binding-type", "tls-exporter", "--binding-data", "ff"];
    let own = [&["-u", "user"], &BINDING[..]].concat();
    let client = half("client", name, "pencil", &foreign);
    let server = half("server", name, "pencil", &own);
    let [client, server] = face_to_face(client, server);
    assert_eq!((client.status, server.status), (1, 1), "{}", server.outcome);
}

#[test]
fn the_authorization_identity_is_asked_for() {
    for (allowed, status) in [("boss", 0), ("other", 1)] {
        let more = ["-u", "user", "--authzid", "boss"];
        let client = half("client", "SCRAM-SHA-256", "pencil", &more);
        let more = ["-u", "user", "--authzid", allowed];
        let server = half("server", "SCRAM-SHA-256", "pencil", &more);
        let [client, server] = face_to_face(client, server);
        assert_eq!((client.status, server.status), (status, status), "{}", server.outcome);
        if status == 0 {
            assert_eq!(server.outcome["authorization_id"], "boss");
        } else {
            assert_eq!(server.outcome["error"]["class"], "authorization");
        }
    }
}

#[test]
fn too_few_iterations_are_refused_before_hashing() {
    let client = half("client", "SCRAM-SHA-256", "pencil", &["-u", "user"]);
    let server = half("server", "SCRAM-SHA-256", "pencil", &["-u", "user", "--iterations", "4095"]);
    let [client, server] = face_to_face(client, server);
    assert_eq!((client.status, server.status), (3, 3));
    assert_eq!(client.outcome["error"]["class"], "policy", "{}", client.outcome);
    assert_eq!(server.outcome["error"]["code"], "aborted", "the client said so with '*'");
}

/// What a half does with these lines.
fn play(mut child: Child, lines: &str) -> End {
    let mut input = child.stdin.take().expect("piped");
    // It may have heard enough.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    end(child)
}

#[test]
fn bad_lines_have_their_own_errors() {
    let server = |lines: &str| play(half("server", "SCRAM-SHA-256", "x", &["-u", "user"]), lines);
    let client = |lines: &str| play(half("client", "SCRAM-SHA-256", "x", &["-u", "user"]), lines);
    let long = "A".repeat(87_400);
    for (end, code) in [
        (server(""), "end-of-input"),
        (server("!\n"), "unreadable"),
        (server("biws\n"), "malformed"),
        (server("*\n"), "aborted"),
        (server(&long), "unreadable"),
        (client(""), "end-of-input"),
        (client("Zm9\n"), "unreadable"),
        (client("=\n"), "attribute-order"),
        (client("\n"), "end-of-input"),
        (client(&long), "unreadable"),
    ] {
        assert_eq!(end.status, 3, "{}", end.outcome);
        assert_eq!(end.outcome["error"]["code"], code, "{}", end.outcome);
    }
}

#[test]
fn plain_is_sent_and_nothing_may_follow() {
    let client = |lines: &str| play(half("client", "PLAIN", "x", &["-u", "user"]), lines);
    for nothing in ["", "\n"] {
        let end = client(nothing);
        assert_eq!((end.status, &end.outcome["result"]), (0, &"sent".into()), "{}", end.outcome);
    }
    assert_eq!(client("=\n").status, 3, "a challenge where none can be");
}

#[test]
fn without_an_initial_response_the_server_asks_for_it() {
    let plain = "\n*\n";
    let end = play(half("server", "PLAIN", "pencil", &["-u", "user"]), plain);
    assert_eq!((end.status, &end.outcome["error"]["code"]), (3, &"aborted".into()));
    let end = play(half("server", "PLAIN", "pencil", &["-u", "user"]), "\nAHVzZXIAcGVuY2ls\n");
    assert_eq!((end.status, &end.outcome["result"]), (0, &"authenticated".into()));
}

#[test]
fn what_follows_is_said_inside_the_layer() {
    for (mechanism, layer, strength) in [
        ("DIGEST-MD5", "any", 128.into()),
        ("DIGEST-MD5", "integrity", 1.into()),
        ("DIGEST-MD5", "none", Value::Null),
        ("PLAIN", "any", Value::Null),
    ] {
        let own = ["-u", "user", "--layer", layer, "--layer-data"];
        let half = |which, more: &[&str]| half(which, mechanism, "pencil", &[&own, more].concat());
        let client = half("client", &["ping", "--layer-data", ""]);
        let server = half("server", &["pong", "--layer-data", "pang"]);
        let [client, server] = face_to_face(client, server);
        assert_eq!((client.status, server.status), (0, 0), "{mechanism}: {}", client.outcome);
        assert_eq!(client.outcome["received"], serde_json::json!(["pong", "pang"]));
        assert_eq!(server.outcome["received"], serde_json::json!(["ping", ""]));
        for end in [client, server] {
            assert_eq!(end.outcome["security_layer"]["strength"], strength, "{mechanism} {layer}");
        }
    }
}

#[test]
fn a_layer_that_the_peer_does_not_have_is_refused() {
    let client = half("client", "DIGEST-MD5", "pencil", &["-u", "user", "--layer", "integrity"]);
    let server = half("server", "DIGEST-MD5", "pencil", &["-u", "user"]);
    let [client, server] = face_to_face(client, server);
    assert_eq!((client.status, server.status), (3, 3), "{}", client.outcome);
    assert_eq!(client.outcome["error"]["class"], "policy");
}
