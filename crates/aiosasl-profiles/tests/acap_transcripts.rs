//! Every ACAP transcript of the vectors, octets to octets, through both halves; and laws of its messages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    acap::{
        Reply, client,
        server::{self, Authenticate, Command, Tagged},
    },
    sieve::{Scanned, Sender, scan},
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "acap") {
        let mut said = Vec::new();
        let mut ended = false;
        for line in transcript["lines"].as_array().unwrap() {
            let text = line["text"].as_str().unwrap().as_bytes();
            if line["dir"] == "C" {
                assert!(
                    said.is_empty()
                        || scan(&said, Sender::Client) == Ok(Scanned::Wants(text.len()))
                );
                if !said.is_empty() {
                    said.extend(b"\r\n");
                }
                said.extend(text);
            } else {
                client_says(&said);
                server_says(text);
                ended = true;
            }
        }
        assert!(ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["acap-plain"]);
}

fn client_says(text: &[u8]) {
    let mechanism = "PLAIN".parse().unwrap();
    let initial_response = Some(Response::new(*b"\0user\0pencil"));
    let message =
        ClientMessage::Authenticate { mechanism, initial_response: initial_response.clone() };
    assert_eq!(*client::request("a001", &message), [text, b"\r\n"].concat());
    let command = Command::Authenticate(Ok(Authenticate { mechanism, initial_response }));
    assert_eq!(Tagged::parse(text), Some(Tagged { tag: "a001".into(), command }));
}

fn server_says(text: &[u8]) {
    let success = ServerMessage::Success { additional_data: None };
    assert_eq!(*server::answer("a001", &success), [text, b"\r\n"].concat());
    let reply = Reply::parse(text).unwrap();
    let heard = client::hear("a001", &reply, Said::Response);
    assert_eq!(heard, Ok(Some(driver::Reply::Success(None))));
    assert_eq!(client::hear("a002", &reply, Said::Response), Ok(None), "another command's");
}

fn heard(message: &[u8], said: Said) -> Result<Option<driver::Reply>, WireClass> {
    client::hear("a", &Reply::parse(message).unwrap(), said).map_err(|error| error.class)
}

#[test]
fn a_server_is_heard() {
    let challenge = |words: &[u8]| Ok(Some(driver::Reply::Challenge(Challenge::new(words))));
    assert_eq!(heard(b"+ \"\"", Said::Request), challenge(b""));
    assert_eq!(heard(b"+ {3}\r\na\0b", Said::Response), challenge(b"a\0b"));
    let words = Some(driver::Reply::Success(Some(Challenge::new(*b"v="))));
    assert_eq!(heard(b"a OK (SASL \"v=\") \"in\"", Said::Response), Ok(words));
    for (message, said, class) in [
        (&b"a NO \"no\""[..], Said::Response, WireClass::Credentials),
        (b"a NO \"no\"", Said::Request, WireClass::Mechanism),
        (b"a no (trylater) \"no\"", Said::Response, WireClass::Temporary),
        (b"a NO (ENCRYPT-NEEDED) \"no\"", Said::Request, WireClass::Policy),
        (b"a BAD \"what\"", Said::Response, WireClass::Protocol),
        (b"a OK (SASL) \"in\"", Said::Response, WireClass::Protocol),
        (b"* BYE \"bye\"", Said::Response, WireClass::Connection),
    ] {
        assert_eq!(heard(message, said), Err(class), "{message:?}");
    }
    assert_eq!(heard(b"a BAD \"ok\"", Said::Abort), Ok(Some(driver::Reply::Failure)));
    assert_eq!(heard(b"* OK \"still here\"", Said::Response), Ok(None));
    let greeting = b"* ACAP (IMPLEMENTATION \"x\") (SASL \"PLAIN\" \"a!\" \"X\") (STARTTLS)";
    let Reply::Acap(capabilities) = Reply::parse(greeting).unwrap() else { panic!() };
    assert_eq!(client::mechanisms(&capabilities), ["PLAIN", "X"]);
    assert_eq!(*Reply::Acap(capabilities).to_message(), [greeting, &b"\r\n"[..]].concat());
    for junk in
        [&b""[..], b"+", b"+ YQ==", b"OK", b"a YES", b"* ACAP (", b"* ACAP (\"x\")", b"* ACAP x"]
    {
        assert!(Reply::parse(junk).is_err(), "{junk:?}");
    }
}

