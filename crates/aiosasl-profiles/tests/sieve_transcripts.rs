//! Every ManageSieve transcript of the vectors, octets to octets, through the client's and the server's half.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    sieve::{
        Reply, Scanned, Sender, Status, client, literal, scan,
        server::{self, Authenticate, Command},
    },
};
use serde_json::Value;

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "managesieve") {
        let mut player = Player::default();
        for (by, message, octets) in messages(transcript) {
            match by {
                Sender::AnyClient | Sender::Client => player.client_says(&message, octets),
                Sender::Server => player.server_says(&message, octets),
            }
        }
        assert!(player.ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["sieve-scram", "sieve-scram-no-success-data", "sieve-cancel"]);
}

/// A transcript's lines put together to messages: what [`scan`] wants more of goes on in the next line.
fn messages(transcript: &Value) -> Vec<(Sender, String, Option<Vec<u8>>)> {
    let mut lines = transcript["lines"].as_array().unwrap().iter();
    let mut messages = Vec::new();
    while let Some(line) = lines.next() {
        let by = if line["dir"] == "C" { Sender::Client } else { Sender::Server };
        let mut text = line["text"].as_str().unwrap().to_owned();
        let mut octets = line["sasl_hex"].as_str();
        if let Ok(Scanned::Wants(count)) = scan(text.as_bytes(), by) {
            let more = lines.next().unwrap();
            assert_eq!(more["dir"], line["dir"]);
            assert_eq!(more["text"].as_str().unwrap().len(), count);
            octets = more["sasl_hex"].as_str();
            text = format!("{text}\r\n{}", more["text"].as_str().unwrap());
        }
        messages.push((by, text, octets.map(unhex)));
    }
    messages
}

#[derive(Default)]
struct Player {
    said: Option<Said>,
    ended: bool,
}

impl Player {
    fn client_says(&mut self, text: &str, octets: Option<Vec<u8>>) {
        let message = if self.said.is_none() {
            let mechanism = text.split('"').nth(1).unwrap().parse().unwrap();
            ClientMessage::Authenticate { mechanism, initial_response: octets.map(Response::new) }
        } else if text == "\"*\"" {
            ClientMessage::Abort
        } else {
            ClientMessage::Response(octets.map_or_else(Response::empty, Response::new))
        };
        assert_spelled(&client::request(&message), text, Sender::Client);
        let read = match &message {
            ClientMessage::Authenticate { .. } => match Command::parse(text.as_bytes()) {
                Command::Authenticate(Ok(Authenticate { mechanism, initial_response })) => {
                    ClientMessage::Authenticate { mechanism, initial_response }
                }
                other => panic!("{other:?}"),
            },
            _ => server::parse_response(text.as_bytes()).unwrap(),
        };
        assert_eq!(read, message, "server reads {text}");
        self.said = Some(Said::from(&message));
    }

    fn server_says(&mut self, text: &str, octets: Option<Vec<u8>>) {
        let reply = Reply::parse(text.as_bytes()).unwrap();
        assert_spelled(&reply.to_message(), text, Sender::Server);
        let said = self.said.unwrap();
        let heard = client::hear(&reply, said);
        match reply {
            Reply::Strings(_) => {
                let challenge = Challenge::new(octets.unwrap_or_default());
                assert_spelled(&server::challenge(&challenge), text, Sender::Server);
                assert_eq!(heard, Ok(driver::Reply::Challenge(challenge)));
            }
            Reply::Condition(theirs) => {
                self.ended = true;
                let ours = if theirs.status == Status::Ok {
                    let last_words = octets.map(Challenge::new);
                    assert_eq!(heard, Ok(driver::Reply::Success(last_words.clone())));
                    server::success(last_words.as_ref())
                } else {
                    assert_eq!((heard, said), (Ok(driver::Reply::Failure), Said::Abort));
                    server::failure(FailureCode::Aborted)
                };
                // Words for people are everybody's own.
                assert_eq!((ours.status, ours.code), (theirs.status, theirs.code));
            }
        }
    }
}

