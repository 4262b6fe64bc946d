//! `login` against servers that say what a test tells them to: results, JSON and exit statuses.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    thread,
};

use serde_json::Value;

/// Every field of the JSON, whatever happened.
const FIELDS: [&str; 16] = [
    "authentication_id",
    "authorization_id",
    "channel_binding",
    "considered",
    "elapsed_ms",
    "error",
    "identifier",
    "iterations",
    "mechanism",
    "offered",
    "protocol",
    "result",
    "round_trips",
    "security_layer",
    "server_verified",
    "tls",
];

fn aiosasl(arguments: &[&str], password: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aiosasl"));
    command.args(arguments).env_remove("AIOSASL_PASSWORD").stdin(std::process::Stdio::null());
    if let Some(password) = password {
        command.env("AIOSASL_PASSWORD", password);
    }
    command.output().unwrap()
}

fn login(url: &str, options: &[&str], password: &str) -> (i32, Value) {
    let arguments = [&["login", url, "--json"], options].concat();
    let output = aiosasl(&arguments, Some(password));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(fields, FIELDS, "every field is there, in whatever order");
    (output.status.code().unwrap(), json)
}

/// A server of SMTP for one client: its offer, and its answer to AUTH.
fn smtp(offer: &'static str, answer: &'static str) -> String {
    smtp_for_several(offer, vec![answer])
}

/// The same for as many clients as there are answers, one after the other.
fn smtp_for_several(offer: &'static str, answers: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://user@{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            talk(&stream, offer, answer);
        }
    });
    url
}

