//! LDAP's messages, and laws of its room.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass,
    frame::MechanismList,
    ldap::{
        BindRequest, BindResponse, Control, Criticality, ExtendedRequest, LdapResult, MAX_FRAME,
        Message, NOTICE_OF_DISCONNECTION, Operation, ResultCode, START_TLS, SearchEntry,
        SearchRequest,
        client::{Exchange, farewell},
        measure,
        server::{self, Heard},
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    let id = entry.number("message_id");
    let read = Message::parse(&entry.octets).unwrap();
    assert_eq!(*read.to_frame().unwrap(), entry.octets, "{}", entry.id);
    match entry.kind {
        "BindRequest" => client_says(entry, id, &read),
        "BindResponse" => server_says(entry, id, &read),
        other => panic!("{other}"),
    }
}

fn client_says(entry: &Entry<'_>, id: u32, read: &Message) {
    let mechanism = entry.text("mechanism").parse().unwrap();
    let initial_response = entry.bytes("credentials_b64").map(Response::new);
    let message = ClientMessage::Authenticate { mechanism, initial_response };
    assert_eq!(*Exchange::new(id).request(&message).unwrap(), entry.octets, "{}", entry.id);
    let Operation::BindRequest(bind) = &read.operation else { panic!("{read:?}") };
    assert_eq!((read.id, bind.name.as_str()), (id, entry.text("name")));
    assert_eq!(server::hear(bind, None), Ok(Heard::Message(message)), "{}", entry.id);
}

fn server_says(entry: &Entry<'_>, id: u32, read: &Message) {
    let words = entry.bytes("server_creds_b64").map(Challenge::new);
    let result = LdapResult {
        code: ResultCode(entry.number("result")),
        matched: entry.text("matched").to_owned(),
        message: entry.text("message").to_owned(),
        referrals: Vec::new(),
    };
    let expected = BindResponse { result, server_credentials: words.clone() };
    assert_eq!(*read, Message::new(id, Operation::BindResponse(expected)), "{}", entry.id);
    let message = match entry.number("result") {
        0 => ServerMessage::Success { additional_data: words.clone() },
        14 => ServerMessage::Challenge(words.clone().unwrap()),
        49 => ServerMessage::Failure(aiosasl::error::FailureCode::InvalidCredentials),
        other => panic!("{other}"),
    };
    assert_eq!(*server::answer(id, &message).unwrap(), entry.octets, "{}", entry.id);
    let mut exchange = Exchange::new(id);
    let mechanism = "X".parse().unwrap();
    exchange.request(&ClientMessage::Authenticate { mechanism, initial_response: None }).unwrap();
    match (message, exchange.hear(read)) {
        (ServerMessage::Success { .. }, heard) => {
            assert_eq!(heard, Ok(driver::Reply::Success(words)));
        }
        (ServerMessage::Challenge(words), heard) => {
            assert_eq!(heard, Ok(driver::Reply::Challenge(words)));
        }
        (ServerMessage::Failure(_), heard) => assert!(heard.is_err()),
    }
}

#[test]
fn messages_around_the_bind_are_read_as_they_were_written() {
    let names = ["ONE", "TWO"].map(|name| name.parse().unwrap());
    let mechanisms: MechanismList = names.into_iter().collect();
    let entry = SearchEntry::root_dse(&mechanisms, &[START_TLS]);
    assert_eq!(entry.mechanisms(), Ok(mechanisms));
    assert_eq!(entry.values("SUPPORTEDEXTENSION"), [Secret::from(START_TLS)]);
    assert!(SearchRequest::root_dse().is_root_dse());
    for operation in [
        Operation::ExtendedRequest(ExtendedRequest::start_tls()),
        Operation::SearchRequest(SearchRequest::root_dse()),
        Operation::SearchEntry(entry),
        Operation::SearchDone(LdapResult::new(ResultCode::SUCCESS, "")),
        Operation::BindRequest(BindRequest::simple("cn=me", Secret::from("pencil"))),
        Operation::Unbind,
    ] {
        let control = Control {
            name: "1.2.3".to_owned(),
            criticality: Criticality::Critical,
            value: Some(Secret::from("")),
        };
        let message = Message { id: 300, operation, controls: vec![control] };
        let frame = message.to_frame().unwrap();
        assert_eq!(measure(&frame), Ok(Some(frame.len())));
        assert_eq!(Message::parse(&frame), Ok(message));
    }
}

