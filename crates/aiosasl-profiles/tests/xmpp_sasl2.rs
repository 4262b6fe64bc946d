//! Extensible SASL (XEP-0388) with what rides on it: the transcripts of the vectors through both halves, and laws.

#![expect(clippy::unwrap_used, reason = "a test may fail so")]

use aiosasl::{
    encoding::unhex,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::xmpp::{
    StreamEvent, StreamReader,
    sasl2::{
        Answer, Bind, Bound, Fast, FastOffer, Inline, Offered, Request, Success, Token, TokenUse,
        UserAgent, next, spell,
    },
    server::{
        self, Event, Offer,
        sasl2::{self, Said},
    },
};
use proptest::prelude::*;
use serde_json::Value;

const OPENING: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/// What a client makes of an element.
fn client(xml: &str) -> Option<StreamEvent> {
    let mut reader = StreamReader::new();
    reader.push(OPENING.as_bytes()).unwrap();
    reader.next_event().unwrap();
    reader.push(xml.as_bytes()).unwrap();
    reader.next_event().ok().map(Option::unwrap)
}

/// What a client hears in an exchange.
fn answer(xml: &str) -> Option<Answer> {
    match client(xml)? {
        StreamEvent::Sasl2(answer) => Some(answer),
        other => panic!("{other:?}"),
    }
}

/// What a server makes of an element.
fn said(xml: &str) -> Result<Said, FailureCode> {
    let mut reader = server::StreamReader::new();
    reader.push(OPENING.as_bytes()).unwrap();
    reader.next_event().unwrap();
    reader.push(xml.as_bytes()).unwrap();
    match reader.next_event().unwrap().unwrap() {
        Event::SaidSasl2(said) => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_transcript_is_played() {
    let vectors = include_str!("../../../vectors/profiles.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let all = vectors["valid"].as_array().unwrap();
    let mut played = Vec::new();
    for transcript in all.iter().filter(|it| it["protocol"] == "xmpp-sasl2") {
        for line in transcript["lines"].as_array().unwrap() {
            let text = line["text"].as_str().unwrap();
            let octets = unhex(line["sasl_hex"].as_str().unwrap().as_bytes()).unwrap();
            if line["dir"] == "C" {
                client_says(text, octets);
            } else {
                server_says(text, Challenge::new(octets));
            }
        }
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["xmpp-sasl2"]);
}

fn client_says(text: &str, octets: Vec<u8>) {
    let message = if text.starts_with("<authenticate") {
        let mechanism = "SCRAM-SHA-256".parse().unwrap();
        ClientMessage::Authenticate { mechanism, initial_response: Some(Response::new(octets)) }
    } else {
        ClientMessage::Response(Response::new(octets))
    };
    assert_eq!(spell(&message, &Request::default()).as_str(), text);
    assert_eq!(said(text), Ok(Said { message, request: Request::default() }));
}

fn server_says(text: &str, words: Challenge) {
    let (ours, expected) = if text.starts_with("<challenge") {
        (sasl2::challenge(&words), Answer::Challenge(words))
    } else {
        let success = Success {
            additional_data: Some(words),
            authorization_identifier: "user@example.org".into(),
            ..Success::default()
        };
        (sasl2::success(&success), Answer::Success(success))
    };
    assert_eq!(ours.as_str(), text);
    assert_eq!(answer(text), Some(expected));
}

#[test]
fn an_absent_and_an_empty_element_are_two_things() {
    let mechanism = "PLAIN".parse().unwrap();
    for initial_response in [None, Some(Response::empty())] {
        let message = ClientMessage::Authenticate { mechanism, initial_response };
        let xml = spell(&message, &Request::default());
        assert_eq!(said(&xml).unwrap().message, message, "{}", *xml);
    }
    let response = ClientMessage::Response(Response::empty());
    assert_eq!(
        spell(&response, &Request::default()).as_str(),
        "<response xmlns='urn:xmpp:sasl:2'/>"
    );
    for additional_data in [None, Some(Challenge::empty())] {
        let success = Success { additional_data, ..Success::default() };
        assert_eq!(answer(&sasl2::success(&success)), Some(Answer::Success(success)));
    }
    // No equals sign stands for anything here.
    assert_eq!(
        said("<response xmlns='urn:xmpp:sasl:2'>=</response>"),
        Err(FailureCode::BadEncoding)
    );
    assert_eq!(answer("<challenge xmlns='urn:xmpp:sasl:2'>=</challenge>"), None);
}

#[test]
fn a_resource_and_tokens_ride_on_the_exchange() {
    let message = ClientMessage::Authenticate {
        mechanism: "HT-SHA-256-NONE".parse().unwrap(),
        initial_response: Some(Response::new(*b"a")),
    };
    let request = Request {
        user_agent: Some(UserAgent {
            id: Some("d4565fa7-4d72-4749-b3d3-740edbf87770".into()),
            software: Some("A & B".into()),
            device: None,
        }),
        bind: Some(Bind { tag: Some("phone".into()) }),
        fast: Some(Fast { count: Some(7), token: TokenUse::Invalidated }),
        wanted_token: Some("HT-SHA-256-EXPR".parse().unwrap()),
    };
    let xml = spell(&message, &request);
    assert_eq!(said(&xml), Ok(Said { message, request }));
    let success = Success {
        authorization_identifier: "user@example.org/phone.x".into(),
        bound: Bound::Resource,
        token: Some(Token {
            token: Secret::new("secret-token:fast-<'>"),
            expiry: "2026-12-01T00:00:00Z".into(),
        }),
        ..Success::default()
    };
    let heard = answer(&sasl2::success(&success)).unwrap();
    assert!(!format!("{heard:?}").contains("fast-"));
    assert_eq!(heard, Answer::Success(success));
    for junk in [
        "<fast xmlns='urn:xmpp:fast:0' count='-1'/>",
        "<fast xmlns='urn:xmpp:fast:0' count=''/>",
        "<request-token xmlns='urn:xmpp:fast:0'/>",
        "<request-token xmlns='urn:xmpp:fast:0' mechanism='a'/>",
    ] {
        let xml =
            format!("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='X'>{junk}</authenticate>");
        assert_eq!(said(&xml), Err(FailureCode::Malformed), "{junk}");
    }
    let no_token = "<success xmlns='urn:xmpp:sasl:2'><authorization-identifier>a</authorization-identifier>\
                    <token xmlns='urn:xmpp:fast:0' expiry='x'/></success>";
    assert_eq!(answer(no_token), None);
    assert_eq!(answer("<success xmlns='urn:xmpp:sasl:2'/>"), None, "success of nobody");
}

#[test]
fn tasks_come_with_the_last_words() {
    let words = Challenge::new(*b"v=");
    let xml = sasl2::more(Some(&words), &["A-TASK", "B<"]);
    let heard = answer(&xml).unwrap();
    let expected = ServerMessage::Success { additional_data: Some(words.clone()) };
    assert_eq!(heard.message(), expected);
    let tasks = vec!["A-TASK".into(), "B<".into()];
    assert_eq!(heard, Answer::Continue { additional_data: Some(words), tasks });
    assert_eq!(next("A-TASK"), "<next xmlns='urn:xmpp:sasl:2' task='A-TASK'/>");
}

#[test]
fn failures_keep_their_condition_and_words() {
    for (code, condition) in [
        (FailureCode::Aborted, "aborted"),
        (FailureCode::AuthorizationDenied, "invalid-authzid"),
        (FailureCode::CredentialsExpired, "credentials-expired"),
        (FailureCode::InvalidCredentials, "not-authorized"),
        (FailureCode::MechanismUnknown, "invalid-mechanism"),
        (FailureCode::Temporary, "temporary-auth-failure"),
    ] {
        let Some(Answer::Failure(it)) = answer(&sasl2::failure(code)) else { panic!("{code:?}") };
        assert_eq!((it.code(), it.condition.as_str()), (code, condition));
    }
    let xml = "<failure xmlns='urn:xmpp:sasl:2'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>\
               <text>gone</text></failure>";
    let Some(Answer::Failure(it)) = answer(xml) else { panic!() };
    assert_eq!((it.condition.as_str(), it.text.as_str()), ("aborted", "gone"));
    assert_eq!(said("<abort xmlns='urn:xmpp:sasl:2'/>").unwrap().message, ClientMessage::Abort);
}

#[test]
fn what_is_offered_is_read() {
    let offered = Offered {
        mechanisms: vec!["SCRAM-SHA-256".parse().unwrap(), "PLAIN".parse().unwrap()],
        bind: Inline::Offered,
        fast: Some(FastOffer {
            mechanisms: vec!["HT-SHA-256-NONE".parse().unwrap()],
            early_data: Inline::Offered,
        }),
        ..Offered::default()
    };
    let offer = Offer { mechanisms: &[], bindings: &[], start_tls: false };
    let features = |xml: &str| match client(xml) {
        Some(StreamEvent::Features(it)) => it,
        other => panic!("{other:?}"),
    };
    assert_eq!(features(&offer.spell_with(&offered)).sasl2, Some(offered));
    // It must not be offered without mechanisms.
    assert_eq!(features(&offer.spell()).sasl2, None);
    let odd = "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>X</mechanism><mechanism>X</mechanism>\
               <mechanism>a!</mechanism></authentication></stream:features>";
    let odd = features(odd).sasl2.unwrap();
    assert_eq!((odd.mechanisms.len(), odd.unreadable.as_slice()), (1, &["a!".to_owned()][..]));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        first in prop::option::of(prop::collection::vec(any::<u8>(), 0..99)), agent in prop::option::of("[ -~]{1,20}"),
        tag in prop::option::of(prop::option::of("[a-z<&']{1,9}")), count in prop::option::of(any::<u64>()),
    ) {
        let mechanism = "X".parse().unwrap();
        let message = ClientMessage::Authenticate { mechanism, initial_response: first.map(Response::new) };
        let request = Request {
            user_agent: agent.map(|it| UserAgent { id: Some(it.clone()), software: None, device: Some(it) }),
            bind: tag.map(|tag| Bind { tag }),
            fast: count.map(|count| Fast { count: Some(count), token: TokenUse::Kept }),
            wanted_token: None,
        };
        let xml = spell(&message, &request);
        prop_assert_eq!(said(&xml), Ok(Said { message, request }));
    }
}
