//! Every POP3 transcript of the vectors, octets to octets, through the client's and the server's half.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    pop3::{
        AuthCodes, Reply, Sign, Status, client,
        server::{self, Auth, Command},
    },
};
use serde_json::Value;

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "pop3") {
        let mut player = Player::default();
        for line in transcript["lines"].as_array().unwrap() {
            player.play(line);
        }
        assert!(player.ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["pop3-plain", "pop3-no-ir", "pop3-fail", "pop3-temp"]);
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
            let mechanism = text.split(' ').nth(1).unwrap().parse().unwrap();
            ClientMessage::Authenticate { mechanism, initial_response: octets.map(Response::new) }
        } else {
            ClientMessage::Response(octets.map_or_else(Response::empty, Response::new))
        };
        assert_eq!(client::request(&message).as_slice(), ended(text), "client writes");
        let read = match &message {
            ClientMessage::Authenticate { .. } => match Command::parse(text.as_bytes()) {
                Command::Auth(Ok(Auth { mechanism, initial_response })) => {
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
        assert_eq!(reply.to_line().as_slice(), ended(text), "server writes");
        let heard = client::hear(text.as_bytes(), self.said.unwrap(), AuthCodes::Listed);
        match reply {
            Reply::Continuation(_) => {
                let challenge = Challenge::new(octets.unwrap_or_default());
                assert_eq!(server::challenge(&challenge).as_slice(), ended(text));
                assert_eq!(heard, Ok(driver::Reply::Challenge(challenge)));
            }
            Reply::Status(status) => {
                self.ended = true;
                let (class, ours) = match status.code {
                    None => {
                        assert_eq!(heard, Ok(driver::Reply::Success(None)));
                        return assert_eq!(
                            (status.sign, server::SUCCESS.sign),
                            (Sign::Ok, Sign::Ok)
                        );
                    }
                    Some(b"AUTH") => (WireClass::Credentials, FailureCode::InvalidCredentials),
                    Some(_) => (WireClass::Temporary, FailureCode::Temporary),
                };
                assert_eq!(heard.unwrap_err().class, class);
                assert_eq!(server::failure(ours).label(), status.label());
            }
        }
    }
}

fn ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\r\n"].concat()
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn lines_from_a_client_are_read_or_refused_each_for_its_reason() {
    let refused = |code| Command::Auth(Err(code));
    for (line, expected) in [
        ("", Command::Unknown),
        (" NOOP", Command::Unknown),
        ("NOOP now", Command::Unknown),
        ("USER", Command::Unknown),
        ("USER ", Command::Unknown),
        ("APOP user 0123456789abcdef0123456789abcdef", Command::Unknown),
        ("noop", Command::Noop),
        ("auth", Command::Mechanisms),
        ("STLS", Command::StartTls),
        ("User juliet montague", Command::User(b"juliet montague".to_vec())),
        ("PASS  a pass ", Command::Pass(Secret::new(*b" a pass "))),
        ("PASS", Command::Pass(Secret::default())),
        ("AUTH PL!IN", refused(FailureCode::MechanismUnknown)),
        ("AUTH  PLAIN", refused(FailureCode::MechanismUnknown)),
        ("AUTH ABCDEFGHIJKLMNOPQRSTU", refused(FailureCode::MechanismUnknown)),
        ("AUTH PLAIN ", refused(FailureCode::BadEncoding)),
        ("AUTH PLAIN ==", refused(FailureCode::BadEncoding)),
        ("AUTH PLAIN AB==", refused(FailureCode::BadEncoding)),
        ("AUTH PLAIN AAAA AAAA", refused(FailureCode::BadEncoding)),
    ] {
        assert_eq!(Command::parse(line.as_bytes()), expected, "{line:?}");
    }
    assert!(!format!("{:?}", Command::parse(b"PASS pencil")).contains("pencil"));
    assert_eq!(server::parse_response(b"*"), Ok(ClientMessage::Abort));
    for line in ["=", "AAA", "AA A", "*AAA", "**", " *", "AA-_", "\u{e4}AAA", "AAAA\r"] {
        let refused = server::parse_response(line.as_bytes());
        assert_eq!(refused, Err(FailureCode::BadEncoding), "{line:?}");
    }
}

#[test]
fn malformed_lines_from_a_server_are_protocol_errors() {
    let class = |line: &str, said| {
        client::hear(line.as_bytes(), said, AuthCodes::Listed).map_err(|it| it.class)
    };
    for line in ["", "+OKAY", "ok", "+ AAA", "+ =", "+ AB==", "+ *", "235 2.7.0 ok", "+AAAA"] {
        assert_eq!(class(line, Said::Response), Err(WireClass::Protocol), "{line:?}");
    }
    // Some servers write words to a client that has not had its first say.
    let empty = driver::Reply::Challenge(Challenge::empty());
    for line in ["+", "+ ", "+ go ahead"] {
        assert_eq!(class(line, Said::Request), Ok(empty.clone()), "{line:?}");
    }
}

#[test]
fn refusals_are_sorted_by_what_they_mean() {
    use AuthCodes::{Listed, Unlisted};
    for (line, said, codes, expected) in [
        ("-ERR [AUTH] no", Said::Response, Listed, WireClass::Credentials),
        ("-ERR [auth] no", Said::Response, Unlisted, WireClass::Credentials),
        ("-ERR [SYS/PERM] no", Said::Response, Listed, WireClass::Credentials),
        ("-ERR [SYS/TEMP] no", Said::Response, Listed, WireClass::Temporary),
        ("-ERR [IN-USE] no", Said::Response, Listed, WireClass::Temporary),
        ("-ERR [LOGIN-DELAY] no", Said::Response, Listed, WireClass::Temporary),
        // Without a code, it depends on whether there would be one.
        ("-ERR no", Said::Response, Unlisted, WireClass::Credentials),
        ("-ERR no", Said::Response, Listed, WireClass::Protocol),
        ("-ERR [OTHER] no", Said::Response, Listed, WireClass::Protocol),
        // A server that has not seen any credentials can't mean them.
        ("-ERR no", Said::Request, Unlisted, WireClass::Mechanism),
        ("-ERR no", Said::Request, Listed, WireClass::Mechanism),
    ] {
        let error = client::hear(line.as_bytes(), said, codes).unwrap_err();
        assert_eq!(error.class, expected, "{line:?} {said:?} {codes:?}");
    }
    let heard = client::hear(b"-ERR no", Said::Abort, Listed);
    assert_eq!(heard, Ok(driver::Reply::Failure));
}

#[test]
fn what_the_server_says_of_a_failure_is_what_the_client_hears() {
    use FailureCode as F;
    for (code, class) in [
        (F::AccountDisabled, WireClass::Credentials),
        (F::AuthorizationDenied, WireClass::Credentials),
        (F::BadEncoding, WireClass::Protocol),
        (F::CredentialsExpired, WireClass::Credentials),
        (F::InvalidCredentials, WireClass::Credentials),
        (F::Temporary, WireClass::Temporary),
        (F::WrongState, WireClass::Protocol),
    ] {
        let line = Reply::Status(server::failure(code)).to_line();
        let line = line.strip_suffix(b"\r\n").unwrap();
        let error = client::hear(line, Said::Response, AuthCodes::Listed).unwrap_err();
        assert_eq!(error.class, class, "{code:?}");
    }
    let wrong: Status<'_> = server::failure(F::InvalidCredentials);
    assert_eq!(wrong, server::failure(F::AuthorizationDenied), "nothing to tell them apart by");
}
