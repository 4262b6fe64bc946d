//! Kafka.

use std::{sync::Arc, time::Duration};

use aiosasl_profiles::{
    WireClass,
    net::{
        Options, Protocol, TlsMode,
        server::{Limits, ServerConfig, serve_kafka},
    },
};
use tokio::net::TcpListener;

use crate::house::{login, open, open_config, shout_octets, store, tls_config, trusting};

/// A broker that serves whoever comes: a client asks twice before it begins.
async fn broker(config: ServerConfig, implicit_tls: bool) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_kafka(stream, Arc::clone(&config), implicit_tls, store()));
        }
    });
    port
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

#[tokio::test]
async fn tokens_follow_a_handshake_under_tls() {
    let port = broker(tls_config(), true).await;
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS", "LOGIN"] {
        let options = Options { implicit_by_scheme: true, ..trusting() };
        let mut session = open(Protocol::Kafka, port, &options).await.unwrap();
        assert!(session.offer().mechanisms.contains(&mechanism.parse().unwrap()));
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
    }
}

#[tokio::test]
async fn what_reveals_the_password_is_not_listed_in_the_clear() {
    let port = broker(open_config(), false).await;
    let session = open(Protocol::Kafka, port, &in_the_clear()).await.unwrap();
    let mechanisms = &session.offer().mechanisms;
    assert!(mechanisms.contains(&"SCRAM-SHA-256".parse().unwrap()));
    assert!(!mechanisms.contains(&"PLAIN".parse().unwrap()));
}

#[tokio::test]
async fn a_wrong_password_is_told_by_its_number() {
    let port = broker(open_config(), false).await;
    let mut session = open(Protocol::Kafka, port, &in_the_clear()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencils").await.unwrap_err();
    assert_eq!(error.class(), WireClass::Credentials);
}

#[tokio::test]
async fn whoever_is_in_authenticates_again_before_the_session_ends() {
    let limits = Limits { stay: Duration::from_secs(20), ..Limits::default() };
    let port = broker(ServerConfig { limits, ..open_config() }, false).await;
    let mut session = open(Protocol::Kafka, port, &in_the_clear()).await.unwrap();
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    let lifetime = ("session lifetime (ms)".to_owned(), "20000".to_owned());
    assert_eq!(session.offer().limits, [lifetime]);
    let _ = login(&mut session, "SCRAM-SHA-512", "pencil").await.unwrap();
}

#[tokio::test]
async fn requests_that_are_none_are_not_answered() {
    let port = broker(open_config(), false).await;
    let requests: [&[u8]; 3] =
        [b"\xff\xff\xff\xff", b"\0\0\0\x02\0\x11", b"\0\0\0\x0a\0\x03\0\0\0\0\0\x01\xff\xff"];
    for octets in requests {
        assert_eq!(shout_octets(port, octets).await, Vec::<u8>::new());
    }
}
