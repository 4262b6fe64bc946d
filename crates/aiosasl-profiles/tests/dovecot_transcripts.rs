//! Every transcript of Dovecot's authentication protocol, octets to octets, through both halves; and laws of its lines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    encoding::unhex,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass, WireError,
    dovecot::{
        ClientLine, MAX_LINE, Parameter, Parameters, ServerLine,
        client::{self, Context, Greeting, Handshake},
        server,
    },
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: Value = serde_json::from_str(include_str!("../../../vectors/profiles.json")).unwrap();
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "dovecot-auth") {
        let mut player = Player::default();
        for line in transcript["lines"].as_array().unwrap() {
            player.play(line);
        }
        let greeting = player.greeting.unwrap();
        assert_eq!(greeting.mechanisms(), ["PLAIN"]);
        assert!(greeting.offers[0].1.has("plaintext"));
        assert_eq!((greeting.minor, greeting.spid, greeting.cuid), (2, Some(1), Some(2)));
        assert_eq!(greeting.cookie.unwrap().len(), 32);
        assert_eq!(player.outcome, Some(driver::Reply::Success(None)));
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["dovecot-auth"]);
}

#[derive(Default)]
struct Player {
    hello: Vec<u8>,
    handshake: Handshake,
    greeting: Option<Greeting>,
    outcome: Option<driver::Reply>,
}

impl Player {
    fn play(&mut self, line: &Value) {
        let text = line["text"].as_str().unwrap().as_bytes();
        let with_ending = [text, b"\n"].concat();
        if line["dir"] == "C" {
            let read = ClientLine::parse(text).unwrap();
            assert_eq!(*read.to_line().unwrap(), with_ending, "client writes");
            self.hello.extend(&with_ending);
            match read {
                ClientLine::Cpid(pid) => assert_eq!(client::hello(pid).unwrap(), self.hello),
                ClientLine::Auth { .. } => {
                    let octets = line["sasl_hex"].as_str().unwrap();
                    client_asks(read, &unhex(octets.as_bytes()).unwrap(), &with_ending);
                }
                _ => {}
            }
            return;
        }
        let read = ServerLine::parse(text).unwrap();
        assert_eq!(*read.to_line().unwrap(), with_ending, "server writes");
        if self.greeting.is_none() {
            self.greeting = self.handshake.hear(read).unwrap();
        } else {
            let success = ServerMessage::Success { additional_data: None };
            assert_eq!(*server::answer(1, &success, "user").unwrap(), with_ending);
            self.outcome = client::hear(1, &read, Said::Response).unwrap();
            assert_eq!(client::hear(2, &read, Said::Response), Ok(None));
        }
    }
}

fn client_asks(read: ClientLine, octets: &[u8], line: &[u8]) {
    let mechanism = "PLAIN".parse().unwrap();
    let initial_response = Some(Response::new(octets));
    let message = ClientMessage::Authenticate { mechanism, initial_response };
    let context = Context::new("smtp").with(Parameter::new("secured", "tls"));
    assert_eq!(*client::request(1, &message, &context).unwrap(), line);
    assert_eq!(read.into_message(), Some((1, Ok(message))));
}

fn failed(line: &[u8], said: Said) -> Result<Option<driver::Reply>, WireClass> {
    client::hear(1, &ServerLine::parse(line).unwrap(), said).map_err(|error| error.class)
}

#[test]
fn failures_are_sorted_by_what_they_mean() {
    use FailureCode as F;
    for (line, said, class) in [
        (&b"FAIL\t1\tuser=u\tcode=temp_fail"[..], Said::Response, WireClass::Temporary),
        (b"FAIL\t1\tcode=authz_fail", Said::Response, WireClass::Authorization),
        (b"FAIL\t1\tcode=user_disabled", Said::Response, WireClass::Credentials),
        (b"FAIL\t1\tcode=pass_expired", Said::Response, WireClass::Credentials),
        (b"FAIL\t1\ttemp", Said::Response, WireClass::Temporary),
        (b"FAIL\t1\tuser=u\tauthz", Said::Response, WireClass::Authorization),
        (b"FAIL\t1\tuser=u", Said::Response, WireClass::Credentials),
        (b"FAIL\t1\treason=no such mechanism", Said::Request, WireClass::Mechanism),
    ] {
        assert_eq!(failed(line, said), Err(class), "{line:?}");
    }
    assert_eq!(failed(b"FAIL\t1", Said::Abort), Ok(Some(driver::Reply::Failure)));
    assert_eq!(failed(b"FAIL\t2", Said::Response), Ok(None));
    let words = driver::Reply::Success(Some(Challenge::new(*b"v=")));
    assert_eq!(failed(b"OK\t1\tuser=u\tresp=dj0=", Said::Response), Ok(Some(words)));
    for (code, class) in [
        (F::AuthorizationDenied, WireClass::Authorization),
        (F::BadEncoding, WireClass::Protocol),
        (F::EncryptionRequired, WireClass::Policy),
        (F::InvalidCredentials, WireClass::Credentials),
        (F::MechanismUnknown, WireClass::Mechanism),
        (F::Temporary, WireClass::Temporary),
    ] {
        let line = server::answer(1, &ServerMessage::Failure(code), "user").unwrap();
        assert_eq!(failed(line.strip_suffix(b"\n").unwrap(), Said::Response), Err(class));
        assert!(!line.windows(5).any(|it| it == b"user="), "the user is no news");
    }
}

