//! lettre logs in to a server of ours, by a mechanism that it knows nothing of.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::Arc;

use aiosasl::{
    credentials::Credentials,
    driver::{SaslError, Store},
    mechanisms,
    policy::Plaintext,
    query::{Answer, Query},
};
use aiosasl_profiles::net::server::{ServerConfig, serve_smtp};
use aiosasl_testkit::Accounts;
use lettre_transport::SaslTransport;
use tokio::net::TcpListener;

struct Known(Accounts);

impl Store for Known {
    async fn answer(&self, query: Query) -> Answer {
        self.0.answer(query)
    }
}

/// A client of a server that offers this mechanism, and knows `user` with `pencil`.
async fn transport(mechanism: &'static str, password: &str) -> SaslTransport {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let offered = mechanisms::ALL.iter().filter(|it| it.name == mechanism).copied();
        let mut config = ServerConfig::new(offered.collect::<Vec<_>>());
        config.plaintext = Plaintext::Anywhere;
        let store = Arc::new(Known(Accounts::new().with_password("user", "pencil")));
        serve_smtp(stream, Arc::new(config), false, store).await
    });
    let credentials = Credentials::password("user".try_into().unwrap(), password);
    SaslTransport { host: "127.0.0.1".to_owned(), port, credentials }
}

#[tokio::test]
async fn lettre_logs_in_by_scram_and_goes_on() {
    let mut connection = transport("SCRAM-SHA-256", "pencil").await.log_in().await.unwrap();
    assert!(connection.test_connected().await);
    connection.quit().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_an_authentication_failure() {
    let refused = transport("SCRAM-SHA-256", "pencils").await.log_in().await.err().unwrap();
    let error = refused.downcast::<SaslError>().unwrap();
    assert!(error.is_authentication_failure(), "{error}");
}

#[tokio::test]
async fn no_password_leaves_in_the_clear() {
    let refused = transport("PLAIN", "pencil").await.log_in().await.err().unwrap();
    let error = refused.downcast::<SaslError>().unwrap();
    assert!(!error.is_authentication_failure(), "{error}");
}
