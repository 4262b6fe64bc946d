//! Cassandra's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
};
use aiosasl_profiles::{
    WireClass,
    cassandra::{Frame, MAX_FRAME, Message, Sender, client, measure, server},
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    let frame = Frame::parse(&entry.octets).unwrap();
    assert_eq!(*frame.to_octets().unwrap(), entry.octets, "{}", entry.id);
    let stream = entry.number("stream");
    assert_eq!((frame.version, frame.stream), (entry.number("version"), stream));
    match entry.kind {
        "AUTHENTICATE" => {
            let class = entry.text("authenticator");
            assert_eq!(frame.sender, Sender::Server);
            assert_eq!(frame.message, Message::Authenticate(class.to_owned()));
            assert_eq!(*server::authenticate(class, stream).unwrap(), entry.octets);
        }
        "AUTH_RESPONSE" => {
            let token = Response::new(entry.bytes("token_b64").unwrap());
            assert_eq!(frame.sender, Sender::Client);
            let message = ClientMessage::Authenticate {
                mechanism: "PLAIN".parse().unwrap(),
                initial_response: Some(token.clone()),
            };
            let ours = client::request(&message, stream).unwrap().unwrap();
            assert_eq!(*ours, entry.octets);
            assert_eq!(frame.message.into_message(), Ok(ClientMessage::Response(token)));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn outcomes_are_heard_as_they_were_said() {
    let heard = |message: &ServerMessage| {
        let frame = Frame::parse(&server::answer(message, 7).unwrap()).unwrap();
        assert_eq!((frame.sender, frame.stream), (Sender::Server, 7));
        client::hear(&frame.message).map_err(|error| error.class)
    };
    for words in [None, Some(Challenge::empty()), Some(Challenge::new(*b"v="))] {
        let success = ServerMessage::Success { additional_data: words.clone() };
        assert_eq!(heard(&success), Ok(driver::Reply::Success(words)));
    }
    let challenge = Challenge::new(*b"c");
    let said = ServerMessage::Challenge(challenge.clone());
    assert_eq!(heard(&said), Ok(driver::Reply::Challenge(challenge)));
    for (code, class) in [
        (FailureCode::AuthorizationDenied, WireClass::Credentials),
        (FailureCode::InvalidCredentials, WireClass::Credentials),
        (FailureCode::Malformed, WireClass::Protocol),
        (FailureCode::Temporary, WireClass::Temporary),
    ] {
        assert_eq!(heard(&ServerMessage::Failure(code)), Err(class), "{code:?}");
    }
    assert_eq!(client::request(&ClientMessage::Abort, 1), Ok(None));
    assert!(client::hear(&Message::Ready).is_err());
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    for length in [0x7fff_ffff_u32, 0xffff_ffff, u32::try_from(MAX_FRAME).unwrap()] {
        let head = [&[0x84, 0, 0, 0, 0x0e][..], &length.to_be_bytes()].concat();
        assert!(measure(&head).is_err(), "{length}");
    }
    assert_eq!(measure(&[4, 0, 0, 0, 15, 0, 0]), Ok(None));
    assert!(measure(&[5]).is_err(), "version 5");
    assert!(Frame::parse(&[4, 1, 0, 0, 2, 0, 0, 0, 0]).is_err(), "compressed");
}

proptest! {
    #[test]
    fn no_octets_do_harm(
        version in prop::sample::select(vec![3_u8, 4, 0x83, 0x84]), opcode in prop::sample::select(vec![0_u8, 1, 2, 3, 14, 15, 16]),
        stream in any::<i16>(), body in vec(any::<u8>(), 0..64), counted in any::<bool>(),
    ) {
        let count = u32::try_from(body.len()).unwrap().to_be_bytes();
        let body = if counted { [count.as_slice(), &body].concat() } else { body };
        let length = u32::try_from(body.len()).unwrap();
        let head = [&[version, 0][..], &stream.to_be_bytes(), &[opcode], &length.to_be_bytes()].concat();
        if let Ok(frame) = Frame::parse(&[head, body.clone()].concat()) {
            let written = frame.to_octets().unwrap();
            let again = Frame::parse(&written).unwrap();
            // Words that were made printable may grow past what is kept of them.
            if !matches!(frame.message, Message::Error { .. }) {
                prop_assert_eq!(&again, &frame);
            }
            if let Ok(driver::Reply::Success(_)) = client::hear(&frame.message) {
                prop_assert_eq!(opcode, 16);
            }
            let _ = frame.message.into_message();
        }
        let _ = Frame::parse(&body);
    }
}