fn talk(mut stream: &TcpStream, offer: &str, answer: &str) {
    stream.write_all(b"220 mail.example.org\r\n").unwrap();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let answer = match line.split(' ').next() {
            Some("EHLO") => format!("250-mail.example.org\r\n250 AUTH {offer}\r\n"),
            Some("AUTH") => format!("{answer}\r\n"),
            _ => "221 bye\r\n".to_owned(),
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[test]
fn a_server_that_is_content_lets_us_in() {
    let url = smtp("PLAIN", "235 2.7.0 welcome");
    let (status, json) = login(&url, &["--allow-plaintext", "--authzid", "other"], "pencil");
    assert_eq!(
        (status, &json["result"], &json["error"]),
        (0, &"authenticated".into(), &Value::Null)
    );
    assert_eq!((&json["mechanism"], &json["round_trips"]), (&"PLAIN".into(), &1.into()));
    assert_eq!(json["authentication_id"], "user");
    assert_eq!(json["authorization_id"], "other");
    assert_eq!((&json["tls"], &json["server_verified"]), (&Value::Null, &false.into()));
    assert_eq!(json["considered"][0]["verdict"], "chosen");
    assert!(json["elapsed_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let url = smtp("PLAIN", "535 5.7.8 no such luck");
    let (status, json) = login(&url, &["--allow-plaintext"], "pencil");
    assert_eq!((status, &json["result"]), (1, &"refused".into()));
    let error = &json["error"];
    assert_eq!(error["class"], "credentials");
    assert_eq!(error["code"], "535 5.7.8");
    assert!(error["text"].as_str().unwrap().contains("no such luck"));
}

#[test]
fn what_fails_for_now_is_tried_again_and_a_refusal_is_final() {
    const LATER: &str = "454 4.7.0 not now";
    let url = smtp_for_several("PLAIN", vec![LATER, LATER, "235 2.7.0 welcome"]);
    let (status, json) = login(&url, &["--allow-plaintext"], "pencil");
    assert_eq!((status, &json["result"]), (0, &"authenticated".into()));
    let url = smtp_for_several("PLAIN", vec![LATER, LATER, LATER, "235 never asked"]);
    let (status, json) = login(&url, &["--allow-plaintext"], "pencil");
    assert_eq!((status, &json["error"]["class"]), (3, &"temporary".into()), "three tries at most");
    let url = smtp_for_several("PLAIN", vec![LATER, "535 5.7.8 no such luck", "235 never asked"]);
    let (status, json) = login(&url, &["--allow-plaintext"], "pencil");
    assert_eq!((status, &json["error"]["class"]), (1, &"credentials".into()));
    let url = smtp_for_several("PLAIN", vec![LATER, "235 too late"]);
    let (status, json) = login(&url, &["--allow-plaintext", "--timeout", "0.4"], "pencil");
    assert_eq!((status, &json["error"]["class"]), (3, &"temporary".into()), "there is no time");
}

#[test]
fn policy_and_offer_are_failures() {
    let (status, json) = login(&smtp("PLAIN", "235 yes"), &[], "pencil");
    assert_eq!((status, &json["error"]["class"]), (3, &"policy".into()));
    assert_eq!((&json["result"], &json["round_trips"]), (&"failed".into(), &0.into()));
    assert_eq!(json["mechanism"], Value::Null, "nothing was tried");
    let (status, json) = login(&smtp("PLAIN", "235 yes"), &["-m", "SCRAM-SHA-256"], "pencil");
    assert_eq!((status, &json["error"]["class"]), (3, &"mechanism".into()));
    assert_eq!(json["considered"][0]["reason"], "not named with -m");
    let (status, json) = login(&smtp("SCRAM-SHA-1", "235 yes"), &[], "pencil");
    assert_eq!((status, &json["error"]["class"]), (3, &"peer".into()), "success without a proof");
}

#[test]
fn a_password_that_can_not_be_prepared_is_wrong_usage() {
    let url = smtp("SCRAM-SHA-1", "235 never asked");
    let (status, json) = login(&url, &[], "bell\u{7}");
    assert_eq!((status, &json["error"]["class"]), (2, &"credentials".into()));
    assert_eq!(json["error"]["code"], "password-prep-failed");
    assert_eq!(json["round_trips"], 0, "nothing was sent on the password's account");
}

#[test]
fn nobody_and_silence_are_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (status, json) = login(&format!("imap://user@{closed}"), &[], "pencil");
    assert_eq!((status, &json["error"]["class"]), (4, &"connection".into()));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("imap://user@{}", silent.local_addr().unwrap());
    let (status, json) = login(&url, &["--timeout", "0.2"], "pencil");
    assert_eq!((status, &json["error"]["class"]), (4, &"timeout".into()));
}

#[test]
fn wrong_usage_names_what_was_expected() {
    for (arguments, expected) in [
        (&["gopher://x"][..], "smtp, smtps, submission"),
        (&["imap://127.0.0.1:9"], "expected a user"),
        (&["imap://u@127.0.0.1:9", "-m", "NO-SUCH"], "no such mechanism"),
        (&["imap://u@127.0.0.1:9", "--binding-type", "tls"], "tls-server-end-point"),
        (&["imap://u@127.0.0.1:9", "--timeout", "0"], "more than 0 seconds"),
        (&["imap://u@127.0.0.1:9", "--ca", "/no/such/file"], "/no/such/file"),
        (&["imap://u@127.0.0.1:9", "--min-iterations", "9999999"], "--max-iterations"),
    ] {
        let output = aiosasl(&[&["login"], arguments].concat(), Some("pencil"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    let output = aiosasl(&["login", "imap://u:pencil@127.0.0.1:9"], None);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no password in the URL") && !said.contains("pencil"), "{said}");
    let output = aiosasl(&["login", "imap://u@127.0.0.1:9"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("expected a password"));
}

#[test]
fn the_trace_goes_to_standard_error_and_into_a_file() {
    let file = std::env::temp_dir().join(format!("aiosasl-trace-{}.svg", std::process::id()));
    let url = smtp("PLAIN", "235 2.7.0 welcome");
    let svg = file.to_str().unwrap();
    let arguments = ["login", &url, "--json", "--trace", "--trace-svg", svg, "--allow-plaintext"];
    let output = aiosasl(&arguments, Some("pencil"));
    let said = String::from_utf8(output.stderr).unwrap();
    let picture = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("├── PLAIN · message ─") && !said.contains('\u{1b}'), "{said}");
    assert!(picture.contains("PLAIN · message") && picture.contains("welcome"));
    assert!(!said.contains("pencil") && !picture.contains("pencil"));
}
