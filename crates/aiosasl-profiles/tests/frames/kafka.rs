//! Kafka's frames, and laws of its room.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
};
use aiosasl_profiles::{
    FirstWord, WireClass,
    frame::MechanismList,
    kafka::{
        Api, ApiRange, Reply, ReplyBody, Request, RequestBody, Versions,
        client::{Exchange, Heard},
        content, measure, raw, server,
    },
};
use proptest::{collection::vec, prelude::*};

use super::Entry;

pub(crate) fn play(entry: &Entry<'_>) {
    match entry.kind {
        "SaslHandshakeRequest" => {
            request(entry, RequestBody::SaslHandshake(entry.text("mechanism").to_owned()));
        }
        "SaslAuthenticateRequest" => {
            let token = Response::new(entry.bytes("data_b64").unwrap());
            request(entry, RequestBody::SaslAuthenticate(token));
        }
        "SaslHandshakeResponse" => handshake(entry),
        "SaslAuthenticateResponse" => answer(entry),
        "RawToken" => {
            let token = entry.bytes("data_b64").unwrap();
            assert_eq!(*raw(&token).unwrap(), entry.octets);
            assert_eq!(content(&entry.octets), Ok(token.as_slice()));
        }
        other => panic!("{other}"),
    }
}

fn request(entry: &Entry<'_>, body: RequestBody) {
    let request = Request {
        version: entry.number("version"),
        correlation: entry.number("correlation"),
        client_id: Some(entry.text("client_id").to_owned()),
        body,
    };
    assert_eq!(*request.to_frame().unwrap(), entry.octets, "{}", entry.id);
    assert_eq!(Request::parse(&entry.octets), Ok(request), "{}", entry.id);
}

fn handshake(entry: &Entry<'_>) {
    let names: Vec<MechanismName> =
        entry.texts("mechanisms").iter().map(|name| name.parse().unwrap()).collect();
    let reply = Reply {
        correlation: entry.number("correlation"),
        error: entry.number("error"),
        body: ReplyBody::SaslHandshake(names.iter().copied().collect()),
    };
    let version = entry.number("version");
    assert_eq!(Reply::parse(&entry.octets, Api::SaslHandshake, version), Ok(reply));
    let other = "OTHER".parse().unwrap();
    assert_eq!(*server::handshake(1, other, &names).unwrap(), entry.octets);
}

fn answer(entry: &Entry<'_>) {
    let version = entry.number("version");
    let correlation = entry.number("correlation");
    let token = Challenge::new(entry.bytes("data_b64").unwrap());
    let reply = Reply {
        correlation,
        error: entry.number("error"),
        body: ReplyBody::SaslAuthenticate {
            message: entry.fields["message"].as_str().map(str::to_owned),
            token: token.clone(),
            lifetime: entry.fields["lifetime_ms"].as_i64(),
        },
    };
    assert_eq!(Reply::parse(&entry.octets, Api::SaslAuthenticate, version), Ok(reply));
    let (message, lifetime) = match entry.fields["lifetime_ms"].as_i64() {
        Some(lifetime) => (ServerMessage::Success { additional_data: Some(token) }, lifetime),
        None => (ServerMessage::Failure(FailureCode::InvalidCredentials), 0),
    };
    let written = server::answer(correlation, version, &message, lifetime).unwrap();
    assert_eq!(*written, entry.octets, "{}", entry.id);
}

fn begin(exchange: &mut Exchange) -> MechanismName {
    let mechanism = "X".parse().unwrap();
    let initial_response = Some(Response::new(*b"one"));
    exchange.request(&ClientMessage::Authenticate { mechanism, initial_response }).unwrap();
    mechanism
}

#[test]
fn an_exchange_goes_on_in_every_version() {
    for (handshake, authenticate) in [(0, 0), (1, 0), (1, 1), (1, 2)] {
        let mut exchange = Exchange::new("cli", Versions { handshake, authenticate }, 5);
        let mechanism = begin(&mut exchange);
        let answer = server::handshake(5, mechanism, &[mechanism]).unwrap();
        let Heard::Send(frame) = exchange.hear(&answer).unwrap() else { panic!() };
        let success = ServerMessage::Success { additional_data: Some(Challenge::new(*b"two")) };
        let answer = if handshake == 0 {
            assert_eq!(content(&frame), Ok(b"one".as_slice()));
            raw(b"two").unwrap()
        } else {
            let request = Request::parse(&frame).unwrap();
            assert_eq!(request.body, RequestBody::SaslAuthenticate(Response::new(*b"one")));
            server::answer(request.correlation, request.version, &success, 9).unwrap()
        };
        let words = driver::Reply::Challenge(Challenge::new(*b"two"));
        assert_eq!(exchange.hear(&answer), Ok(Heard::Said(words)));
        assert_eq!(exchange.lifetime(), (authenticate > 0).then_some(9));
    }
}

