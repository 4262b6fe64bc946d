//! async-imap logs in to a server of ours, by a mechanism that it knows nothing of.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::Arc;

use aiosasl::{
    credentials::Credentials,
    driver::Store,
    error::{Error, Reason},
    mechanism::Mechanism,
    mechanisms,
    policy::{Channel, ChannelSecurity},
    query::{Answer, Query},
};
use aiosasl_profiles::net::server::{ServerConfig, serve_imap};
use aiosasl_testkit::Accounts;
use async_imap::Client;
use async_imap_authenticator::SaslAuthenticator;
use tokio::net::{TcpListener, TcpStream};

struct Known(Accounts);

impl Store for Known {
    async fn answer(&self, query: Query) -> Answer {
        self.0.answer(query)
    }
}

fn mechanism(name: &str) -> &'static Mechanism {
    mechanisms::ALL.iter().find(|it| it.name == name).unwrap()
}

fn authenticator(name: &str, password: &str) -> Result<SaslAuthenticator, Error> {
    let credentials = Credentials::password("user".try_into().unwrap(), password);
    let channel = Channel { security: ChannelSecurity::Open, bindings: &[], strength: 0 };
    SaslAuthenticator::new(mechanism(name), &credentials, &[], &channel)
}

/// A client that has heard the greeting of a server which knows `user` with `pencil`.
async fn client() -> Client<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let config = ServerConfig::new(vec![*mechanism("SCRAM-SHA-256")]);
        let store = Arc::new(Known(Accounts::new().with_password("user", "pencil")));
        serve_imap(stream, Arc::new(config), false, store).await
    });
    let mut client = Client::new(TcpStream::connect(address).await.unwrap());
    client.read_response().await.unwrap().unwrap();
    client
}

#[tokio::test]
async fn async_imap_logs_in_by_scram_and_the_server_proves_itself() {
    let mut login = authenticator("SCRAM-SHA-256", "pencil").unwrap();
    let name = login.mechanism();
    let session = client().await.authenticate(name.as_str(), &mut login).await;
    let done = login.finish().unwrap();
    assert!(done.server_verified);
    session.map_err(|(error, _)| error).unwrap().logout().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_by_the_server() {
    let mut login = authenticator("SCRAM-SHA-256", "pencils").unwrap();
    let name = login.mechanism();
    let refused = client().await.authenticate(name.as_str(), &mut login).await;
    assert!(matches!(refused, Err((async_imap::error::Error::No(_), _))));
    assert!(login.finish().is_err());
}

#[test]
fn policy_is_asked_before_anything_is_said() {
    let refused = authenticator("PLAIN", "pencil").map(|_| ());
    assert!(matches!(refused, Err(Error::Policy(Reason::EncryptionRequired))), "{refused:?}");
}
