//! What holds for all protocols.

use std::time::Duration;

use aiosasl_profiles::{
    WireClass,
    net::{Options, Protocol, TlsMode},
};
use tokio::{net::TcpListener, time::timeout};

use crate::house::open;

#[tokio::test]
async fn every_protocol_has_a_client_which_says_that_nobody_is_there() {
    for protocol in Protocol::ALL {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let options = Options { tls: TlsMode::Off, ..Options::default() };
        let error = open(*protocol, port, &options).await.unwrap_err();
        assert_eq!(error.class, WireClass::Connection, "{}: {error}", protocol.name());
    }
}

#[tokio::test]
async fn no_client_believes_that_silence_is_a_server() {
    for protocol in Protocol::ALL {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // It hangs up on everybody.
        let hanging_up = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let options = Options { tls: TlsMode::Off, ..Options::default() };
        let opening = timeout(Duration::from_secs(10), open(*protocol, port, &options)).await;
        if let Ok(session) = opening.expect("an answer at once") {
            // Where nothing is said before an exchange, nothing is known either.
            assert!(session.offer().unlisted || speaks_first(*protocol), "{}", protocol.name());
        }
        hanging_up.abort();
    }
}

/// Whether all that a client says is its login, so that a connection is as much as it can know of a server.
fn speaks_first(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Saslauthd)
}
