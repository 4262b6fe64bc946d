//! The same through a real socket: what a stranger reads about an account that is not there.

use std::sync::Arc;

use aiosasl::{
    encoding,
    mechanisms::ALL,
    nonce::{NoRandomness, Nonce},
    policy::Plaintext,
};
use aiosasl_profiles::net::server::{ServerConfig, serve_imap};
use aiosasl_store::{AccountState, Timestamp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::house::{House, account};

fn nonce() -> Result<Nonce, NoRandomness> {
    Nonce::new("serverNonce0123456789abc").ok_or(NoRandomness)
}

/// Sends these lines, and gives all that the server says until it hangs up.
async fn converse(house: &House, lines: &[String]) -> String {
    let mut config = ServerConfig::new(ALL);
    config.plaintext = Plaintext::Anywhere;
    config.nonces = nonce;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("set up");
    let address = listener.local_addr().expect("set up");
    let visit = Arc::new(house.service.visit(Some(address.ip())));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("set up");
        serve_imap(stream, Arc::new(config), false, visit).await
    });
    let mut stream = TcpStream::connect(address).await.expect("set up");
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).await.expect("set up");
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("set up");
    drop(stream);
    drop(server.await.expect("set up"));
    said
}

/// A try whose proof is nobody's, and what the server says to it; the salt blanked out.
async fn scram(house: &House, scheme: &str, name: &str) -> String {
    let first = encoding::encode(format!("n,,n={name},r=clientNonce").as_bytes());
    let proof = encoding::encode(&[0; 64][..if scheme == "SCRAM-SHA-1" { 20 } else { 32 }]);
    let last = format!("c=biws,r=clientNonceserverNonce0123456789abc,p={proof}");
    let said = converse(
        house,
        &[
            format!("a AUTHENTICATE {scheme} {first}"),
            encoding::encode(last.as_bytes()),
            "b LOGOUT".into(),
        ],
    )
    .await;
    let blanked = said.lines().map(|line| {
        let challenge = line.strip_prefix("+ ").and_then(|text| encoding::decode(text).ok());
        let Some(challenge) = challenge else { return line.to_owned() };
        let challenge = String::from_utf8(challenge).expect("set up");
        let (before, salt) = challenge.split_once(",s=").expect("a salt");
        let (salt, after) = salt.split_once(",i=").expect("a count");
        format!("+ {before}, {} characters of salt, {after}", salt.len())
    });
    blanked.collect::<Vec<_>>().join("\n")
}

async fn plain(house: &House, name: &str) -> String {
    let message = encoding::encode(format!("\0{name}\0guess").as_bytes());
    converse(house, &[format!("a AUTHENTICATE PLAIN {message}"), "b LOGOUT".into()]).await
}

#[tokio::test]
async fn a_stranger_reads_the_same_whatever_there_is() {
    let mut disabled = account("disabled", "pencil").await;
    disabled.state = AccountState::Disabled;
    let mut expired = account("expired", "pencil").await;
    expired.expires = Some(Timestamp::now().plus(-60));
    let house = House::plain([account("user", "pencil").await, disabled, expired]).await;

    let wrong = plain(&house, "user").await;
    assert!(wrong.contains("a NO [AUTHENTICATIONFAILED]"), "{wrong}");
    for name in ["nobody", "disabled", "expired"] {
        assert_eq!(plain(&house, name).await, wrong, "{name}");
    }
    for scheme in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let wrong = scram(&house, scheme, "user").await;
        assert!(wrong.contains("24 characters of salt, 4096"), "{wrong}");
        assert!(wrong.contains("a NO [AUTHENTICATIONFAILED]"), "{wrong}");
        for name in ["nobody", "disabled", "expired"] {
            assert_eq!(scram(&house, scheme, name).await, wrong, "{scheme} {name}");
        }
    }
}
