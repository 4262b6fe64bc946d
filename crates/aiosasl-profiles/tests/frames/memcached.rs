//! memcached's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response as Words, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    memcached::{MAX_FRAME, Opcode, Request, Response, Status, client, measure, server},
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    let opcode = Opcode::from(entry.number::<u8>("opcode"));
    let opaque = entry.number("opaque");
    let value = entry.bytes("value_b64").unwrap();
    if entry.kind == "response" {
        let response = Response {
            opcode,
            status: Status(entry.number("status")),
            value: Secret::new(value.clone()),
            opaque,
        };
        assert_eq!(*response.to_frame().unwrap(), entry.octets, "{}", entry.id);
        assert_eq!(Response::parse(&entry.octets).unwrap(), response, "{}", entry.id);
        let said = match response.status {
            Status::FURTHER_STEP => ServerMessage::Challenge(Challenge::new(value)),
            _ => ServerMessage::Failure(FailureCode::InvalidCredentials),
        };
        assert_eq!(*server::answer(&said, opcode, opaque).unwrap(), entry.octets);
        match (client::hear(&response, opaque, Said::Response), said) {
            (Ok(driver::Reply::Challenge(heard)), ServerMessage::Challenge(it)) => {
                assert_eq!(heard, it);
            }
            (Err(error), _) => assert_eq!(error.class, WireClass::Credentials),
            other => panic!("{other:?}"),
        }
        return;
    }
    let key = Secret::new(entry.text("key"));
    let request = Request { opcode, key, value: Secret::new(value.clone()), opaque };
    assert_eq!(*request.to_frame().unwrap(), entry.octets, "{}", entry.id);
    assert_eq!(Request::parse(&entry.octets).unwrap(), request, "{}", entry.id);
    if opcode == Opcode::ListMechanisms {
        return assert_eq!(*client::list(opaque).unwrap(), entry.octets);
    }
    let mechanism = entry.text("key").parse().unwrap();
    let message = match opcode {
        Opcode::Authenticate => {
            ClientMessage::Authenticate { mechanism, initial_response: Some(Words::new(value)) }
        }
        _ => ClientMessage::Response(Words::new(value)),
    };
    let ours = client::request(&message, mechanism, opaque).unwrap().unwrap();
    assert_eq!(*ours, entry.octets, "{}", entry.id);
    assert_eq!(request.into_message(), Ok(message), "{}", entry.id);
}

#[test]
fn mechanisms_are_listed() {
    let names = ["PLAIN".parse().unwrap(), "SCRAM-SHA-1".parse().unwrap()];
    let response = Response::parse(&server::offer(&names, 7).unwrap()).unwrap();
    assert_eq!(client::mechanisms(&response).unwrap().names(), names);
    let off = Response { status: Status::UNKNOWN_COMMAND, ..response };
    assert_eq!(client::mechanisms(&off).unwrap_err().class, WireClass::Mechanism);
}

#[test]
fn a_success_is_heard_with_or_without_words() {
    let mechanism = "PLAIN".parse().unwrap();
    for words in [None, Some(Challenge::new(*b"v="))] {
        let success = ServerMessage::Success { additional_data: words.clone() };
        let frame = server::answer(&success, Opcode::Step, 7).unwrap();
        let response = Response::parse(&frame).unwrap();
        let heard = client::hear(&response, 7, Said::Response).unwrap();
        assert_eq!(heard, driver::Reply::Success(words));
        assert!(client::hear(&response, 8, Said::Response).is_err(), "somebody else's");
    }
    assert_eq!(client::request(&ClientMessage::Abort, mechanism, 1), Ok(None));
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    let head = |length: u32| {
        [&[0x80, 0x21, 0, 0, 0, 0, 0, 0][..], &length.to_be_bytes(), &[0; 12]].concat()
    };
    assert_eq!(measure(&head(u32::try_from(MAX_FRAME - 24).unwrap())), Ok(Some(MAX_FRAME)));
    assert!(measure(&head(u32::try_from(MAX_FRAME - 23).unwrap())).is_err());
    assert!(measure(&head(u32::MAX)).is_err());
    assert_eq!(measure(&[0x80; 8]), Ok(None));
    assert!(measure(b"VERSION 1\r\n").is_err(), "the text protocol");
    let long = ClientMessage::Response(Words::new(vec![0; MAX_FRAME]));
    assert!(client::request(&long, "PLAIN".parse().unwrap(), 1).is_err());
}

proptest! {
    #[test]
    fn no_octets_do_harm(
        magic in prop::sample::select(vec![0x80_u8, 0x81]), head in vec(any::<u8>(), 7), rest in vec(any::<u8>(), 12..64),
    ) {
        let length = u32::try_from(rest.len() - 12).unwrap();
        let frame = [&[magic], head.as_slice(), &length.to_be_bytes(), &rest].concat();
        if let Ok(request) = Request::parse(&frame) {
            prop_assert_eq!(Request::parse(&request.to_frame().unwrap()), Ok(request.clone()));
            let _ = request.into_message();
        }
        if let Ok(response) = Response::parse(&frame) {
            prop_assert_eq!(Response::parse(&response.to_frame().unwrap()), Ok(response.clone()));
            let heard = client::hear(&response, response.opaque, Said::Response);
            if let Ok(driver::Reply::Success(_)) = heard {
                prop_assert_eq!(response.status, Status::SUCCESS);
            }
        }
        let _ = Request::parse(&rest);
        let _ = Response::parse(&rest);
    }
}
