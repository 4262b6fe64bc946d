//! Every NNTP transcript of the vectors, octets to octets, through the client's and the server's half.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    encoding::unhex,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    nntp::{
        Reply,
        capability::Capabilities,
        client, listed,
        server::{self, Authenticate, Command},
    },
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "nntp") {
        let mut player = Player::default();
        for line in transcript["lines"].as_array().unwrap() {
            player.play(line);
        }
        assert!(player.ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["nntp-plain", "nntp-empty", "nntp-scram"]);
}

#[derive(Default)]
struct Player {
    said: Option<Said>,
    ended: bool,
}

impl Player {
    fn play(&mut self, line: &Value) {
        let text = line["text"].as_str().unwrap();
        let octets = line["sasl_hex"].as_str().map(|hex| unhex(hex.as_bytes()).unwrap());
        match line["dir"].as_str().unwrap() {
            "C" => self.client_says(text, octets),
            "S" => self.server_says(text, octets),
            other => panic!("who is {other}?"),
        }
    }

    fn client_says(&mut self, text: &str, octets: Option<Vec<u8>>) {
        let message = if self.said.is_none() {
            let mechanism = text.split(' ').nth(2).unwrap().parse().unwrap();
            ClientMessage::Authenticate { mechanism, initial_response: octets.map(Response::new) }
        } else {
            ClientMessage::Response(Response::new(octets.unwrap()))
        };
        assert_eq!(client::request(&message).as_slice(), ended(text), "client writes");
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
        let heard = client::hear(text.as_bytes(), self.said.unwrap()).unwrap();
        let octets = octets.map(Challenge::new);
        let message = if text.starts_with("383") {
            assert_eq!(heard, driver::Reply::Challenge(octets.clone().unwrap()));
            ServerMessage::Challenge(octets.unwrap())
        } else {
            self.ended = true;
            assert_eq!(heard, driver::Reply::Success(octets.clone()));
            ServerMessage::Success { additional_data: octets }
        };
        let ours = server::answer(&message);
        if text.starts_with("281") {
            // The words are everybody's own.
            assert!(ours.starts_with(b"281 "));
        } else {
            assert_eq!(ours.as_slice(), ended(text), "server writes");
        }
    }
}

fn ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\r\n"].concat()
}

#[test]
fn lines_from_a_client_are_read_or_refused_each_for_its_reason() {
    let refused = |code| Command::Authenticate(Err(code));
    for (line, expected) in [
        ("", Command::Unknown),
        (" ", Command::Unknown),
        ("AUTHINFO", Command::Unknown),
        ("AUTHINFO SASL", Command::Unknown),
        ("AUTHINFO USER", Command::Unknown),
        ("AUTHINFO PASS ", Command::Unknown),
        ("AUTHINFO USER a b", Command::User(b"a b".to_vec())),
        ("AUTHINFO PASS  a  pass ", Command::Pass(Secret::new(*b" a  pass "))),
        ("AUTHINFO PASS \u{e9}", Command::Pass(Secret::new("\u{e9}".as_bytes()))),
        ("authinfo  user\tuser", Command::User(b"user".to_vec())),
        ("AUTHINFO PASS pencil", Command::Pass(Secret::new(*b"pencil"))),
        ("capabilities AUTOUPDATE", Command::Capabilities),
        ("mode reader", Command::ModeReader),
        ("MODE STREAM", Command::Unknown),
        ("STARTTLS", Command::StartTls),
        ("QUIT", Command::Quit),
        ("AUTHINFO SASL PL!IN", refused(FailureCode::MechanismUnknown)),
        ("AUTHINFO SASL PLAIN AB==", refused(FailureCode::BadEncoding)),
        ("AUTHINFO SASL PLAIN AAAA AAAA", refused(FailureCode::BadEncoding)),
    ] {
        assert_eq!(Command::parse(line.as_bytes()), expected, "{line:?}");
    }
    assert_eq!(server::parse_response(b"*"), Ok(ClientMessage::Abort));
    // Unlike in other protocols, an empty line answers nothing.
    for line in ["", "==", "AAA", "AA A", "**", "AA-_"] {
        let refused = server::parse_response(line.as_bytes());
        assert_eq!(refused, Err(FailureCode::BadEncoding), "{line:?}");
    }
}

