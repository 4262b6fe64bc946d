//! Every SMTP transcript of the vectors, octets to octets, through both halves of the codec.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
};
use aiosasl_profiles::smtp::{
    Reply, ReplyReader,
    client::{Capabilities, failure_code, hear, spell},
    server::{self, Auth, Command},
};
use aiosasl_profiles::{Said, WireClass};
use serde_json::Value;

/// Said by servers that break the rules; ours does not say it.
const NOT_OURS: &str = "334 NTLM supported";

#[test]
fn every_transcript_is_played_by_both_halves() {
    let vectors = include_str!("../../../vectors/profiles.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let transcripts = vectors["valid"].as_array().unwrap().iter();
    let transcripts: Vec<_> = transcripts.filter(|it| it["protocol"] == "smtp").collect();
    assert_eq!(transcripts.len(), 8, "a transcript was added or lost");
    for transcript in transcripts {
        let lines = transcript["lines"].as_array().unwrap();
        let mut said = None;
        for line in lines {
            let (text, id) = (line["text"].as_str().unwrap(), &transcript["id"]);
            let octets = line["sasl_hex"].as_str().map(unhex);
            match line["dir"].as_str() {
                Some("C") => said = Some(client_line(text, octets, said.is_some())),
                Some("S") => server_line(text, octets, said.as_ref(), &format!("{id}: {text}")),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Our client says this line, and our server understands what was said.
fn client_line(text: &str, octets: Option<Vec<u8>>, inside: bool) -> ClientMessage {
    let message = if text == "*" {
        ClientMessage::Abort
    } else if inside {
        ClientMessage::Response(octets.map_or_else(Response::empty, Response::new))
    } else {
        let name = text.split(' ').nth(1).unwrap();
        let initial_response = octets.map(Response::new);
        ClientMessage::Authenticate { mechanism: name.parse().unwrap(), initial_response }
    };
    assert_eq!(spell(&message).as_slice(), format!("{text}\r\n").as_bytes());
    match &message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            let (mechanism, initial_response) = (*mechanism, initial_response.clone());
            let expected = Command::Auth(Ok(Auth { mechanism, initial_response }));
            assert_eq!(Command::parse(text.as_bytes()), expected);
        }
        inside => assert_eq!(server::hear(text.as_bytes()).as_ref(), Ok(inside)),
    }
    message
}

/// Our server says this line, as far as it isn't free text, and our client understands it.
fn server_line(text: &str, octets: Option<Vec<u8>>, said: Option<&ClientMessage>, at: &str) {
    let mut reader = ReplyReader::new();
    let line = reader.line(text.as_bytes()).unwrap();
    let Some(said) = said else {
        assert_eq!(line, None, "{at}: the last line of EHLO's reply is left out");
        let reply = reader.line(b"250 SIZE").unwrap().unwrap();
        // The transcript leaves out the first line, which is no keyword, too.
        let reply = Reply { lines: [&["mx".into()], &*reply.lines].concat(), ..reply };
        let mechanisms = Capabilities::read(&reply).unwrap().mechanisms;
        assert_eq!(mechanisms, ["PLAIN", "SCRAM-SHA-256"], "{at}");
        let reply = server::capabilities("mx", &mechanisms, false).encode();
        let reply = String::from_utf8(reply).unwrap();
        assert_eq!(reply.lines().last().unwrap(), text.replacen('-', " ", 1), "{at}");
        return;
    };
    let reply = line.unwrap();
    match hear(&reply, Said::from(said)) {
        Ok(driver::Reply::Challenge(it)) => {
            assert_eq!(it, octets.map_or_else(Challenge::empty, Challenge::new), "{at}");
            let ours = server::challenge(&it);
            assert_eq!(
                ours.as_slice() == format!("{text}\r\n").as_bytes(),
                text != NOT_OURS,
                "{at}"
            );
        }
        Ok(driver::Reply::Success(data)) => {
            assert_eq!(data, None, "{at}");
            same_codes(&server::success(), text);
        }
        Ok(driver::Reply::Failure) => {
            assert_eq!(*said, ClientMessage::Abort, "{at}");
            same_codes(&server::failure(FailureCode::Aborted), text);
        }
        Err(error) => {
            assert_eq!(error.class, WireClass::Credentials, "{at}");
            same_codes(&server::failure(failure_code(&reply)), text);
        }
    }
    assert_eq!(reply.encode(), format!("{text}\r\n").as_bytes(), "{at}");
}

/// The codes are the protocol's, what follows is for people.
fn same_codes(ours: &Reply, text: &str) {
    assert!(text.starts_with(&ours.code_text()), "{text}: {}", ours.code_text());
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