/// The same octets; or the same string, where the transcript writes a literal that might have been quoted.
fn assert_spelled(ours: &[u8], text: &str, by: Sender) {
    let ours = ours.strip_suffix(b"\r\n").unwrap();
    if text.starts_with('{') {
        let (_, inside) = text.split_once("\r\n").unwrap();
        assert_eq!(literal(inside.as_bytes(), by).as_slice(), text.as_bytes());
        assert_eq!(scan(ours, by), scan(text.as_bytes(), by));
    } else {
        assert_eq!(ours, text.as_bytes(), "{text}");
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn messages_from_a_client_are_read_or_refused_each_for_its_reason() {
    let refused = |code| Command::Authenticate(Err(code));
    for (message, expected) in [
        ("", Command::Malformed),
        ("\"NOOP\"", Command::Malformed),
        ("NOOP {4}", Command::Malformed),
        ("NOOP NOOP", Command::Malformed),
        ("NOOP \"", Command::Malformed),
        ("LOGOUT \"now\"", Command::Malformed),
        ("AUTHENTICATE", Command::Malformed),
        ("AUTHENTICATE PLAIN", Command::Malformed),
        ("AUTHENTICATE \"PLAIN\" AAAA", Command::Malformed),
        ("AUTHENTICATE \"PLAIN\" \"AAAA\" \"AAAA\"", Command::Malformed),
        ("PUTSCRIPT \"a\" {0+}\r\n", Command::Unknown),
        ("noop", Command::Noop(None)),
        ("NOOP {2+}\r\n16", Command::Noop(Some(Secret::new(*b"16")))),
        ("StartTLS ", Command::StartTls),
        ("AUTHENTICATE \"PL!IN\"", refused(FailureCode::MechanismUnknown)),
        ("AUTHENTICATE \"\"", refused(FailureCode::MechanismUnknown)),
        ("AUTHENTICATE \"PLAIN\" \"=\"", refused(FailureCode::BadEncoding)),
        ("AUTHENTICATE \"PLAIN\" \"AB==\"", refused(FailureCode::BadEncoding)),
        ("AUTHENTICATE \"PLAIN\" \"AA\\AA\"", {
            let initial_response = Some(Response::new([0, 0, 0]));
            let mechanism = "PLAIN".parse().unwrap();
            Command::Authenticate(Ok(Authenticate { mechanism, initial_response }))
        }),
        ("AUTHENTICATE {5+}\r\nPLAIN \"\"", {
            let mechanism = "PLAIN".parse().unwrap();
            let initial_response = Some(Response::empty());
            Command::Authenticate(Ok(Authenticate { mechanism, initial_response }))
        }),
    ] {
        assert_eq!(Command::parse(message.as_bytes()), expected, "{message:?}");
    }
    for message in ["", "*", "AAAA", "\"=\"", "\"AAA\"", "\"AAAA\" \"AAAA\"", "\"**\"", "{4+}"] {
        let refused = server::parse_response(message.as_bytes());
        assert_eq!(refused, Err(FailureCode::BadEncoding), "{message:?}");
    }
}

fn hear(message: &str, said: Said) -> Result<driver::Reply, WireClass> {
    let reply = Reply::parse(message.as_bytes()).map_err(|_| WireClass::Protocol)?;
    client::hear(&reply, said).map_err(|error| error.class)
}

#[test]
fn malformed_messages_from_a_server_are_protocol_errors() {
    for message in [
        "",
        "YES",
        "\"AAA\"",
        "\"=\"",
        "\"AB==\"",
        "\"*\"",
        "\"AAAA\" \"AAAA\"",
        "OK (SASL \"A\")",
        "OK (SASL)",
        "OK (SASL \"\"",
        "+ AAAA",
        "AAAA",
    ] {
        for said in [Said::Request, Said::Response] {
            assert_eq!(hear(message, said), Err(WireClass::Protocol), "{message:?}");
        }
    }
}

#[test]
fn refusals_are_sorted_by_what_they_mean() {
    for (message, said, expected) in [
        ("NO", Said::Response, WireClass::Credentials),
        ("NO \"no\"", Said::Response, WireClass::Credentials),
        ("NO (auth-too-weak) \"no\"", Said::Response, WireClass::Policy),
        ("NO (ENCRYPT-NEEDED)", Said::Response, WireClass::Policy),
        ("NO (TRANSITION-NEEDED)", Said::Response, WireClass::Temporary),
        ("NO (TRYLATER)", Said::Response, WireClass::Temporary),
        ("BYE \"for good\"", Said::Response, WireClass::Connection),
        ("BYE (TRYLATER) \"back soon\"", Said::Request, WireClass::Temporary),
        ("BYE (REFERRAL \"sieve://other.example\")", Said::Abort, WireClass::Connection),
        // A server that has not seen any credentials can't mean them.
        ("NO \"no such mechanism\"", Said::Request, WireClass::Mechanism),
    ] {
        assert_eq!(hear(message, said), Err(expected), "{message:?}");
    }
    assert_eq!(hear("NO \"no\"", Said::Abort), Ok(driver::Reply::Failure));
}

#[test]
fn what_the_server_says_of_a_failure_is_what_the_client_hears() {
    use FailureCode as F;
    for (code, class) in [
        (F::AccountDisabled, WireClass::Credentials),
        (F::AuthorizationDenied, WireClass::Credentials),
        (F::CredentialsExpired, WireClass::Credentials),
        (F::EncryptionRequired, WireClass::Policy),
        (F::InvalidCredentials, WireClass::Credentials),
        (F::MechanismTooWeak, WireClass::Policy),
        (F::PasswordTransitionNeeded, WireClass::Temporary),
        (F::Temporary, WireClass::Temporary),
    ] {
        let reply = Reply::Condition(server::failure(code));
        assert_eq!(client::hear(&reply, Said::Response).unwrap_err().class, class, "{code:?}");
    }
    let wrong = server::failure(F::InvalidCredentials);
    assert_eq!(wrong, server::failure(F::AuthorizationDenied), "nothing to tell them apart by");
}
