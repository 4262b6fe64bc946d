//! `probe` against a server that says what a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
};

use aiosasl::{
    driver::Store,
    mechanisms::ALL,
    query::{Answer, Query},
    secret::Secret,
};
use aiosasl_profiles::net::server::{ServerConfig, ServerTls, serve_imap};
use serde_json::Value;

fn aiosasl(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aiosasl")).args(arguments).output().unwrap()
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap()
}

/// A server of SMTP for one client; gives its URL and, at the end, all that it was told.
fn smtp(offer: &'static str) -> (String, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let _ = tell.send(talk(&stream, offer));
    });
    (url, told)
}

fn talk(mut stream: &TcpStream, offer: &str) -> Vec<String> {
    let mut told = Vec::new();
    stream.write_all(b"220 hello \x1b[31m\r\n").unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let answer = match line.split(' ').next() {
            Some("EHLO") => format!("250-hello\r\n250-SIZE 1000\r\n250 AUTH {offer}\r\n"),
            _ => "221 bye\r\n".to_owned(),
        };
        told.push(line);
        if stream.write_all(answer.as_bytes()).is_err() {
            break;
        }
    }
    told
}

#[test]
fn an_offer_is_rated_and_nobody_logs_in() {
    let (url, told) = smtp("PLAIN SCRAM-SHA-1 X-RIDDLE");
    let output = aiosasl(&["probe", &url, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rated = |index: usize| {
        let row = &json["mechanisms"][index];
        (row["mechanism"].as_str().unwrap(), row["rating"].as_str().unwrap())
    };
    assert_eq!(
        [rated(0), rated(1), rated(2)],
        [("PLAIN", "weak"), ("SCRAM-SHA-1", "ok"), ("X-RIDDLE", "unknown")]
    );
    let row = &json["mechanisms"][0];
    assert_eq!((&row["before_tls"], &row["after_tls"]), (&true.into(), &Value::Null));
    assert_eq!(json["limits"][0]["name"], "SIZE");
    for unknown in ["tls", "channel_bindings", "error"] {
        assert_eq!(json.get(unknown), Some(&Value::Null), "there, and null");
    }
    let warnings = json["warnings"].as_array().unwrap();
    let codes: Vec<_> = warnings.iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["plaintext-in-clear", "no-tls", "sha1-only"]);
    let told = told.recv().unwrap();
    assert!(!told.iter().any(|line| line.starts_with("AUTH")), "{told:?}");
}

#[test]
fn people_get_a_table_that_can_not_steer_their_terminal() {
    let (url, _) = smtp("PLAIN LOGIN");
    let output = aiosasl(&["probe", &url]);
    let said = text(output.stdout);
    assert!(said.contains("PLAIN      yes    -    weak     offered in the clear"), "{said}");
    assert!(said.contains("(no-scram)") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn nobody_there_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = aiosasl(&["probe", &format!("imap://{closed}"), "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(json["error"]["class"], "connection");
    assert_eq!(json["greeting"], Value::Null);
}

/// A store that can't answer now.
struct Shut;

impl Store for Shut {
    async fn answer(&self, query: Query) -> Answer {
        query.unavailable()
    }
}

/// A server of IMAP with STARTTLS, whose certificate nobody has signed but itself, and that with Ed25519.
fn imap() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let parameters = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let chain = parameters.self_signed(&key).unwrap().pem();
    let key = Secret::new(key.serialize_pem());
    let tls = ServerTls::from_pem(chain.as_bytes(), &key, None).unwrap();
    let config = Arc::new(ServerConfig::new(ALL).with_tls(tls));
    let (tell, told) = channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                // Clients hang up when they have seen enough.
                let _ = serve_imap(stream, Arc::clone(&config), false, Arc::new(Shut)).await;
            }
        });
    });
    format!("imap://user@{}", told.recv().unwrap())
}

#[test]
fn a_certificate_that_nobody_trusts_is_looked_at_all_the_same() {
    let url = imap();
    let output = aiosasl(&["probe", &url, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tls = &json["tls"];
    assert_eq!((&tls["version"], &tls["verified"]), (&"1.3".into(), &false.into()));
    assert!(tls["distrust"].as_str().unwrap().contains("issuer is not trusted"), "{tls}");
    assert_eq!(tls["certificate"]["names"][0], "IP:127.0.0.1");
    assert_eq!(tls["certificate"]["signature_algorithm"], "id-Ed25519");
    assert_eq!(json["channel_bindings"]["available"], serde_json::json!(["tls-exporter"]));
    let warnings = json["warnings"].as_array().unwrap();
    let codes: Vec<_> = warnings.iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["certificate-not-verified", "no-end-point"]);
    let plain = json["mechanisms"].as_array().unwrap();
    let plain = plain.iter().find(|row| row["mechanism"] == "PLAIN").unwrap();
    assert_eq!((&plain["before_tls"], &plain["after_tls"]), (&false.into(), &true.into()));
}

#[test]
fn a_login_there_needs_insecure_and_sends_no_password_even_then() {
    let url = imap();
    let log_in = |options: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiosasl"));
        command.args(["login", &url, "--json"]).args(options).env("AIOSASL_PASSWORD", "pencil");
        let output = command.output().unwrap();
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), json["error"]["class"].clone(), text(output.stderr))
    };
    assert_eq!(log_in(&[]), (Some(4), "tls".into(), String::new()));
    let (status, class, said) = log_in(&["--insecure", "-m", "PLAIN"]);
    assert_eq!((status, class), (Some(3), "policy".into()));
    assert!(said.contains("warning: --insecure"), "{said}");
    let (status, class, _) = log_in(&["--insecure", "-m", "SCRAM-SHA-256-PLUS"]);
    assert_eq!((status, class), (Some(3), "temporary".into()), "the store can't answer now");
}
