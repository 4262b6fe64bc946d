//! ZooKeeper's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass,
    zookeeper::{
        ConnectRequest, ConnectResponse, MAX_FRAME, Reply, Request, client, measure, server,
    },
};
use proptest::{collection::vec, prelude::*};

#[test]
fn a_session_begins() {
    let begin = ConnectRequest { timeout: 30_000 };
    let mut octets = b"\0\0\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x75\x30".to_vec();
    octets.extend([0; 8]);
    octets.extend(b"\0\0\0\x10");
    octets.extend([0; 17]);
    assert_eq!(*begin.to_frame().unwrap(), octets);
    assert_eq!(ConnectRequest::parse(&octets), Ok(begin));
    let password = Secret::new([7; 16]);
    let begun = ConnectResponse { timeout: 20_000, session: 9, password };
    assert_eq!(ConnectResponse::parse(&begun.to_frame().unwrap()), Ok(begun.clone()));
    // Before 3.4, nobody says whether the server can write.
    let old = [&b"\0\0\0\x24"[..], &begun.to_frame().unwrap()[4..40]].concat();
    assert_eq!(ConnectResponse::parse(&old), Ok(begun));
    octets[27] = 1;
    assert!(ConnectRequest::parse(&octets).is_err(), "another session, to be gone on with");
}

#[test]
fn tokens_travel_in_requests_of_their_own_number() {
    let token = ClientMessage::Response(Response::new(*b"abc"));
    let frame = client::request(&token, 2).unwrap().unwrap();
    assert_eq!(*frame, b"\0\0\0\x0f\0\0\0\x02\0\0\0\x66\0\0\0\x03abc");
    let token = Response::new(*b"abc");
    assert_eq!(Request::parse(&frame), Ok(Request::Sasl { xid: 2, token }));
    assert_eq!(client::request(&ClientMessage::Abort, 1), Ok(None));
    let close = Request::Close { xid: 3 };
    assert_eq!(Request::parse(&close.to_frame().unwrap()), Ok(close));
}

#[test]
fn what_a_server_says_is_what_a_client_hears() {
    let heard = |message: &ServerMessage| {
        client::hear(&server::answer(message, 4).unwrap(), 4).map_err(|error| error.class)
    };
    let words = Challenge::new(*b"rspauth=");
    let challenge = ServerMessage::Challenge(words.clone());
    assert_eq!(heard(&challenge), Ok(driver::Reply::Challenge(words.clone())));
    let success = ServerMessage::Success { additional_data: Some(words.clone()) };
    assert_eq!(heard(&success), Ok(driver::Reply::Challenge(words)), "the wire can't tell");
    let success = ServerMessage::Success { additional_data: None };
    assert_eq!(heard(&success), Ok(driver::Reply::Success(None)));
    for (code, class) in [
        (FailureCode::InvalidCredentials, WireClass::Credentials),
        (FailureCode::Malformed, WireClass::Protocol),
        (FailureCode::Temporary, WireClass::Temporary),
    ] {
        assert_eq!(heard(&ServerMessage::Failure(code)), Err(class), "{code:?}");
    }
    // An absent token is what Java's servers say at the end.
    let end = b"\0\0\0\x14\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff";
    assert_eq!(client::hear(end, 1), Ok(driver::Reply::Success(None)));
    assert!(client::hear(end, 2).is_err(), "the answer to another request");
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    for length in [0x7fff_ffff_u32, 0xffff_ffff, u32::try_from(MAX_FRAME).unwrap()] {
        assert!(measure(&length.to_be_bytes()).is_err(), "{length}");
    }
    assert_eq!(measure(b"\0\0\0"), Ok(None));
}

proptest! {
    #[test]
    fn no_octets_do_harm(opcode in prop::sample::select(vec![102_i32, -11, 0, 1]), body in vec(any::<u8>(), 0..48)) {
        let content = [&[0, 0, 0, 1][..], &opcode.to_be_bytes(), &body].concat();
        for content in [content.as_slice(), &body] {
            let length = u32::try_from(content.len()).unwrap();
            let frame = [&length.to_be_bytes()[..], content].concat();
            if let Ok(request) = Request::parse(&frame) {
                prop_assert_eq!(Request::parse(&request.to_frame().unwrap()), Ok(request));
            }
            if let Ok(reply) = Reply::parse(&frame) {
                prop_assert_eq!(Reply::parse(&reply.to_frame().unwrap()), Ok(reply));
            }
            if let Ok(begun) = ConnectResponse::parse(&frame) {
                prop_assert_eq!(ConnectResponse::parse(&begun.to_frame().unwrap()), Ok(begun));
            }
            let _ = ConnectRequest::parse(&frame);
            let _ = client::hear(&frame, 1);
        }
    }
}