#[test]
fn a_notice_of_active_directorys_is_understood() {
    // The name stands where controls would.
    let frame = b"\x30\x84\0\0\0\x28\x02\x01\0\x78\x84\0\0\0\x07\x0a\x01\x34\x04\0\x04\0\
        \x8a\x161.3.6.1.4.1.1466.20036";
    let message = Message::parse(frame).unwrap();
    let Operation::ExtendedResponse(notice) = &message.operation else { panic!("{message:?}") };
    assert_eq!(notice.name.as_deref(), Some(NOTICE_OF_DISCONNECTION));
    assert_eq!(farewell(notice).class, WireClass::Temporary);
}

#[test]
fn a_root_dse_is_asked_for_as_others_do() {
    let request = Operation::SearchRequest(SearchRequest {
        attributes: vec!["a".to_owned()],
        ..SearchRequest::root_dse()
    });
    let expected = b"\x30\x28\x02\x01\x01\x63\x23\x04\0\x0a\x01\0\x0a\x01\0\x02\x01\0\x02\x01\0\
        \x01\x01\0\x87\x0bobjectClass\x30\x03\x04\x01a";
    assert_eq!(*Message::new(1, request).to_frame().unwrap(), *expected);
}

#[test]
fn what_is_too_long_is_not_written() {
    let message = ClientMessage::Response(Response::new(vec![0; MAX_FRAME]));
    let mut exchange = Exchange::new(1);
    assert!(exchange.request(&message).is_err(), "there is no mechanism yet");
    let mechanism = "X".parse().unwrap();
    exchange.request(&ClientMessage::Authenticate { mechanism, initial_response: None }).unwrap();
    assert!(exchange.request(&message).is_err());
}

/// Octets that look like elements more often than chance would have it.
fn elements() -> impl Strategy<Value = Vec<u8>> {
    let leaf =
        (any::<u8>(), vec(any::<u8>(), 0..6)).prop_map(|(tag, content)| element(tag, &content));
    leaf.prop_recursive(4, 32, 5, |inner| {
        let tag = prop::sample::select(vec![
            0x30, 0x31, 0x60, 0x61, 0x63, 0x64, 0x65, 0x77, 0x78, 0xa0, 0xa3,
        ]);
        let small = prop::sample::select(vec![&b"\x02\x01\x03"[..], b"\x0a\x01\x00", b"\x04\x01a"]);
        let small = small.prop_map(<[u8]>::to_vec);
        (tag, vec(prop_oneof![inner, small], 0..5))
            .prop_map(|(tag, parts)| element(tag, &parts.concat()))
    })
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], length.as_slice(), content].concat()
}

proptest! {
    #[test]
    fn no_octets_do_harm(octets in vec(any::<u8>(), 0..64), operation in elements()) {
        let _ = (measure(&octets), Message::parse(&octets));
        let frame = element(0x30, &[b"\x02\x01\x07".as_slice(), &operation].concat());
        if let Ok(message) = Message::parse(&frame) {
            prop_assert_eq!(Message::parse(&message.to_frame().unwrap()), Ok(message));
        }
    }

    #[test]
    fn an_exchange_arrives(name in "[A-Z0-9_-]{1,20}", octets in vec(any::<u8>(), 0..300), id in 1..0x7fff_0000_u32) {
        let mut exchange = Exchange::new(id);
        let mechanism = name.parse().unwrap();
        let first = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::new(octets.clone())) };
        let second = ClientMessage::Response(Response::new(octets.clone()));
        for (message, going_on, id) in [(first, None, id), (second, Some(mechanism), id + 1)] {
            let read = Message::parse(&exchange.request(&message).unwrap()).unwrap();
            prop_assert_eq!(read.id, id);
            let Operation::BindRequest(bind) = read.operation else { panic!() };
            prop_assert_eq!(server::hear(&bind, going_on), Ok(Heard::Message(message)));
            let challenge = Challenge::new(octets.clone());
            let answer = server::answer(id, &ServerMessage::Challenge(challenge.clone())).unwrap();
            let heard = exchange.hear(&Message::parse(&answer).unwrap());
            prop_assert_eq!(heard, Ok(driver::Reply::Challenge(challenge)));
        }
    }
}
