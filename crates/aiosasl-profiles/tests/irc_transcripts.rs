//! Every IRC transcript of the vectors, octets to octets, through both halves of the codec; and the chunks of messages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use aiosasl_profiles::{
    Said, WireClass,
    irc::{
        Message, Numeric,
        chunks::{self, Chunks, Heard},
        client::{Listener, spell},
        server::{self, Command, Voice},
    },
};
use serde_json::Value;

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file = vectors(include_str!("../../../vectors/profiles.json"));
    let transcripts = file["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in transcripts.iter().filter(|it| it["protocol"] == "irc") {
        let mut player = Player::default();
        for line in transcript["lines"].as_array().unwrap() {
            player.play(line);
        }
        assert!(player.ended, "{}: no outcome", transcript["id"]);
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["irc-plain", "irc-external", "irc-scram", "irc-abort", "irc-bad-mech"]);
}

#[derive(Default)]
struct Player {
    said: Option<Said>,
    listener: Option<Listener>,
    ended: bool,
}

impl Player {
    fn play(&mut self, line: &Value) {
        let text = line["text"].as_str().unwrap();
        let octets = line["sasl_hex"].as_str().map(unhex).unwrap_or_default();
        match line["dir"].as_str().unwrap() {
            "C" => self.client_says(text, octets),
            "S" => self.server_says(text, octets),
            other => panic!("who is {other}?"),
        }
    }

    fn client_says(&mut self, text: &str, octets: Vec<u8>) {
        let parameter = text.strip_prefix("AUTHENTICATE ").unwrap();
        let message = match (self.said, parameter) {
            (None, name) => ClientMessage::Authenticate {
                mechanism: name.parse().unwrap(),
                initial_response: None,
            },
            (Some(_), "*") => ClientMessage::Abort,
            (Some(_), _) => ClientMessage::Response(Response::new(octets)),
        };
        assert_eq!(spell(&message).as_slice(), ended(text), "client writes");
        let Command::Authenticate(read) = Command::parse(text.as_bytes()) else { panic!("{text}") };
        match &message {
            ClientMessage::Authenticate { mechanism, .. } => {
                assert_eq!(server::mechanism(read.expose()), Ok(*mechanism));
            }
            ClientMessage::Response(response) => {
                let heard = Chunks::default().push(read.expose()).unwrap();
                assert_eq!(heard, Heard::Message(response.as_bytes().to_vec().into()), "{text}");
            }
            ClientMessage::Abort => {
                assert_eq!(Chunks::default().push(read.expose()), Ok(Heard::Abort));
            }
        }
        self.said = Some(Said::from(&message));
        self.listener = self.said.map(Listener::new);
    }

    fn server_says(&mut self, text: &str, octets: Vec<u8>) {
        let message = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(message.to_line().as_slice(), spelled_out(text, &message), "server writes");
        let heard = self.listener.as_mut().unwrap().hear(&message);
        let numeric = message.numeric();
        self.ended = numeric.is_some_and(|it| it >= Numeric::NICK_LOCKED && it.0 != 908);
        match heard {
            Ok(Some(driver::Reply::Challenge(challenge))) => {
                assert_eq!(challenge.as_bytes(), octets);
                let ours = server::challenge(&Challenge::new(octets));
                assert_eq!(ours.as_slice(), ended(text));
            }
            Ok(Some(driver::Reply::Success(None))) => {
                assert_eq!(numeric, Some(Numeric::SASL_SUCCESS));
                assert_eq!(numerics(&voice().success("jilles")), [900, 903]);
            }
            Ok(None) => assert!(matches!(numeric, Some(Numeric(900 | 908))), "{text}"),
            Ok(Some(driver::Reply::Failure)) => {
                assert_eq!(self.said, Some(Said::Abort));
                assert_eq!(numerics(&voice().failure(FailureCode::Aborted, &[])), [906]);
            }
            Ok(other) => panic!("{text}: {other:?}"),
            Err(error) => {
                assert_eq!(error.class, WireClass::Mechanism, "{text}");
                let known: Vec<MechanismName> =
                    ["PLAIN", "EXTERNAL"].iter().map(|it| it.parse().unwrap()).collect();
                let ours = voice().failure(FailureCode::MechanismUnknown, &known);
                assert_eq!(numerics(&ours), [908, 904]);
                assert!(ours.starts_with(b":s 908 n PLAIN,EXTERNAL :are available"));
            }
        }
    }
}

fn voice() -> Voice<'static> {
    Voice { server: "s", nick: "n" }
}

fn numerics(lines: &[u8]) -> Vec<u16> {
    let lines = String::from_utf8(lines.to_vec()).unwrap();
    let numeric = |line: &str| Message::parse(line.as_bytes()).unwrap().numeric().unwrap().0;
    lines.lines().map(numeric).collect()
}

/// A last word with a colon that it does not need means the same without it.
fn spelled_out(text: &str, message: &Message<'_>) -> Vec<u8> {
    let last = String::from_utf8(message.text().to_vec()).unwrap();
    let needs_colon = last.contains(' ') || last.is_empty();
    ended(&if needs_colon { text.to_owned() } else { text.replace(" :", " ") })
}

fn ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\r\n"].concat()
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn good_chunks_are_written_and_read() {
    let file = vectors(include_str!("../../../vectors/irc_chunks.json"));
    let cases = file["valid"].as_array().unwrap();
    assert_eq!(cases.len(), 8, "a vector was added or lost");
    for case in cases {
        assert_eq!(case["fill"], "byte i = 7*i mod 256");
        let len = case["raw_len"].as_u64().unwrap();
        let octets: Vec<u8> = (0..len).map(|at| u8::try_from(7 * at % 256).unwrap()).collect();
        let lines = chunks::spell(&octets);
        let lines = std::str::from_utf8(&lines).unwrap();
        assert!(lines.ends_with("\r\n"));
        let chunks: Vec<_> =
            lines.lines().map(|line| line.strip_prefix("AUTHENTICATE ").unwrap()).collect();
        let shape: Vec<Value> = chunks
            .iter()
            .map(|chunk| if *chunk == "+" { "+".into() } else { chunk.len().into() })
            .collect();
        assert_eq!(Value::from(shape), case["chunk_lengths"], "{len} octets");
        let (last, before) = chunks.split_last().unwrap();
        let mut reader = Chunks::default();
        for chunk in before {
            assert_eq!(reader.push(chunk.as_bytes()), Ok(Heard::More));
        }
        assert_eq!(reader.push(last.as_bytes()), Ok(Heard::Message(octets.into())));
        assert_eq!(reader.finish(), Ok(()));
    }
}

#[test]
fn malformed_chunks_are_refused_for_their_reason() {
    let file = vectors(include_str!("../../../vectors/irc_chunks.json"));
    let cases = file["malformed"].as_array().unwrap();
    assert_eq!(cases.len(), 8, "a vector was added or lost");
    for case in cases {
        let mut reader = Some(Chunks::default());
        let mut found = None;
        for chunk in case["chunks"].as_array().unwrap() {
            match reader.as_mut().unwrap().push(chunk.as_str().unwrap().as_bytes()) {
                Ok(Heard::Abort) => found = Some("aborted"),
                Ok(_) => {}
                Err(error) => found = Some(error.as_str()),
            }
            if found.is_some() {
                break;
            }
        }
        let found = found.or_else(|| reader.take()?.finish().err().map(chunks::ChunkError::as_str));
        assert_eq!(found, case["expect"].as_str(), "{}", case["id"]);
    }
}