#[test]
fn a_client_is_heard() {
    let command = |message: &[u8]| Tagged::parse(message).map(|it| it.command);
    assert_eq!(command(b"a noop"), Some(Command::Noop));
    assert_eq!(command(b"a STARTTLS"), Some(Command::StartTls));
    assert_eq!(command(b"a"), Some(Command::Unknown));
    assert_eq!(command(b"a AUTHENTICATE \"X\" \"a\" \"b\""), Some(Command::Unknown));
    let unknown = Command::Authenticate(Err(FailureCode::MechanismUnknown));
    assert_eq!(command(b"a AUTHENTICATE \"x!\""), Some(unknown));
    for junk in [&b""[..], b"\"a\" NOOP", b"+ NOOP", b"a NOOP \"", &[b'a'; 33]] {
        assert_eq!(command(junk), None, "{junk:?}");
    }
    // Literals may wait for leave, or not.
    assert_eq!(server::parse_response(b"{3}\r\na\0b"), server::parse_response(b"{3+}\r\na\0b"));
    assert_eq!(scan(b"a AUTHENTICATE \"X\" {5}", Sender::AnyClient), Ok(Scanned::Wants(5)));
    assert!(server::waits_for_leave(b"{5}") && !server::waits_for_leave(b"{5+}"));
    assert_eq!(server::go_ahead().as_slice(), b"+ \"Go ahead\"\r\n");
    assert_eq!(server::parse_response(b"*"), Ok(ClientMessage::Abort));
    let star = ClientMessage::Response(Response::new(*b"*"));
    assert_eq!(server::parse_response(b"\"*\""), Ok(star));
    for junk in [&b""[..], b"YQ==", b"* *", b"\"a\" \"b\"", b"(\"a\")"] {
        assert_eq!(server::parse_response(junk), Err(FailureCode::BadEncoding), "{junk:?}");
    }
}

#[test]
fn what_the_server_says_of_a_failure_is_what_the_client_hears() {
    use FailureCode as F;
    for (code, class) in [
        (F::AuthorizationDenied, WireClass::Credentials),
        (F::BadEncoding, WireClass::Protocol),
        (F::InvalidCredentials, WireClass::Credentials),
        (F::MechanismTooWeak, WireClass::Policy),
        (F::Temporary, WireClass::Temporary),
        (F::WrongState, WireClass::Protocol),
    ] {
        let message = server::answer("a", &ServerMessage::Failure(code));
        let message = message.strip_suffix(b"\r\n").unwrap();
        assert_eq!(heard(message, Said::Response), Err(class), "{code:?}");
    }
    let wrong = server::failure(F::InvalidCredentials);
    assert_eq!(wrong, server::failure(F::AuthorizationDenied), "nothing to tell them apart by");
    let aborted = server::answer("a", &ServerMessage::Failure(F::Aborted));
    assert!(aborted.starts_with(b"a BAD "));
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "a ",
        "* ",
        "+ ",
        "OK ",
        "NO ",
        "ACAP ",
        "(SASL ",
        ")",
        "\"x\"",
        "AUTHENTICATE ",
        "{2}\r\n",
        "{2+}\r\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    vec(prop_oneof![3 => word, 1 => vec(any::<u8>(), 0..8)], 0..12).prop_map(|it| it.concat())
}

fn words() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..99), "[ -~]{0,40}".prop_map(String::into_bytes)]
}

proptest! {
    #[test]
    fn no_octets_do_harm(message in octets(), said in prop::sample::select(vec![Said::Request, Said::Response])) {
        let _ = Tagged::parse(&message);
        let _ = server::parse_response(&message);
        if let Ok(reply) = Reply::parse(&message) {
            if let Ok(Some(driver::Reply::Success(_))) = client::hear("a", &reply, said) {
                prop_assert!(message.to_ascii_uppercase().windows(2).any(|it| it == b"OK"));
            }
            let written = reply.to_message();
            prop_assert_eq!(Reply::parse(written.strip_suffix(b"\r\n").unwrap()), Ok(reply));
        }
    }

    #[test]
    fn messages_come_through(first in prop::option::of(words()), answer in words(), said in words()) {
        let mechanism = "X-NAME_1".parse().unwrap();
        let initial_response = first.map(Response::new);
        let request = ClientMessage::Authenticate { mechanism, initial_response: initial_response.clone() };
        let message = client::request("t1", &request);
        let command = Command::Authenticate(Ok(Authenticate { mechanism, initial_response }));
        let expected = Tagged { tag: "t1".into(), command };
        prop_assert_eq!(Tagged::parse(message.strip_suffix(b"\r\n").unwrap()), Some(expected));
        let answer = ClientMessage::Response(Response::new(answer));
        let message = client::request("t1", &answer);
        prop_assert_eq!(server::parse_response(message.strip_suffix(b"\r\n").unwrap()), Ok(answer));
        let message = server::challenge(&Challenge::new(said.clone()));
        let reply = Reply::parse(message.strip_suffix(b"\r\n").unwrap()).unwrap();
        prop_assert_eq!(&reply, &Reply::Continuation(Secret::new(said.clone())));
        let success = ServerMessage::Success { additional_data: Some(Challenge::new(said.clone())) };
        let message = server::answer("t1", &success);
        let reply = Reply::parse(message.strip_suffix(b"\r\n").unwrap()).unwrap();
        let heard = client::hear("t1", &reply, Said::Response);
        prop_assert_eq!(heard, Ok(Some(driver::Reply::Success(Some(Challenge::new(said))))));
    }
}
