//! saslauthd's requests and replies, and laws of its room.

use aiosasl::{error::FailureCode, secret::Secret};
use aiosasl_profiles::{
    WireClass,
    frame::FrameBuffer,
    saslauthd::{
        ClientAddress, MAX_FIELD, MAX_REQUEST, Reply, Request, measure_reply, measure_request,
        measure_request_with_address,
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    match entry.kind {
        "request" => {
            let request = Request {
                login: entry.text("login").to_owned(),
                password: Secret::new(entry.text("password")),
                service: entry.text("service").to_owned(),
                realm: entry.text("realm").to_owned(),
                client_address: None,
            };
            assert_eq!(*request.to_frame().unwrap(), entry.octets, "{}", entry.id);
            let read = Request::parse(&entry.octets, ClientAddress::Absent);
            assert_eq!(read, Ok(request), "{}", entry.id);
        }
        "response" => {
            let reply = Reply { text: entry.text("text").to_owned() };
            assert_eq!(reply, Reply::ok());
            assert_eq!(*reply.to_frame().unwrap(), entry.octets, "{}", entry.id);
            assert_eq!(Reply::parse(&entry.octets), Ok(reply), "{}", entry.id);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn only_ok_lets_somebody_in() {
    let class =
        |text: &str| Reply { text: text.to_owned() }.into_result().map_err(|error| error.class);
    assert_eq!(class("OK"), Ok(()));
    assert_eq!(class("OK welcome"), Ok(()));
    for text in ["NO", "NO reason", "NO authentication failed"] {
        assert_eq!(class(text), Err(WireClass::Credentials), "{text}");
    }
    for text in ["", "O", "OKAY", "ok", "NOT OK", " OK", "\u{20ac}OK"] {
        assert_eq!(class(text), Err(WireClass::Protocol), "{text}");
    }
    let wrong = Reply::failure(FailureCode::InvalidCredentials);
    assert_eq!(
        wrong,
        Reply::failure(FailureCode::AccountDisabled),
        "nothing to tell them apart by"
    );
}

#[test]
fn fields_that_are_too_long_are_refused_by_their_length_alone() {
    assert!(measure_request(&[0xff, 0xff]).is_err());
    assert_eq!(measure_request(&[0, 1, b'u', 0, 0, 0, 0, 0]), Ok(None));
    assert_eq!(measure_request(&[0, 1, b'u', 0, 0, 0, 0, 0, 0]), Ok(Some(9)));
    assert_eq!(measure_reply(&[0, 2]), Ok(Some(4)));
    let long = Request {
        login: "u".repeat(MAX_FIELD + 1),
        password: Secret::default(),
        service: String::new(),
        realm: String::new(),
        client_address: None,
    };
    assert!(long.to_frame().is_err());
    assert!(Request::parse(&[0, 1, b'u', 0, 0, 0, 0], ClientAddress::Absent).is_err());
    assert!(Request::parse(&[0; 10], ClientAddress::Absent).is_err(), "a field too many");
    assert!(Request::parse(&[0; 10], ClientAddress::Present).is_ok());
}

proptest! {
    #[test]
    fn no_octets_do_harm(octets in vec(prop_oneof![Just(0_u8), 0_u8..4, any::<u8>()], 0..40)) {
        for client_address in [ClientAddress::Absent, ClientAddress::Present] {
            if let Ok(request) = Request::parse(&octets, client_address) {
                prop_assert_eq!(&*request.to_frame().unwrap(), &octets);
            }
        }
        if let Ok(reply) = Reply::parse(&octets) {
            if reply.into_result().is_ok() {
                prop_assert!(octets.starts_with(&[0, u8::try_from(octets.len() - 2).unwrap(), b'O', b'K']));
            }
        }
    }

    #[test]
    fn a_request_arrives_in_any_pieces(
        login in ".{0,9}", password in vec(any::<u8>(), 0..20), realm in ".{0,9}", address in prop::option::of("[0-9.]{7,9}"),
        piece in 1_usize..9,
    ) {
        let (measure, expected): (aiosasl_profiles::frame::Measure, _) = match address {
            None => (measure_request, ClientAddress::Absent),
            Some(_) => (measure_request_with_address, ClientAddress::Present),
        };
        let password = Secret::new(password);
        let request = Request { login, password, service: "imap".into(), realm, client_address: address };
        let mut buffer = FrameBuffer::new(MAX_REQUEST);
        let mut read = None;
        for octets in request.to_frame().unwrap().chunks(piece) {
            buffer.push(octets).unwrap();
            if let Some(frame) = buffer.next_frame(measure).unwrap() {
                read = Some(Request::parse(&frame, expected).unwrap());
            }
        }
        prop_assert_eq!(read, Some(request));
    }
}
