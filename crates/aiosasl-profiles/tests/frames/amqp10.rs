//! AMQP 1.0's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
};
use aiosasl_profiles::{
    WireClass,
    amqp10::{MAX_FRAME, Message, OutcomeCode, client, measure, server},
    frame::MechanismList,
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    let message = message(entry);
    assert_eq!(*message.to_frame().unwrap(), entry.octets, "{}", entry.id);
    assert_eq!(Message::parse(&entry.octets).as_ref(), Ok(&message), "{}", entry.id);
    let answer = match &message {
        Message::Header(_) => return assert_eq!(message, Message::HEADER),
        Message::Mechanisms(names) => {
            return assert_eq!(*server::offer(names.clone()).unwrap(), entry.octets);
        }
        Message::Init { hostname, .. } => {
            let said = server::hear(message.clone()).unwrap();
            let written = client::request(&said, hostname.as_deref()).unwrap().unwrap();
            return assert_eq!(*written, entry.octets);
        }
        Message::Challenge(words) => ServerMessage::Challenge(words.clone()),
        Message::Outcome { code: OutcomeCode::OK, additional_data } => {
            let heard = client::hear(&message);
            assert_eq!(heard, Ok(driver::Reply::Success(additional_data.clone())));
            ServerMessage::Success { additional_data: additional_data.clone() }
        }
        Message::Outcome { .. } => {
            assert_eq!(client::hear(&message).unwrap_err().class, WireClass::Credentials);
            ServerMessage::Failure(FailureCode::InvalidCredentials)
        }
        Message::Response(_) => panic!("there is none"),
    };
    assert_eq!(*server::answer(&answer).unwrap(), entry.octets, "{}", entry.id);
}

fn message(entry: &Entry<'_>) -> Message {
    match entry.kind {
        "ProtocolHeader" => Message::Header([entry.number("protocol_id"), 1, 0, 0]),
        "sasl-mechanisms" => {
            let names = entry.texts("mechanisms");
            Message::Mechanisms(names.iter().map(|name| name.parse().unwrap()).collect())
        }
        "sasl-init" => Message::Init {
            mechanism: entry.text("mechanism").to_owned(),
            initial_response: entry.bytes("initial_response_b64").map(Response::new),
            hostname: Some(entry.text("hostname").to_owned()),
        },
        "sasl-challenge" => Message::Challenge(Challenge::new(entry.bytes("data_b64").unwrap())),
        "sasl-outcome" => Message::Outcome {
            code: OutcomeCode(entry.number("code")),
            additional_data: entry.bytes("additional_data_b64").map(Challenge::new),
        },
        other => panic!("{other}"),
    }
}

#[test]
fn peers_may_spell_the_same_otherwise() {
    let one: MechanismList = ["ONE".parse().unwrap()].into_iter().collect();
    for octets in [
        &b"\0\0\0\x13\x02\x01\0\0\0\x53\x40\xc0\x06\x01\xa3\x03ONE"[..],
        b"\0\0\0\x1a\x02\x01\0\0\0\x80\0\0\0\0\0\0\0\x40\xc0\x06\x01\xa3\x03ONE",
        b"\0\0\0\x17\x03\x01\0\0abcd\0\x53\x40\xc0\x06\x01\xa3\x03ONE",
        b"\0\0\0\x2c\x02\x01\0\0\0\xa3\x19amqp:sasl-mechanisms:list\xc0\x06\x01\xa3\x03ONE",
        b"\0\0\0\x25\x02\x01\0\0\0\x53\x40\xd0\0\0\0\x15\0\0\0\x01\xf0\0\0\0\x0c\0\0\0\x01\xb3\0\0\0\x03ONE",
    ] {
        assert_eq!(Message::parse(octets), Ok(Message::Mechanisms(one.clone())), "{octets:?}");
    }
    for octets in [
        &b"\0\0\0\x13\x01\x01\0\0\0\x53\x40\xc0\x06\x01\xa3\x03ONE"[..],
        b"\0\0\0\x13\x02\x00\0\0\0\x53\x40\xc0\x06\x01\xa3\x03ONE",
        b"\0\0\0\x13\x02\x01\0\0\0\x53\x40\xc0\x06\x02\xa3\x03ONE",
        b"\0\0\0\x13\x02\x01\0\0\0\x53\x45\xc0\x06\x01\xa3\x03ONE",
    ] {
        assert!(Message::parse(octets).is_err(), "{octets:?}");
    }
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    for head in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x07"] {
        assert!(measure(head).is_err(), "{head:?}");
    }
    assert_eq!(measure(b"AMQP"), Ok(Some(8)));
    let long = ClientMessage::Response(Response::new(vec![0; MAX_FRAME]));
    assert!(client::request(&long, None).is_err());
    assert_eq!(client::request(&ClientMessage::Abort, None), Ok(None));
}

proptest! {
    #[test]
    fn no_octets_do_harm(octets in vec(any::<u8>(), 0..64), descriptor in 0x40..0x45_u8) {
        let _ = Message::parse(&octets);
        let list = u8::try_from(octets.len()).unwrap();
        let body = [&[2, 1, 0, 0, 0, 0x53, descriptor, 0xc0, list], octets.as_slice()].concat();
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        if let Ok(message) = Message::parse(&[length.as_slice(), &body].concat()) {
            prop_assert_eq!(Message::parse(&message.to_frame().unwrap()), Ok(message));
        }
    }

    #[test]
    fn messages_of_every_length_arrive(
        octets in vec(any::<u8>(), 0..600), hostname in prop::option::of("[a-z.]{0,300}"),
        names in vec("[A-Z]{1,20}", 1..40),
    ) {
        let mechanism = "X".parse().unwrap();
        for initial_response in [None, Some(Response::new(octets.clone()))] {
            let said = ClientMessage::Authenticate { mechanism, initial_response };
            let frame = client::request(&said, hostname.as_deref()).unwrap().unwrap();
            prop_assert_eq!(server::hear(Message::parse(&frame).unwrap()), Ok(said));
        }
        let challenge = Challenge::new(octets);
        let frame = server::answer(&ServerMessage::Challenge(challenge.clone())).unwrap();
        let heard = client::hear(&Message::parse(&frame).unwrap());
        prop_assert_eq!(heard, Ok(driver::Reply::Challenge(challenge)));
        let names: MechanismList = names.iter().map(|name| name.parse().unwrap()).collect();
        let frame = server::offer(names.clone()).unwrap();
        prop_assert_eq!(Message::parse(&frame), Ok(Message::Mechanisms(names)));
    }
}
