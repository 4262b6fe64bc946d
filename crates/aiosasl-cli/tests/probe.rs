//! `probe` against a server that says what a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::mpsc::{Receiver, channel},
    thread,
};

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
