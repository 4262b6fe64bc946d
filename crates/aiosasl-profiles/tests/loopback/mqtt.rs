//! MQTT 5.

use std::sync::Arc;

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    own_login::PASSWORD,
    policy::Plaintext,
};
use aiosasl_profiles::{
    WireClass, WireError,
    mqtt::{Connect, Packet, Reason},
    net::{
        Options, Protocol, TlsMode,
        server::{ServerConfig, serve_mqtt},
    },
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
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Credentials);
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
