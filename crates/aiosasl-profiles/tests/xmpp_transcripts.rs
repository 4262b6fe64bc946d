//! Every XMPP transcript of the vectors, octets to octets, through the client's half of the codec.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response},
};
use aiosasl_profiles::xmpp::{
    StreamEvent, StreamReader,
    sasl::{Answer, spell},
};
use serde_json::Value;

/// Not played, and why.
const NOT_PLAYED: [(&str, &str); 1] = [("xmpp-sasl2", "the profile of XEP-0388 is not built yet")];

#[test]
fn every_transcript_is_played() {
    let vectors = include_str!("../../../vectors/profiles.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let (mut played, mut left_out) = (0, Vec::new());
    for transcript in vectors["valid"].as_array().unwrap() {
        let id = transcript["id"].as_str().unwrap();
        match transcript["protocol"].as_str().unwrap() {
            "xmpp" => {
                play(transcript["lines"].as_array().unwrap(), id);
                played += 1;
            }
            other if other.starts_with("xmpp") => left_out.push(id),
            _ => {}
        }
    }
    assert_eq!(played, 4, "a transcript was added or lost");
    assert_eq!(left_out, NOT_PLAYED.map(|(id, _)| id));
}

fn play(lines: &[Value], id: &str) {
    let mut reader = StreamReader::new();
    reader.push(b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>").unwrap();
    assert!(matches!(reader.next_event(), Ok(Some(StreamEvent::Opened(_)))));
    for line in lines {
        let (text, octets) = (line["text"].as_str().unwrap(), line["sasl_hex"].as_str().map(unhex));
        if line["dir"] == "C" {
            assert_eq!(spell(&said(text, octets)).as_str(), text, "{id}");
        } else {
            reader.push(text.as_bytes()).unwrap();
            let heard = match reader.next_event() {
                Ok(Some(StreamEvent::Answer(it))) => it,
                other => panic!("{id}: {other:?}"),
            };
            match (&heard, octets) {
                (Answer::Challenge(it) | Answer::Success(Some(it)), Some(octets)) => {
                    assert_eq!(it.as_bytes(), octets, "{id}");
                }
                (Answer::Success(None), None) => {}
                (Answer::Failure(it), None) => assert_eq!(it.code(), FailureCode::Aborted, "{id}"),
                other => panic!("{id}: {other:?}"),
            }
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
