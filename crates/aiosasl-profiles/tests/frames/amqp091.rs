//! AMQP 0-9-1's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
};
use aiosasl_profiles::{
    FirstWord, WireClass,
    amqp091::{
        HEADER, MAX_FRAME, Message, Method, StartOk, Table, Tune, Value, client, measure, server,
    },
    frame::MechanismList,
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    let method = match entry.kind {
        "StartOk" => Method::StartOk(start_ok(entry)),
        "Secure" => Method::Secure(Challenge::new(entry.bytes("challenge_b64").unwrap())),
        "SecureOk" => Method::SecureOk(Response::new(entry.bytes("response_b64").unwrap())),
        other => panic!("{other}"),
    };
    let message = Message::Method(method.clone());
    assert_eq!(*message.to_frame().unwrap(), entry.octets, "{}", entry.id);
    let read = Message::parse(&entry.octets).unwrap();
    assert_eq!(read, message, "{}", entry.id);
    match method {
        Method::Secure(challenge) => {
            let message = ServerMessage::Challenge(challenge.clone());
            assert_eq!(*server::answer(&message, Tune::default()).unwrap(), entry.octets);
            assert_eq!(client::hear(&read), Ok(driver::Reply::Challenge(challenge)));
        }
        Method::SecureOk(response) => {
            let message = ClientMessage::Response(response);
            assert_eq!(*client::request(&message).unwrap().unwrap(), entry.octets);
            assert_eq!(server::hear(&read, |_| FirstWord::Client), Ok(message));
        }
        Method::StartOk(StartOk { mechanism, response, .. }) => {
            let message = ClientMessage::Authenticate {
                mechanism: mechanism.parse().unwrap(),
                initial_response: Some(response),
            };
            assert_eq!(server::hear(&read, |_| FirstWord::Client), Ok(message));
        }
        other => panic!("{other:?}"),
    }
}

/// A table without its length is the response of one mechanism.
fn start_ok(entry: &Entry<'_>) -> StartOk {
    let response = entry.bytes("response_b64").unwrap_or_else(|| {
        let texts = [("LOGIN", entry.text("login")), ("PASSWORD", entry.text("password"))];
        let table = Table::of_texts(&texts.map(|(name, text)| (name, text.as_bytes()))).unwrap();
        assert_eq!(table.get("PASSWORD"), Some(Value::Text(entry.text("password").as_bytes())));
        table.as_bytes().to_vec()
    });
    StartOk {
        properties: Table::default(),
        mechanism: entry.text("mechanism").to_owned(),
        response: Response::new(response),
        locale: entry.text("locale").to_owned(),
    }
}

#[test]
fn a_connection_begins_and_ends() {
    assert_eq!(Message::parse(HEADER), Ok(Message::Header([0, 0, 9, 1])));
    let names: MechanismList = ["ONE", "TWO"].map(|it| it.parse().unwrap()).into_iter().collect();
    let start = Message::parse(&server::start(names.clone(), "test").unwrap()).unwrap();
    let Message::Method(Method::Start(start)) = start else { panic!("{start:?}") };
    assert_eq!((start.version, start.mechanisms), ([0, 9], names));
    assert_eq!(start.properties.get("product"), Some(Value::Text(b"test")));
    let mechanism = "ONE".parse().unwrap();
    let none = ClientMessage::Authenticate { mechanism, initial_response: None };
    let request = Message::parse(&client::request(&none).unwrap().unwrap()).unwrap();
    assert_eq!(server::hear(&request, |_| FirstWord::Server), Ok(none));
    let Message::Method(Method::StartOk(choice)) = request else { panic!("{request:?}") };
    assert!(choice.properties.has_failure_close());
    assert_eq!(client::request(&ClientMessage::Abort), Ok(None));
    for (code, class) in [
        (FailureCode::InvalidCredentials, WireClass::Credentials),
        (FailureCode::EncryptionRequired, WireClass::Policy),
        (FailureCode::Temporary, WireClass::Temporary),
        (FailureCode::TooLarge, WireClass::Protocol),
    ] {
        let frame = server::answer(&ServerMessage::Failure(code), Tune::default()).unwrap();
        let error = client::hear(&Message::parse(&frame).unwrap()).unwrap_err();
        assert_eq!(error.class, class, "{code}");
    }
    for method in [Method::CloseOk, Method::TuneOk(Tune::default())] {
        let message = Message::Method(method);
        assert_eq!(Message::parse(&message.to_frame().unwrap()), Ok(message));
    }
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    assert!(measure(b"\x01\0\0\xff\xff\xff\xff").is_err());
    assert_eq!(measure(b"\x01\0\0\0\0\0"), Ok(None));
    assert!(Message::parse(b"\x01\0\0\0\0\0\x04\0\x0a\0\x33\xcf").is_err(), "the end");
    let long = ClientMessage::Response(Response::new(vec![0; MAX_FRAME]));
    assert!(client::request(&long).is_err());
}

proptest! {
    #[test]
    fn no_octets_do_harm(
        octets in vec(any::<u8>(), 0..64),
        number in prop::sample::select(vec![10_u8, 11, 20, 21, 30, 31, 50, 51, 60]),
    ) {
        let _ = Message::parse(&octets);
        let content = [&[0, 10, 0, number], octets.as_slice()].concat();
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        let frame = [&[1, 0, 0], length.as_slice(), &content, &[0xce]].concat();
        if let Ok(message) = Message::parse(&frame) {
            // What was not UTF-8 has become longer.
            if let Ok(written) = message.to_frame() {
                prop_assert_eq!(Message::parse(&written), Ok(message));
            }
        }
    }
}
