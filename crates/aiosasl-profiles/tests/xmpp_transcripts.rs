//! Every XMPP transcript of the vectors, octets to octets, through both halves of the codec.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
};
use aiosasl_profiles::xmpp::{
    StreamEvent, StreamReader,
    sasl::{Answer, spell},
    server::{self, Event},
};
use serde_json::Value;

#[test]
fn every_transcript_is_played() {
    let vectors = include_str!("../../../vectors/profiles.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let mut played = 0;
    for transcript in vectors["valid"].as_array().unwrap() {
        let id = transcript["id"].as_str().unwrap();
        match transcript["protocol"].as_str().unwrap() {
            "xmpp" => {
                play(transcript["lines"].as_array().unwrap(), id);
                played += 1;
            }
            // Played by the tests of extensible SASL.
            "xmpp-sasl2" => {}
            other => assert!(!other.starts_with("xmpp"), "nobody plays {id}"),
        }
    }
    assert_eq!(played, 4, "a transcript was added or lost");
}

fn play(lines: &[Value], id: &str) {
    const OPENING: &[u8] = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
    let mut reader = StreamReader::new();
    reader.push(OPENING).unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    let mut server = server::StreamReader::new();
    server.push(OPENING).unwrap();
    assert!(matches!(server.next_event(), Ok(Some(Event::Opened(_)))));
    for line in lines {
        let (text, octets) = (line["text"].as_str().unwrap(), line["sasl_hex"].as_str().map(unhex));
        if line["dir"] == "C" {
            let message = said(text, octets);
            assert_eq!(spell(&message).as_str(), text, "{id}");
            server.push(text.as_bytes()).unwrap();
            assert_eq!(server.next_event(), Ok(Some(Event::Said(Ok(message)))), "{id}");
        } else {
            reader.push(text.as_bytes()).unwrap();
            let heard = match reader.next_event() {
                Ok(Some(StreamEvent::Answer(it))) => it,
                other => panic!("{id}: {other:?}"),
            };
            let octets = octets.map(Challenge::new);
            let ours = match (&heard, octets) {
                (Answer::Challenge(it), Some(octets)) => {
                    assert_eq!(*it, octets, "{id}");
                    server::challenge(&octets)
                }
                (Answer::Success(it), octets) => {
                    assert_eq!(*it, octets, "{id}");
                    server::success(octets.as_ref())
                }
                (Answer::Failure(it), None) => {
                    assert_eq!(it.code(), FailureCode::Aborted, "{id}");
                    server::failure(it.code()).into()
                }
                other => panic!("{id}: {other:?}"),
            };
            assert_eq!(ours.as_str(), text, "{id}: server writes");
        }
    }
}

fn said(text: &str, octets: Option<Vec<u8>>) -> ClientMessage {
    let response = octets.map(Response::new);
    match text.split("mechanism='").nth(1) {
        Some(rest) => {
            let mechanism = rest.split('\'').next().unwrap().parse().unwrap();
            ClientMessage::Authenticate { mechanism, initial_response: response }
        }
        None if text.starts_with("<abort") => ClientMessage::Abort,
        None => ClientMessage::Response(response.unwrap()),
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
