//! Every IMAP transcript of the vectors, octets to octets, through the client's and the server's half.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
};
use aiosasl_profiles::{
    Said, WireClass,
    imap::{
        self, Condition, Reply, Status,
        capability::Capabilities,
        client,
        server::{self, Authenticate, Command, Tagged},
    },
};
use serde_json::Value;

const TAG: &str = "A1";

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "imap") {
        let mut player = Player::default();
        for line in transcript["lines"].as_array().unwrap() {
            player.play(line);
        }
        assert!(player.ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    let expected = [
        "imap-plain-ir",
        "imap-plain-no-ir",
        "imap-external-empty-ir",
        "imap-external-no-ir",
        "imap-scram",
        "imap-cancel",
        "imap-fail",
        "imap-oauthbearer-fail",
    ];
    assert_eq!(played, expected);
}

#[derive(Default)]
struct Player {
    said: Option<Said>,
    ended: bool,
}

impl Player {
    fn play(&mut self, line: &Value) {
        let text = line["text"].as_str().unwrap();
        let octets = line["sasl_hex"].as_str().map(unhex);
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
        } else if text == "*" {
            ClientMessage::Abort
        } else {
            ClientMessage::Response(octets.map_or_else(Response::empty, Response::new))
        };
        assert_eq!(client::request(TAG, &message).as_slice(), ended(text), "client writes");
        let read = match &message {
            ClientMessage::Authenticate { .. } => authenticate(text),
            _ => server::parse_response(text.as_bytes()).unwrap(),
        };
        assert_eq!(read, message, "server reads {text}");
        self.said = Some(Said::from(&message));
    }

    fn server_says(&mut self, text: &str, octets: Option<Vec<u8>>) {
        let reply = Reply::parse(text.as_bytes()).unwrap();
        assert_eq!(reply.to_line().as_slice(), ended(text), "server writes");
        let Some(said) = self.said else { return greeting(&reply) };
        let heard = client::hear(text.as_bytes(), TAG, said);
        match reply {
            Reply::Continuation(_) => {
                let challenge = Challenge::new(octets.unwrap_or_default());
                let message = ServerMessage::Challenge(challenge.clone());
                assert_eq!(server::answer(TAG, &message).as_slice(), ended(text));
                assert_eq!(heard, Ok(Some(driver::Reply::Challenge(challenge))));
            }
            Reply::Tagged { condition, .. } => {
                self.ended = true;
                match (condition.status, said) {
                    (Status::Ok, _) => {
                        assert_eq!(heard, Ok(Some(driver::Reply::Success(None))));
                        assert_eq!(server::SUCCESS.status, Status::Ok);
                    }
                    (_, Said::Abort) => {
                        assert_eq!(heard, Ok(Some(driver::Reply::Failure)));
                        assert_same(server::failure(FailureCode::Aborted), condition);
                    }
                    _ => {
                        let error = heard.unwrap_err();
                        assert_eq!(error.class, WireClass::Credentials);
                        assert_eq!(error.code.as_deref(), Some("NO [AUTHENTICATIONFAILED]"));
                        assert_same(server::failure(FailureCode::InvalidCredentials), condition);
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

fn greeting(reply: &Reply<'_>) {
    let Reply::Untagged(condition) = reply else { panic!("{reply:?}") };
    assert_eq!(condition.status, Status::Ok);
    let capabilities = Capabilities::parse(condition.capabilities().unwrap());
    assert_eq!(capabilities.sasl_ir(), imap::SaslIr::Present);
    let names: Vec<_> = capabilities.mechanisms().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["PLAIN", "SCRAM-SHA-256"]);
}

fn authenticate(text: &str) -> ClientMessage {
    match Tagged::parse(text.as_bytes()) {
        Some(Tagged {
            tag,
            command: Command::Authenticate(Ok(Authenticate { mechanism, initial_response })),
        }) if tag == TAG => ClientMessage::Authenticate { mechanism, initial_response },
        other => panic!("{other:?}"),
    }
}

/// Words for people are everybody's own.
fn assert_same(ours: Condition<'_>, theirs: Condition<'_>) {
    assert_eq!((ours.status, ours.code), (theirs.status, theirs.code));
}

fn ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\r\n"].concat()
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn malformed_lines_from_a_client_are_refused_each_for_its_reason() {
    let command = |line: &str| Tagged::parse(line.as_bytes()).map(|tagged| tagged.command);
    let refused = |code| Some(Command::Authenticate(Err(code)));
    for (line, expected) in [
        ("", None),
        ("+ AUTHENTICATE PLAIN", None),
        ("A*1 AUTHENTICATE PLAIN", None),
        (&format!("{} NOOP", "a".repeat(65)), None),
        ("A1", Some(Command::Unknown)),
        ("A1  NOOP", Some(Command::Unknown)),
        ("A1 NOOP now", Some(Command::Unknown)),
        ("A1 AUTHENTICATE", refused(FailureCode::WrongState)),
        ("A1 AUTHENTICATE PL!IN", refused(FailureCode::MechanismUnknown)),
        ("A1 AUTHENTICATE \"PLAIN\"", refused(FailureCode::MechanismUnknown)),
        ("A1 AUTHENTICATE ABCDEFGHIJKLMNOPQRSTU", refused(FailureCode::MechanismUnknown)),
        ("A1 AUTHENTICATE PLAIN ", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN ==", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN AA==AA==", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN AB==", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN AAAA AAAA", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN \"AAAA\"", refused(FailureCode::BadEncoding)),
        ("A1 AUTHENTICATE PLAIN {4}", refused(FailureCode::BadEncoding)),
    ] {
        assert_eq!(command(line), expected, "{line:?}");
    }
    for line in ["=", "AAA", "AA A", "*AAA", "**", " *", "AA-_", "\u{e4}AAA", "AAAA\r"] {
        let refused = server::parse_response(line.as_bytes());
        assert_eq!(refused, Err(FailureCode::BadEncoding), "{line:?}");
    }
    assert!(server::announces_literal(b"A1 LOGIN {4+}"));
    assert!(!server::announces_literal(b"A1 LOGIN {4}"));
    assert!(!server::announces_literal(b"A1 LOGIN {+}"));
}

#[test]
fn malformed_lines_from_a_server_are_protocol_errors() {
    let class = |line: &str, said| client::hear(line.as_bytes(), TAG, said).map_err(|it| it.class);
    for line in ["", "A1", "A1 YES", "A2 OK done", "+ AAA", "+ =", "+ AB==", "+ *", "235 2.7.0 ok"]
    {
        assert_eq!(class(line, Said::Response), Err(WireClass::Protocol), "{line:?}");
    }
    // Some servers write words to a client that has not had its first say.
    let empty = driver::Reply::Challenge(Challenge::empty());
    for line in ["+", "+ ", "+ go ahead"] {
        assert_eq!(class(line, Said::Request), Ok(Some(empty.clone())), "{line:?}");
    }
    assert_eq!(class("* OK still here", Said::Response), Ok(None));
    assert_eq!(class("* CAPABILITY IMAP4rev1", Said::Response), Ok(None));
}

#[test]
fn refusals_are_sorted_by_what_they_mean() {
    let class = |line: &str, said| client::hear(line.as_bytes(), TAG, said).unwrap_err().class;
    for (line, expected) in [
        ("A1 NO [AUTHENTICATIONFAILED] no", WireClass::Credentials),
        ("A1 NO no", WireClass::Credentials),
        ("A1 NO [expired] no", WireClass::Credentials),
        ("A1 NO [CONTACTADMIN] no", WireClass::Credentials),
        ("A1 NO [AUTHORIZATIONFAILED] no", WireClass::Authorization),
        ("A1 NO [PRIVACYREQUIRED] no", WireClass::Policy),
        ("A1 NO [UNAVAILABLE] no", WireClass::Temporary),
        ("A1 NO [LIMIT] no", WireClass::Temporary),
        ("A1 NO [INUSE] no", WireClass::Temporary),
        ("A1 NO [CANNOT] no", WireClass::Mechanism),
        ("A1 BAD what", WireClass::Protocol),
        ("A1 BYE", WireClass::Protocol),
        ("* BYE for good", WireClass::Connection),
        ("* BYE [UNAVAILABLE] back soon", WireClass::Temporary),
    ] {
        assert_eq!(class(line, Said::Response), expected, "{line:?}");
    }
    // A server that has not seen any credentials can't mean them.
    assert_eq!(class("A1 NO no such mechanism", Said::Request), WireClass::Mechanism);
    // An abort is only answered by a failure; a success in answer to it is the caller's to judge.
    assert_eq!(client::hear(b"A1 NO no", TAG, Said::Abort), Ok(Some(driver::Reply::Failure)));
}

#[test]
fn what_the_server_says_of_a_failure_is_what_the_client_hears() {
    use FailureCode as F;
    for (code, class) in [
        (F::AccountDisabled, WireClass::Credentials),
        (F::AuthorizationDenied, WireClass::Authorization),
        (F::BadEncoding, WireClass::Protocol),
        (F::CredentialsExpired, WireClass::Credentials),
        (F::EncryptionRequired, WireClass::Policy),
        (F::InitialResponseNotAllowed, WireClass::Protocol),
        (F::InvalidCredentials, WireClass::Credentials),
        (F::MechanismTooWeak, WireClass::Policy),
        (F::Temporary, WireClass::Temporary),
        (F::TooLarge, WireClass::Protocol),
        (F::WrongState, WireClass::Protocol),
    ] {
        let line = server::answer(TAG, &ServerMessage::Failure(code));
        let line = line.strip_suffix(b"\r\n").unwrap();
        let error = client::hear(line, TAG, Said::Response).unwrap_err();
        assert_eq!(error.class, class, "{code:?}");
    }
}
