//! PostgreSQL's frames, and laws of its room.

use aiosasl::{
    driver,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    secret::Secret,
};
use aiosasl_profiles::{
    Said,
    frame::{FrameBuffer, MechanismList},
    postgres::{
        Authentication, Awaited, Backend, Frontend, MAX_FRAME, MAX_STARTUP, Startup, client,
        measure, measure_startup, server,
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    match entry.kind {
        "SASLInitialResponse" => {
            let mechanism = entry.text("mechanism").parse().unwrap();
            let initial_response = entry.bytes("data_b64").map(Response::new);
            let message = ClientMessage::Authenticate { mechanism, initial_response };
            client_says(entry, message, Awaited::SaslInitialResponse);
        }
        "SASLResponse" => {
            let response = Response::new(entry.bytes("data_b64").unwrap());
            client_says(entry, ClientMessage::Response(response), Awaited::SaslResponse);
        }
        _ => server_says(entry),
    }
}

fn client_says(entry: &Entry<'_>, message: ClientMessage, awaited: Awaited) {
    assert_eq!(*client::request(&message).unwrap(), entry.octets, "{}", entry.id);
    let read = Frontend::parse(&entry.octets, awaited).unwrap();
    assert_eq!(read.into_message(), Ok(message), "{}", entry.id);
}

fn server_says(entry: &Entry<'_>) {
    let words = || Challenge::new(entry.bytes("data_b64").unwrap());
    let expected = match entry.kind {
        "AuthenticationOk" => Authentication::Ok,
        "AuthenticationSASL" => {
            let names = entry.texts("mechanisms");
            let list: MechanismList = names.iter().map(|name| name.parse().unwrap()).collect();
            assert_eq!(list.names(), names);
            assert_eq!(*server::offer(list.clone()).unwrap(), entry.octets);
            Authentication::Sasl(list)
        }
        "AuthenticationSASLContinue" => {
            let answer = server::answer(&ServerMessage::Challenge(words())).unwrap();
            assert_eq!(*answer, entry.octets);
            Authentication::SaslContinue(words())
        }
        "AuthenticationSASLFinal" => {
            let success = ServerMessage::Success { additional_data: Some(words()) };
            assert!(server::answer(&success).unwrap().starts_with(&entry.octets));
            Authentication::SaslFinal(words())
        }
        other => panic!("{other}"),
    };
    let expected = Backend::Authentication(expected);
    assert_eq!(*expected.to_frame().unwrap(), entry.octets, "{}", entry.id);
    assert_eq!(Backend::parse(&entry.octets), Ok(expected), "{}", entry.id);
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    for head in [&b"R\xff\xff\xff\xff"[..], b"R\0\0\0\x03", b"R\x7f\xff\xff\xff"] {
        assert!(measure(head).is_err(), "{head:?}");
    }
    assert_eq!(measure(b"R\0\0\0"), Ok(None));
    assert!(measure_startup(b"\0\0\0\x07").is_err());
    assert!(measure_startup(b"\0\0\x27\x11").is_err());
    let long = ClientMessage::Response(Response::new(vec![0; MAX_FRAME]));
    assert!(client::request(&long).is_err());
}

#[test]
fn the_first_frames_are_told_apart() {
    let session = Startup::session("user", "db");
    assert_eq!(session.parameter("database"), Some("db"));
    for message in
        [Startup::Cancel(Secret::new([7; 8])), Startup::GssEncryption, Startup::Ssl, session]
    {
        let frame = message.to_frame().unwrap();
        assert_eq!(measure_startup(&frame), Ok(Some(frame.len())));
        assert_eq!(Startup::parse(&frame), Ok(message));
    }
    assert_eq!(*Startup::Ssl.to_frame().unwrap(), [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
    assert!(Startup::parse(b"\0\0\0\x08\0\x02\0\0").is_err(), "version 2");
    let long = Startup::session(&"u".repeat(MAX_STARTUP), "db");
    assert!(long.to_frame().is_err());
}

proptest! {
    #[test]
    fn no_octets_do_harm(octets in vec(any::<u8>(), 0..64), tag in prop::sample::select(b"REpNvX".to_vec())) {
        let _ = Startup::parse(&octets);
        let length = u32::try_from(octets.len() + 4).unwrap();
        let frame = [&[tag], length.to_be_bytes().as_slice(), &octets].concat();
        for awaited in [Awaited::Password, Awaited::SaslInitialResponse, Awaited::SaslResponse] {
            let _ = Frontend::parse(&octets, awaited);
            if let Ok(message) = Frontend::parse(&frame, awaited) {
                let written = message.to_frame().unwrap();
                prop_assert_eq!(Frontend::parse(&written, awaited), Ok(message));
            }
        }
        let _ = Backend::parse(&octets);
        if let Ok(message) = Backend::parse(&frame) {
            prop_assert_eq!(Backend::parse(&message.to_frame().unwrap()), Ok(message.clone()));
            let heard = client::Listener::default().hear(&message, Said::Response);
            if let Ok(Some(driver::Reply::Success(_))) = heard {
                prop_assert_eq!(message, Backend::Authentication(Authentication::Ok));
            }
        }
    }

    #[test]
    fn a_success_arrives_with_its_words_in_any_pieces(
        words in prop::option::of(vec(any::<u8>(), 0..99)), piece in 1_usize..9,
    ) {
        let additional_data = words.map(Challenge::new);
        let frames = server::answer(&ServerMessage::Success { additional_data: additional_data.clone() });
        let mut buffer = FrameBuffer::new(MAX_FRAME);
        let mut listener = client::Listener::default();
        let mut heard = None;
        for octets in frames.unwrap().chunks(piece) {
            buffer.push(octets).unwrap();
            while let Some(frame) = buffer.next_frame(measure).unwrap() {
                heard = listener.hear(&Backend::parse(&frame).unwrap(), Said::Response).unwrap();
            }
        }
        prop_assert_eq!(heard, Some(driver::Reply::Success(additional_data)));
    }
}
