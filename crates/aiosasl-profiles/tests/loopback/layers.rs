//! Security layers over a socket: what follows a login goes through them, at both ends.

use std::sync::Arc;

use aiosasl::{
    driver::{Connection, FromMechanism, Negotiated, NegotiationError, SaslMechanism, negotiate},
    mechanism::{Offered, Rules, Service},
    mechanisms::{digest_md5, scram},
    policy::{Channel, Policy, StrengthPolicy},
};
use aiosasl_profiles::net::{
    Protocol, Session,
    server::{ServerConfig, serve_imap, serve_pop3, serve_sieve, serve_smtp},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::house::{Served, open, serve, store, tls_config, trusting, who};

fn config(strength: StrengthPolicy) -> ServerConfig {
    let mechanisms = [digest_md5::MECHANISM, scram::SCRAM_SHA_256];
    ServerConfig { strength, ..ServerConfig::new(mechanisms) }
}

async fn server(protocol: Protocol, config: ServerConfig) -> (u16, Served) {
    let config = Arc::new(config);
    match protocol {
        Protocol::Pop3 => serve(move |stream| serve_pop3(stream, config, false, store())).await,
        Protocol::Sieve => serve(move |stream| serve_sieve(stream, config, false, store())).await,
        Protocol::Smtp => serve(move |stream| serve_smtp(stream, config, false, store())).await,
        _ => serve(move |stream| serve_imap(stream, config, false, store())).await,
    }
}

/// Logs in by DIGEST-MD5 with a protection of at least this strength.
async fn log_in(
    session: &mut Session,
    protocol: Protocol,
    strength: StrengthPolicy,
) -> Result<Negotiated, NegotiationError> {
    let offer = session.offer().clone();
    let connection = Connection {
        offered: Offered { mechanisms: &offer.mechanisms, ..Offered::default() },
        channel: Channel {
            security: session.security(),
            strength: session.strength(),
            ..Channel::default()
        },
        policy: Policy { strength, ..Policy::default() },
    };
    let rules =
        Rules { service: Some(Service::new(protocol.service(), "localhost")), ..Rules::default() };
    let mechanism = FromMechanism::new(digest_md5::MECHANISM, ("user", "pencil")).rules(rules);
    negotiate(session, &connection, &[&mechanism as &dyn SaslMechanism]).await
}

#[tokio::test]
async fn what_follows_goes_through_the_layer_in_every_protocol() {
    for (protocol, ask, answer) in [
        (Protocol::Imap, "t1 NOOP\r\n", "t1 OK"),
        (Protocol::Pop3, "NOOP\r\n", "+OK"),
        (Protocol::Sieve, "NOOP \"x\"\r\n", "OK"),
        (Protocol::Smtp, "NOOP\r\n", "250"),
    ] {
        for (strength, expected) in [(1, 1), (128, 128)] {
            let (port, served) = server(protocol, config(StrengthPolicy::BEST)).await;
            let mut session = open(protocol, port, &trusting()).await.unwrap();
            let wanted = StrengthPolicy { min: strength, max: strength };
            let negotiated = log_in(&mut session, protocol, wanted).await.unwrap();
            let layer = negotiated.report.security_layer.unwrap();
            assert_eq!(layer.strength(), expected, "{protocol:?}");
            session.protect(layer).unwrap();
            let mut stream = session.into_stream().unwrap();
            assert_eq!(stream.layer_strength(), Some(expected));
            stream.write_all(ask.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            let mut heard = vec![0; answer.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&heard), answer, "{protocol:?}");
            drop(stream);
            assert_eq!(who(served).await, ("user".to_owned(), "DIGEST-MD5".to_owned()));
        }
    }
}

#[tokio::test]
async fn a_client_that_goes_on_in_the_clear_is_not_heard() {
    let (port, served) = server(Protocol::Imap, config(StrengthPolicy::BEST)).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    let wanted = StrengthPolicy { min: 128, max: 128 };
    let negotiated = log_in(&mut session, Protocol::Imap, wanted).await.unwrap();
    assert!(negotiated.report.security_layer.is_some());
    // The layer is forgotten: the server takes the first four octets for a length.
    let mut stream = session.into_stream().unwrap();
    stream.write_all(b"t1 NOOP\r\n").await.unwrap();
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard).await;
    assert!(!String::from_utf8_lossy(&heard).contains("t1"), "{heard:?}");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_server_that_wants_protection_offers_nothing_without() {
    let wanted = StrengthPolicy { min: 256, max: 256 };
    let (port, served) = server(Protocol::Imap, config(wanted)).await;
    let session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    assert!(session.offer().mechanisms.is_empty());
    session.close().await;
    assert!(served.await.unwrap().unwrap().is_none());
    let wanted = StrengthPolicy { min: 128, max: 256 };
    let (port, served) = server(Protocol::Imap, config(wanted)).await;
    let session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    assert_eq!(session.offer().mechanisms, [digest_md5::MECHANISM.name]);
    session.close().await;
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn inside_tls_there_is_no_layer() {
    let config = ServerConfig { tls: tls_config().tls, ..config(StrengthPolicy::BEST) };
    let (port, served) = server(Protocol::Imap, config).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    assert!(session.strength() >= 128);
    let negotiated = log_in(&mut session, Protocol::Imap, StrengthPolicy::BEST).await.unwrap();
    assert!(negotiated.report.security_layer.is_none());
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_client_that_wants_protection_does_not_go_without() {
    let none = StrengthPolicy::CHANNEL_ALONE;
    let (port, served) = server(Protocol::Imap, config(none)).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    let wanted = StrengthPolicy { min: 1, max: 256 };
    let refused = log_in(&mut session, Protocol::Imap, wanted).await.unwrap_err();
    let reason = refused.error.exchange_error().map(aiosasl::error::Error::reason);
    assert_eq!(reason, Some("no-common-qop"));
    session.close().await;
    drop(served.await);
}