#[test]
fn refusals_are_sorted_by_what_they_mean() {
    for (line, expected) in [
        ("481 no", WireClass::Credentials),
        ("480 authenticate", WireClass::Policy),
        ("482 no", WireClass::Protocol),
        ("483 encrypt", WireClass::Policy),
        ("400 later", WireClass::Temporary),
        ("403 broken", WireClass::Temporary),
        ("500 what", WireClass::Mechanism),
        ("503 what", WireClass::Mechanism),
        ("504 base64", WireClass::Protocol),
        // No refusals, and nothing that could be said here.
        ("381 password", WireClass::Protocol),
        ("383", WireClass::Protocol),
        ("383 AB==", WireClass::Protocol),
        ("283", WireClass::Protocol),
        ("2810", WireClass::Protocol),
        ("+OK", WireClass::Protocol),
    ] {
        let error = client::hear(line.as_bytes(), Said::Response).unwrap_err();
        assert_eq!(error.class, expected, "{line:?}");
    }
    assert_eq!(client::hear(b"481 gone", Said::Abort), Ok(driver::Reply::Failure));
    let empty = driver::Reply::Success(Some(Challenge::empty()));
    assert_eq!(client::hear(b"283 =", Said::Response), Ok(empty));
}

#[test]
fn what_the_server_says_of_a_failure_is_what_the_client_hears() {
    use FailureCode as F;
    for (code, number, class) in [
        (F::Aborted, 481, WireClass::Credentials),
        (F::AuthorizationDenied, 481, WireClass::Credentials),
        (F::BadEncoding, 504, WireClass::Protocol),
        (F::EncryptionRequired, 483, WireClass::Policy),
        (F::InitialResponseNotAllowed, 482, WireClass::Protocol),
        (F::InvalidCredentials, 481, WireClass::Credentials),
        (F::MechanismUnknown, 503, WireClass::Mechanism),
        (F::Temporary, 403, WireClass::Temporary),
        (F::TooLarge, 501, WireClass::Protocol),
        (F::WrongState, 502, WireClass::Protocol),
    ] {
        assert_eq!(server::failure(code).code.number(), number, "{code:?}");
        let line = server::failure(code).to_line();
        let error = client::hear(line.strip_suffix(b"\r\n").unwrap(), Said::Response).unwrap_err();
        assert_eq!(error.class, class, "{code:?}");
    }
    let wrong = server::failure(F::InvalidCredentials);
    assert_eq!(wrong, server::failure(F::AuthorizationDenied), "nothing to tell them apart by");
}

/// Octets that look like something more often than chance would have it.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words =
        ["281 ", "283", "383 ", "481", "AUTHINFO ", "SASL ", "PLAIN ", "QUJD", "=", " ", "."];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    vec(prop_oneof![3 => word, 1 => vec(any::<u8>(), 0..8)], 0..12).prop_map(|it| it.concat())
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..200)
}

proptest! {
    #[test]
    fn no_octets_do_harm(line in octets()) {
        let _ = Command::parse(&line);
        let _ = server::parse_response(&line);
        let mut list = Capabilities::default();
        if let Some(entry) = listed(&line) {
            list.push(entry);
        }
        prop_assert!(list.mechanisms().len() + list.unreadable().len() <= 512);
        if let Ok(driver::Reply::Success(_)) = client::hear(&line, Said::Response) {
            prop_assert!(line.starts_with(b"281") || line.starts_with(b"283"));
        }
        if let Ok(reply) = Reply::parse(&line) {
            let written = reply.to_line();
            prop_assert_eq!(Reply::parse(written.strip_suffix(b"\r\n").unwrap()), Ok(reply));
        }
    }

    #[test]
    fn messages_come_through(first in prop::option::of(message()), answer in message(), words in message()) {
        let mechanism = "X-NAME_1".parse().unwrap();
        let initial_response = first.map(Response::new);
        let request = ClientMessage::Authenticate { mechanism, initial_response: initial_response.clone() };
        let line = client::request(&request);
        let expected = Command::Authenticate(Ok(Authenticate { mechanism, initial_response }));
        prop_assert_eq!(Command::parse(line.strip_suffix(b"\r\n").unwrap()), expected);
        let answer = ClientMessage::Response(Response::new(answer));
        let line = client::request(&answer);
        prop_assert_eq!(server::parse_response(line.strip_suffix(b"\r\n").unwrap()), Ok(answer));
        let words = Challenge::new(words);
        let line = server::challenge(&words);
        let heard = client::hear(line.strip_suffix(b"\r\n").unwrap(), Said::Response);
        prop_assert_eq!(heard, Ok(driver::Reply::Challenge(words)));
    }
}
