//! MQTT 5.

use std::{net::Ipv4Addr, sync::Arc};

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Challenge, Outcome, Response},
    own_login::PASSWORD,
    policy::Plaintext,
};
use aiosasl_profiles::{
    WireClass, WireError,
    mqtt::{Auth, ConnAck, Connect, Disconnect, Packet, Properties, Reason},
    net::{
        Options, Protocol, TlsMode,
        server::{ServerConfig, serve_mqtt},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};

use crate::house::{
    Served, login, open, open_config, serve, shout_octets, store, tls_config, trusting, who,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_mqtt(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

fn user_with(password: &str) -> Response {
    Response::new(format!("user\0{password}"))
}

#[tokio::test]
async fn an_exchange_begins_with_the_connection() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS", "LOGIN"] {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { implicit_by_scheme: true, ..trusting() };
        let mut session = open(Protocol::Mqtt, port, &options).await.unwrap();
        assert!(session.offer().unlisted);
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_name_and_a_password_are_a_login_of_their_own() {
    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, served) = server(config, false).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let reply = session.initiate(PASSWORD.name, Some(user_with("pencil"))).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_ends_the_connection() {
    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, _served) = server(config, false).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let error = session.initiate(PASSWORD.name, Some(user_with("pencils"))).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!((error.class, error.code.as_deref()), (WireClass::Credentials, Some("0x86")));
    assert!(!session.is_usable());
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencils").await.unwrap_err();
    assert_eq!(error.class(), WireClass::Credentials);
    assert!(matches!(served.await.unwrap(), Ok(Some(Outcome::Failure(_)))));
}

#[tokio::test]
async fn a_method_that_nobody_has_is_refused_by_name() {
    let (port, _served) = server(open_config(), false).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let error = session.initiate("NOBODYS".parse().unwrap(), None).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!((error.class, error.code.as_deref()), (WireClass::Mechanism, Some("0x8c")));
}

#[tokio::test]
async fn what_is_no_connect_gets_no_answer() {
    for octets in [
        &b"\x30\x03\0\x01a"[..],
        b"\x10\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\nHost: a.b.example.org\r\nUser-Agent: somebody else altogether\r\n\r\n",
        b"\x10\0",
    ] {
        let (port, served) = server(open_config(), false).await;
        assert_eq!(shout_octets(port, octets).await, Vec::<u8>::new());
        assert!(served.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn who_says_nothing_of_itself_is_not_let_in() {
    let (port, _served) = server(open_config(), false).await;
    let connect = Packet::Connect(Box::new(Connect::new("", 0))).to_octets().unwrap();
    let answer = shout_octets(port, &connect).await;
    let Packet::ConnAck(answer) = Packet::parse(&answer).unwrap() else { panic!("{answer:?}") };
    assert!(answer.reason.is_failure() && answer.reason != Reason::SERVER_UNAVAILABLE);
}

/// A server that waits for something, and says the next of this; the result is what it heard.
async fn script(turns: Vec<Packet>) -> (u16, JoinHandle<Vec<Packet>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        for turn in turns {
            let mut chunk = vec![0; 4096];
            let Ok(count @ 1..) = stream.read(&mut chunk).await else { break };
            heard.push(Packet::parse(&chunk[..count]).unwrap());
            stream.write_all(&turn.to_octets().unwrap()).await.unwrap();
        }
        heard
    });
    (port, task)
}

fn conn_ack(reason: Reason, properties: Properties) -> Packet {
    Packet::ConnAck(ConnAck { flags: 0, reason, properties })
}

fn of_plain(data: Option<&[u8]>) -> Properties {
    Properties::of_exchange("PLAIN", data)
}

fn auth(reason: Reason, properties: Properties) -> Packet {
    Packet::Auth(Auth { reason, properties })
}

/// What becomes of an exchange whose first message a server answers so.
async fn answered_by(packet: Packet) -> Result<Reply, WireError> {
    let (port, _heard) = script(vec![packet]).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let reply = session.initiate("PLAIN".parse().unwrap(), None).await;
    assert_eq!(session.is_usable(), reply.is_ok());
    reply.map_err(|error| WireError::of(&error).unwrap().clone())
}

#[tokio::test]
async fn who_is_in_can_prove_it_once_more() {
    let (port, heard) = script(vec![
        conn_ack(Reason::SUCCESS, of_plain(None)),
        auth(Reason::CONTINUE, of_plain(Some(b"more"))),
        auth(Reason::SUCCESS, of_plain(Some(b""))),
    ])
    .await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let plain = "PLAIN".parse().unwrap();
    let reply = session.initiate(plain, Some(Response::empty())).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    let reply = session.initiate(plain, None).await.unwrap();
    assert_eq!(reply, Reply::Challenge(Challenge::new(*b"more")));
    let reply = session.respond(Response::empty()).await.unwrap();
    assert_eq!(reply, Reply::Success(Some(Challenge::empty())), "empty, and not absent");
    let heard = heard.await.unwrap();
    let [Packet::Connect(connect), again, more] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(connect.properties, of_plain(Some(b"")));
    assert_eq!(*again, auth(Reason::AGAIN, of_plain(None)));
    assert_eq!(*more, auth(Reason::CONTINUE, of_plain(Some(b""))));
}

#[tokio::test]
async fn our_server_hears_it_once_more_by_the_same_method() {
    for (mechanism, password, class) in [
        ("SCRAM-SHA-256", "pencils", WireClass::Credentials),
        ("SCRAM-SHA-512", "pencil", WireClass::Protocol),
    ] {
        let (port, served) = server(open_config(), false).await;
        let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
        for _ in 0..3 {
            let done = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
            assert!(done.server_verified);
        }
        let error = login(&mut session, mechanism, password).await.unwrap_err();
        assert_eq!(error.class(), class);
        assert!(!session.is_usable());
        session.close().await;
        let outcome = served.await.unwrap().unwrap().unwrap();
        assert_eq!(matches!(outcome, Outcome::Success(_)), class == WireClass::Protocol);
    }
}

#[tokio::test]
async fn refusals_have_their_class() {
    for (reason, class) in [
        (Reason::BAD_USER_NAME_OR_PASSWORD, WireClass::Credentials),
        (Reason::NOT_AUTHORIZED, WireClass::Credentials),
        (Reason::BAD_AUTHENTICATION_METHOD, WireClass::Mechanism),
        (Reason::SERVER_UNAVAILABLE, WireClass::Temporary),
        (Reason::BANNED, WireClass::Authorization),
        (Reason(0x84), WireClass::Protocol),
    ] {
        let error = answered_by(conn_ack(reason, Properties::default())).await.unwrap_err();
        assert_eq!((error.class, error.code), (class, Some(format!("{:#04x}", reason.0))));
    }
    let properties = Properties { reason: Some("no\nmore".to_owned()), ..Properties::default() };
    let disconnect = Disconnect { reason: Reason::SERVER_BUSY, properties };
    let error = answered_by(Packet::Disconnect(disconnect)).await.unwrap_err();
    assert_eq!(error.class, WireClass::Temporary);
    assert!(!error.text.contains('\n'), "{error}");
}

#[tokio::test]
async fn what_belongs_to_no_exchange_of_ours_ends_it() {
    for packet in [
        conn_ack(Reason::SUCCESS, Properties::default()),
        conn_ack(Reason::SUCCESS, Properties::of_exchange("LOGIN", None)),
        auth(Reason::CONTINUE, Properties::of_exchange("LOGIN", Some(b""))),
        auth(Reason::SUCCESS, of_plain(None)),
        auth(Reason::AGAIN, of_plain(None)),
        Packet::Connect(Box::new(Connect::new("", 0))),
        Packet::Other(0xd0, "".into()),
    ] {
        let told = format!("{packet:?}");
        let error = answered_by(packet).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{told}");
    }
}

#[tokio::test]
async fn a_password_hears_of_no_method() {
    let challenge = auth(Reason::CONTINUE, of_plain(None));
    let (port, _heard) = script(vec![challenge]).await;
    let mut session = open(Protocol::Mqtt, port, &in_the_clear()).await.unwrap();
    let error = session.initiate(PASSWORD.name, Some(user_with("pencil"))).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Protocol);
}
