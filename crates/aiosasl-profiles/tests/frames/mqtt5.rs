//! MQTT's packets, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
    secret::Secret,
};
use aiosasl_profiles::{
    Said, WireClass,
    frame::FrameBuffer,
    mqtt::{
        Auth, Connect, MAX_PACKET, Packet, Properties, Reason, Session, Start, Will, client,
        measure, server,
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

fn connection() -> Start {
    Start::Connect(Box::new(Connect::new("cid", 60)))
}

pub(crate) fn play(entry: &Entry<'_>) {
    let mechanism: MechanismName = entry.text("method").parse().unwrap();
    let data = entry.bytes("data_b64").unwrap();
    let packet = Packet::parse(&entry.octets).unwrap();
    assert_eq!(*packet.to_octets().unwrap(), entry.octets, "{}", entry.id);
    if entry.kind == "CONNECT" {
        let connect = Connect::new(entry.text("client_id"), entry.number("keep_alive"));
        let initial_response = Some(Response::new(data));
        let message = ClientMessage::Authenticate { mechanism, initial_response };
        let ours = client::request(&message, mechanism, &Start::Connect(Box::new(connect)));
        assert_eq!(*ours.unwrap(), entry.octets, "{}", entry.id);
        return assert_eq!(server::hear(&packet, None), Ok(Some(message)), "{}", entry.id);
    }
    let words = Challenge::new(data);
    let (message, reply) = match entry.kind {
        "AUTH" => (ServerMessage::Challenge(words.clone()), driver::Reply::Challenge(words)),
        "CONNACK" => {
            let success = ServerMessage::Success { additional_data: Some(words.clone()) };
            (success, driver::Reply::Success(Some(words)))
        }
        other => panic!("{other}"),
    };
    let (Packet::Auth(Auth { reason, .. })
    | Packet::ConnAck(aiosasl_profiles::mqtt::ConnAck { reason, .. })) = &packet
    else {
        panic!("{packet:?}")
    };
    assert_eq!(reason.0, entry.number::<u8>("reason"));
    let ours = server::answer(&message, mechanism, &connection()).unwrap();
    assert_eq!(*ours, entry.octets, "{}", entry.id);
    let heard = client::hear(&packet, mechanism, &connection(), Said::Response);
    assert_eq!(heard, Ok(reply), "{}", entry.id);
}

#[test]
fn the_method_is_the_same_in_all_packets() {
    let (mechanism, other) = ("PLAIN".parse().unwrap(), "X".parse().unwrap());
    let challenge = ServerMessage::Challenge(Challenge::empty());
    let packet = Packet::parse(&server::answer(&challenge, other, &connection()).unwrap()).unwrap();
    let heard = client::hear(&packet, mechanism, &connection(), Said::Response);
    assert_eq!(heard.unwrap_err().class, WireClass::Protocol);
    let response = ClientMessage::Response(Response::empty());
    let packet = client::request(&response, other, &Start::Again).unwrap();
    let packet = Packet::parse(&packet).unwrap();
    assert_eq!(server::hear(&packet, Some(mechanism)), Err(FailureCode::WrongState));
    assert_eq!(server::hear(&packet, Some(other)), Ok(Some(response)));
    assert_eq!(server::hear(&packet, None), Err(FailureCode::WrongState));
    // Who has not named a method wants no exchange.
    let plain = Packet::Connect(Box::new(Connect::new("", 0)));
    assert_eq!(server::hear(&plain, None), Ok(None));
}

#[test]
fn an_outcome_comes_in_the_packet_that_fits() {
    let mechanism = "PLAIN".parse().unwrap();
    let success = ServerMessage::Success { additional_data: None };
    let read = |message: &ServerMessage, start: &Start| {
        Packet::parse(&server::answer(message, mechanism, start).unwrap()).unwrap()
    };
    for (ours, theirs) in [(connection(), Start::Again), (Start::Again, connection())] {
        let packet = read(&success, &ours);
        let heard = client::hear(&packet, mechanism, &ours, Said::Response);
        assert_eq!(heard, Ok(driver::Reply::Success(None)));
        assert!(client::hear(&packet, mechanism, &theirs, Said::Response).is_err());
        for (code, class) in [
            (FailureCode::BadEncoding, WireClass::Protocol),
            (FailureCode::InvalidCredentials, WireClass::Credentials),
            (FailureCode::MechanismUnknown, WireClass::Mechanism),
            (FailureCode::Temporary, WireClass::Temporary),
        ] {
            let packet = read(&ServerMessage::Failure(code), &ours);
            let heard = client::hear(&packet, mechanism, &ours, Said::Response);
            assert_eq!(heard.unwrap_err().class, class, "{code:?}");
            let heard = client::hear(&packet, mechanism, &ours, Said::Abort);
            assert_eq!(heard, Ok(driver::Reply::Failure));
        }
    }
}

#[test]
fn reasons_and_properties_may_be_left_out() {
    for octets in [&[0xe0, 0][..], &[0xf0, 0], &[0xe0, 1, 0], &[0xf0, 2, 0, 0]] {
        match Packet::parse(octets).unwrap() {
            Packet::Auth(Auth { reason, .. }) => assert_eq!(reason, Reason::SUCCESS),
            Packet::Disconnect(it) => assert_eq!(it.reason, Reason::SUCCESS),
            other => panic!("{other:?}"),
        }
    }
    for junk in [
        // Data without a method; a method twice; a property that is none; more than it says.
        &[0xf0, 5, 0x18, 3, 0x16, 0, 0][..],
        &[0xf0, 8, 0x18, 6, 0x15, 0, 0, 0x15, 0, 0],
        &[0xf0, 3, 0x18, 1, 0x7f],
        &[0xf0, 3, 0x18, 0, 0],
        &[0xf0, 2, 0x18],
        &[0x10, 0],
    ] {
        assert!(Packet::parse(junk).is_err(), "{junk:?}");
    }
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    assert!(measure(&[0xf0, 0xff, 0xff, 0xff, 0x7f]).is_err());
    assert!(measure(&[0xf0, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert_eq!(measure(&[0xf0, 0xff, 0xff]), Ok(None));
    assert_eq!(measure(&[0xf0, 0x80, 1]), Ok(Some(3 + 128)));
    let long = ClientMessage::Response(Response::new(vec![0; MAX_PACKET]));
    assert!(client::request(&long, "X".parse().unwrap(), &Start::Again).is_err());
}

fn properties() -> impl Strategy<Value = Properties> {
    let data = prop::option::of(vec(any::<u8>(), 0..20).prop_map(Secret::new));
    let exchange = prop::option::of(("[A-Z]{1,9}", data));
    let others = vec(any::<u32>(), 0..3);
    (exchange, prop::option::of("[a-z ]{0,9}"), others).prop_map(|(exchange, reason, others)| {
        let (method, data) = exchange.unzip();
        let others = others.iter().map(|it| (0x11, Secret::new(it.to_be_bytes()))).collect();
        Properties { method, data: data.flatten(), reason, others }
    })
}

fn connect() -> impl Strategy<Value = Connect> {
    let will = (0_u8..3, any::<bool>(), properties(), "[a-z/]{0,9}", vec(any::<u8>(), 0..20));
    let will = will.prop_map(|(quality, retain, properties, topic, payload)| Will {
        flags: quality << 3 | if retain { 0x20 } else { 0 },
        properties,
        topic,
        payload: Secret::new(payload),
    });
    let password = prop::option::of(vec(any::<u8>(), 0..20).prop_map(Secret::new));
    let session = prop::sample::select(vec![Session::Clean, Session::Resumed]);
    let rest = (prop::option::of(will), prop::option::of("[a-z]{0,9}"), password);
    ("[a-z]{0,9}", any::<u16>(), session, properties(), rest).prop_map(
        |(client_id, keep_alive, session, properties, (will, user_name, password))| Connect {
            client_id,
            keep_alive,
            session,
            properties,
            will,
            user_name,
            password,
        },
    )
}

proptest! {
    #[test]
    fn no_octets_do_harm(first in prop::sample::select(vec![0x10_u8, 0x20, 0xe0, 0xf0, 0x30]), rest in vec(any::<u8>(), 0..100)) {
        let packet = [&[first, u8::try_from(rest.len()).unwrap()], rest.as_slice()].concat();
        if let Ok(read) = Packet::parse(&packet) {
            prop_assert_eq!(Packet::parse(&read.to_octets().unwrap()), Ok(read.clone()));
            let _ = server::hear(&read, None);
            let heard = client::hear(&read, "X".parse().unwrap(), &Start::Again, Said::Response);
            prop_assert!(!matches!(heard, Ok(driver::Reply::Success(_))) || first == 0xf0);
        }
        let _ = Packet::parse(&rest);
        let _ = measure(&rest);
    }

    #[test]
    fn what_is_written_is_read_in_any_pieces(connect in connect(), piece in 1_usize..9) {
        let packet = Packet::Connect(Box::new(connect));
        let mut buffer = FrameBuffer::new(MAX_PACKET);
        let mut read = None;
        for octets in packet.to_octets().unwrap().chunks(piece) {
            buffer.push(octets).unwrap();
            if let Some(whole) = buffer.next_frame(measure).unwrap() {
                read = Some(Packet::parse(&whole).unwrap());
            }
        }
        prop_assert_eq!(read, Some(packet));
        prop_assert!(buffer.is_empty());
    }
}
