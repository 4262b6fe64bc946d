//! MongoDB's documents and messages, and laws of its room.

use aiosasl::{
    driver,
    encoding::{encode, unhex},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
};
use aiosasl_profiles::{
    FirstWord, WireClass,
    frame::MechanismList,
    mongodb::{
        Document, MAX_FRAME, Message,
        client::{self, Exchange},
        measure,
        server::{self, Command, LastWords, Start},
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    assert_eq!(entry.kind, "saslStart");
    let mechanism = entry.text("mechanism").parse().unwrap();
    let initial_response = entry.bytes("payload_b64").map(Response::new);
    let message = ClientMessage::Authenticate { mechanism, initial_response };
    let database = entry.text("db");
    let written = Exchange::new(database, 1).document(&message).unwrap();
    assert_eq!(written.as_bytes(), entry.octets, "{}", entry.id);
    let read = Document::parse(&entry.octets).unwrap();
    let Command::SaslStart(start) = Command::of(&read) else { panic!("{read:?}") };
    assert_eq!((start.database.as_str(), start.last_words), (database, LastWords::InSuccess));
    assert_eq!(start.message(|_| FirstWord::Client), Ok(message));
}

fn begin(response: &[u8]) -> ClientMessage {
    let mechanism = "ONE".parse().unwrap();
    ClientMessage::Authenticate { mechanism, initial_response: Some(Response::new(response)) }
}

/// A message's document, as the other end reads it.
fn read(frame: &[u8]) -> Message {
    assert_eq!(measure(frame), Ok(Some(frame.len())));
    Message::parse(frame).unwrap()
}

#[test]
fn an_exchange_may_begin_with_the_hello() {
    let mut exchange = Exchange::new("db", 7);
    let speculation = exchange.speculate(&begin(b"first")).unwrap();
    let hello = client::hello(Some("db.user"), Some(&speculation)).unwrap();
    let Command::Hello { user, speculation } = Command::of(&hello) else { panic!() };
    assert_eq!(user.as_deref(), Some("db.user"));
    let Some(Start { database, payload, .. }) = speculation else { panic!() };
    assert_eq!((database.as_str(), payload), ("db", Response::new(*b"first")));
    let challenge = Challenge::new(*b"go on");
    let step = server::answer(&ServerMessage::Challenge(challenge.clone()), 3).unwrap();
    let names: MechanismList = ["ONE".parse().unwrap()].into_iter().collect();
    let answer = server::hello(Some(&names), Some(&step)).unwrap();
    assert_eq!(client::mechanisms(&answer), Ok(names));
    let heard = exchange.hear_speculation(&answer);
    assert_eq!(heard, Ok(Some(driver::Reply::Challenge(challenge))));
    let plain = server::hello(None, None).unwrap();
    assert_eq!(exchange.hear_speculation(&plain), Ok(None));
    let message = ClientMessage::Response(Response::new(*b"second"));
    let request = read(&exchange.request(&message).unwrap().unwrap());
    let payload = Response::new(*b"second");
    assert_eq!(Command::of(&request.body), Command::SaslContinue { conversation: 3, payload });
    let words = Some(Challenge::new(*b"last"));
    let body = server::answer(&ServerMessage::Success { additional_data: words.clone() }, 3);
    let answer = Message { request_id: 1, response_to: 7, body: body.unwrap() };
    let answer = read(&answer.to_frame().unwrap());
    assert_eq!(exchange.hear(&answer), Ok(driver::Reply::Success(words)));
}

#[test]
fn refusals_and_answers_to_something_else_are_errors() {
    let mut exchange = Exchange::new("db", 1);
    assert!(exchange.request(&ClientMessage::Response(Response::empty())).is_err());
    assert_eq!(exchange.request(&ClientMessage::Abort), Ok(None));
    exchange.request(&begin(b"")).unwrap();
    for (code, class) in [
        (FailureCode::InvalidCredentials, WireClass::Credentials),
        (FailureCode::MechanismUnknown, WireClass::Mechanism),
        (FailureCode::Temporary, WireClass::Temporary),
        (FailureCode::WrongState, WireClass::Protocol),
    ] {
        let body = server::failure(code).unwrap();
        let answer = Message { request_id: 1, response_to: 1, body };
        assert_eq!(exchange.hear(&answer).unwrap_err().class, class, "{code}");
    }
    let body = server::answer(&ServerMessage::Challenge(Challenge::empty()), 3).unwrap();
    let answer = |response_to| Message { request_id: 1, response_to, body: body.clone() };
    assert!(exchange.hear(&answer(2)).is_err());
    assert_eq!(exchange.hear(&answer(1)), Ok(driver::Reply::Challenge(Challenge::empty())));
    let body = server::answer(&ServerMessage::Challenge(Challenge::empty()), 4).unwrap();
    let other = Message { request_id: 1, response_to: 1, body };
    assert!(exchange.hear(&other).is_err(), "another conversation");
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    for head in [&b"\xff\xff\xff\xff"[..], b"\x0f\0\0\0", b"\xff\xff\xff\x7f"] {
        assert!(measure(head).is_err(), "{head:?}");
    }
    let long = vec![0; MAX_FRAME];
    assert!(Exchange::new("db", 1).request(&begin(&long)).is_err());
}

proptest! {
    #[test]
    fn no_octets_do_harm(elements in vec(any::<u8>(), 0..64), flags in 0..3_u8) {
        let _ = (Message::parse(&elements), Document::parse(&elements));
        let length = u8::try_from(elements.len() + 5).unwrap();
        let body = [&[length, 0, 0, 0], elements.as_slice(), &[0]].concat();
        let head = [length + 21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0, flags, 0, 0, 0, 0];
        if let Ok(message) = Message::parse(&[head.as_slice(), &body].concat()) {
            let _ = (Command::of(&message.body), client::mechanisms(&message.body));
            let _ = Exchange::new("db", 1).hear(&message);
            prop_assert_eq!(Message::parse(&message.to_frame().unwrap()), Ok(message));
        }
    }

    #[test]
    fn steps_arrive(octets in vec(any::<u8>(), 0..300), conversation in any::<i32>()) {
        let mut exchange = Exchange::new("db", i32::MAX);
        let request = read(&exchange.request(&begin(&octets)).unwrap().unwrap());
        let Command::SaslStart(start) = Command::of(&request.body) else { panic!() };
        prop_assert_eq!(start.message(|_| FirstWord::Client), Ok(begin(&octets)));
        let challenge = Challenge::new(octets.clone());
        let body = server::answer(&ServerMessage::Challenge(challenge.clone()), conversation);
        let answer = Message { request_id: 1, response_to: request.request_id, body: body.unwrap() };
        prop_assert_eq!(exchange.hear(&answer), Ok(driver::Reply::Challenge(challenge)));
        let response = Response::new(octets);
        let request = exchange.request(&ClientMessage::Response(response.clone()));
        let read = Command::of(&read(&request.unwrap().unwrap()).body);
        prop_assert_eq!(read, Command::SaslContinue { conversation, payload: response });
    }
}

/// The transcripts are written as people write documents, without what stands around an exchange.
#[test]
fn transcripts_are_read_and_written_by_both_halves() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../../vectors/profiles.json")).unwrap();
    let mut played = Vec::new();
    for transcript in
        file["valid"].as_array().unwrap().iter().filter(|it| it["protocol"] == "mongodb")
    {
        let [request, answer] = transcript["lines"].as_array().unwrap().as_slice() else {
            panic!()
        };
        let octets = unhex(request["sasl_hex"].as_str().unwrap().as_bytes()).unwrap();
        let mechanism = "PLAIN".parse().unwrap();
        let initial_response = Some(Response::new(octets));
        let message = ClientMessage::Authenticate { mechanism, initial_response };
        let mut exchange = Exchange::new("$external", 1);
        let said = read(&exchange.request(&message).unwrap().unwrap()).body;
        let Command::SaslStart(start) = Command::of(&said) else { panic!() };
        assert_eq!(start.message(|_| FirstWord::Client), Ok(message));
        let payload = encode(start.payload.as_bytes());
        let text =
            format!("{{saslStart: 1, mechanism: \"PLAIN\", payload: BinData(0, \"{payload}\")}}");
        assert_eq!(text, request["text"].as_str().unwrap());
        let body = server::answer(&ServerMessage::Success { additional_data: None }, 1).unwrap();
        let payload = encode(body.octets("payload").unwrap());
        let text = format!(
            "{{conversationId: {}, payload: BinData(0, \"{payload}\"), done: {}, ok: {}}}",
            body.number("conversationId").unwrap(),
            body.is_true("done"),
            body.number("ok").unwrap(),
        );
        assert_eq!(text, answer["text"].as_str().unwrap());
        let heard = exchange.hear(&Message { request_id: 1, response_to: 1, body });
        assert_eq!(heard, Ok(driver::Reply::Success(None)));
        played.push(transcript["id"].as_str().unwrap());
    }
    assert_eq!(played, ["mongodb-plain"]);
}