#[test]
fn nothing_behind_the_response_is_read_and_none_is_not_empty() {
    let read = |line: &[u8]| match ClientLine::parse(line).unwrap() {
        ClientLine::Auth { parameters, response, .. } => (parameters, response),
        other => panic!("{other:?}"),
    };
    let (parameters, response) = read(b"AUTH\t1\tA\tservice=x\tresp=YQ==\tsecured");
    assert_eq!((parameters.has("secured"), response), (false, Some(Response::new(*b"a"))));
    assert_eq!(read(b"AUTH\t1\tA\tresp==").1, Some(Response::empty()));
    // Older clients say this where they have none.
    assert_eq!(read(b"AUTH\t1\tA\tresp=").1, None);
    let message = ClientMessage::Authenticate {
        mechanism: "A".parse().unwrap(),
        initial_response: Some(Response::new(*b"a")),
    };
    let context = Context::new("x\tresp=").with(Parameter::new("resp", "Yg=="));
    let line = client::request(1, &message, &context).unwrap();
    assert_eq!(line.as_slice(), b"AUTH\t1\tA\tservice=x\x01tresp=\tresp=YQ==\n");
}

#[test]
fn a_handshake_has_one_version_first() {
    let heard = |lines: &[u8]| -> Result<Option<Greeting>, WireError> {
        let mut handshake = Handshake::default();
        let mut greeting = None;
        for line in lines.split(|octet| *octet == b'\n') {
            greeting = handshake.hear(ServerLine::parse(line)?)?;
        }
        Ok(greeting)
    };
    let names = ["PLAIN".parse().unwrap(), "X".parse().unwrap()];
    let ours = server::greeting(&names, 7, 8, Secret::new(*b"c00c1e")).unwrap();
    let greeting = heard(ours.strip_suffix(b"\n").unwrap()).unwrap().unwrap();
    assert_eq!(greeting.mechanisms(), names);
    assert!(!format!("{greeting:?}").contains("c00c1e"));
    assert!(heard(b"VERSION\t1\t9\nNEWS\tx\nDONE").unwrap().is_some());
    for lines in [
        &b"DONE"[..],
        b"VERSION\t2\t0",
        b"VERSION\t1",
        b"VERSION\t1\t1\nVERSION\t1\t1",
        b"VERSION\t1\t1\nOK\t1",
        b"VERSION\t1\t1\nSPID\tx",
        b"220 mail.example.org ESMTP",
    ] {
        assert_eq!(heard(lines).unwrap_err().class, WireClass::Protocol, "{lines:?}");
    }
}

#[test]
fn lines_that_are_too_long_are_not_written() {
    let long = ClientMessage::Response(Response::new(vec![0; MAX_LINE]));
    assert!(client::request(1, &long, &Context::new("imap")).is_err());
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "AUTH\t1\tA",
        "CONT\t1\t",
        "OK\t1",
        "FAIL\t",
        "MECH\t",
        "\tresp=",
        "\t",
        "YQ==",
        "\x01",
        "code=",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    vec(prop_oneof![3 => word, 1 => vec(any::<u8>(), 0..8)], 0..12).prop_map(|it| it.concat())
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let value = prop::option::of(vec(any::<u8>(), 0..20).prop_map(Secret::new));
    let parameter = ("[a-q_]{1,8}", value).prop_map(|(name, value)| Parameter { name, value });
    vec(parameter, 0..6).prop_map(Parameters)
}

proptest! {
    #[test]
    fn no_octets_do_harm(line in octets(), said in prop::sample::select(vec![Said::Request, Said::Response])) {
        if let Ok(read) = ClientLine::parse(&line) {
            let _ = read.into_message();
        }
        if let Ok(read) = ServerLine::parse(&line) {
            if let Ok(Some(driver::Reply::Success(_))) = client::hear(1, &read, said) {
                prop_assert!(line.starts_with(b"OK\t"));
            }
            let _ = Handshake::default().hear(read);
        }
    }

    #[test]
    fn what_is_written_is_read(
        id in any::<u32>(), parameters in parameters(), first in prop::option::of(vec(any::<u8>(), 0..99)),
        words in vec(any::<u8>(), 0..99),
    ) {
        let response = first.map(Response::new);
        let all = [
            ClientLine::Auth { id, mechanism: "A".into(), parameters: parameters.clone(), response },
            ClientLine::Cancel(id),
            ClientLine::Cont { id, response: Response::new(words.clone()) },
        ];
        for line in all {
            let written = line.to_line().unwrap();
            prop_assert!(written.iter().position(|it| *it == b'\n') == Some(written.len() - 1));
            prop_assert_eq!(ClientLine::parse(written.strip_suffix(b"\n").unwrap()), Ok(line));
        }
        let all = [
            ServerLine::Cont { id, challenge: Challenge::new(words.clone()) },
            ServerLine::Cookie(Secret::new(words)),
            ServerLine::Fail { id, parameters: parameters.clone() },
            ServerLine::Mech { name: "A".into(), parameters: parameters.clone() },
            ServerLine::Ok { id, parameters },
        ];
        for line in all {
            let written = line.to_line().unwrap();
            prop_assert_eq!(ServerLine::parse(written.strip_suffix(b"\n").unwrap()), Ok(line));
        }
    }
}