#[test]
fn refusals_are_told_apart() {
    let mut exchange = Exchange::new("cli", Versions::default(), 1);
    begin(&mut exchange);
    let list = server::handshake(1, "Y".parse().unwrap(), &["Z".parse().unwrap()]).unwrap();
    assert_eq!(exchange.hear(&list).unwrap_err().class, WireClass::Mechanism);
    assert!(exchange.hear(&list).is_err(), "nothing was asked");
    let mechanism = begin(&mut exchange);
    let answer = server::handshake(1, mechanism, &[mechanism]).unwrap();
    assert!(exchange.hear(&answer).is_err(), "that answered another request");
    let mechanism = begin(&mut exchange);
    exchange.hear(&server::handshake(3, mechanism, &[mechanism]).unwrap()).unwrap();
    let failure = ServerMessage::Failure(FailureCode::InvalidCredentials);
    let error = exchange.hear(&server::answer(4, 1, &failure, 0).unwrap()).unwrap_err();
    assert_eq!(
        (error.class, error.text.as_str()),
        (WireClass::Credentials, "Authentication failed")
    );
}

#[test]
fn an_empty_first_token_is_one_where_the_client_speaks_first() {
    let mechanism = "X".parse().unwrap();
    let first = |who: FirstWord| who.request(mechanism, Response::empty());
    let empty = Some(Response::empty());
    let message = |initial_response| ClientMessage::Authenticate { mechanism, initial_response };
    assert_eq!(first(FirstWord::Client), message(empty));
    assert_eq!(first(FirstWord::Server), message(None));
}

#[test]
fn versions_are_told_in_every_version() {
    for version in 0..=3 {
        let body = ReplyBody::ApiVersions(server::versions());
        let reply = Reply { correlation: 1, error: 0, body };
        let frame = reply.to_frame(version).unwrap();
        assert_eq!(Reply::parse(&frame, Api::ApiVersions, version), Ok(reply));
        let software = if version == 3 { ["a", "1"] } else { ["", ""] }.map(str::to_owned);
        let body = RequestBody::ApiVersions { software };
        let request = Request { version, correlation: 1, client_id: None, body };
        assert_eq!(Request::parse(&request.to_frame().unwrap()), Ok(request));
    }
    let body = ReplyBody::ApiVersions(vec![ApiRange { key: 18, oldest: 0, newest: 3 }]);
    let refused = Reply { correlation: 1, error: 35, body };
    let frame = refused.to_frame(9).unwrap();
    assert_eq!(Reply::parse(&frame, Api::ApiVersions, 9), Ok(refused));
}

#[test]
fn a_length_is_refused_before_anything_is_read() {
    assert!(measure(b"\xff\xff\xff\xff").is_err());
    assert!(measure(b"\x7f\xff\xff\xff").is_err());
    assert_eq!(measure(b"\0\0\0"), Ok(None));
    assert_eq!(MechanismList::MAX, 512);
}

proptest! {
    #[test]
    fn no_octets_do_harm(
        octets in vec(any::<u8>(), 0..64),
        key in prop::sample::select(vec![17_i16, 18, 36, 3]),
        version in 0..4_i16,
    ) {
        let head = [key.to_be_bytes(), version.to_be_bytes()].concat();
        let id = b"\0\0\0\x01\0\x01a".as_slice();
        for body in [&octets[..], &[&head[..], id, &octets].concat()] {
            let frame = raw(body).unwrap();
            if let Ok(request) = Request::parse(&frame) {
                prop_assert_eq!(Request::parse(&request.to_frame().unwrap()), Ok(request));
            }
        }
        let body = [b"\0\0\0\x01".as_slice(), &octets].concat();
        for api in [Api::ApiVersions, Api::SaslAuthenticate, Api::SaslHandshake] {
            let Ok(reply) = Reply::parse(&raw(&body).unwrap(), api, version) else { continue };
            let written = reply.to_frame(version).unwrap();
            prop_assert_eq!(Reply::parse(&written, api, version), Ok(reply));
        }
    }
}
