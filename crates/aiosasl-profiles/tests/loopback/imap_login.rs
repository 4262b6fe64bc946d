//! IMAP: its own login, and lines as long as some tokens are.

use std::sync::Arc;

use aiosasl::{
    credentials::Credentials, driver::SaslInterface, identity::AuthenticationId, message::Response,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode,
        server::{ServerConfig, serve_imap},
    },
};

use crate::house::{
    HARD_NAME, HARD_PASSWORD, Served, login, login_with, long_token, open, open_config, script,
    serve, store, tls_config, trusting, who,
};

async fn server(config: ServerConfig) -> (u16, Served) {
    serve(move |stream| serve_imap(stream, Arc::new(config), false, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

#[tokio::test]
async fn a_token_of_20_kib_goes_through_in_one_line() {
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        let (port, served) = server(tls_config()).await;
        let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
        let mut credentials = Credentials::token(long_token());
        credentials.authentication_id = Some(AuthenticationId::new("user").unwrap());
        let _ = login_with(&mut session, mechanism, &credentials).await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn the_login_command_is_offered_last_and_takes_any_password() {
    let (port, served) = server(tls_config()).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert_eq!(offer.mechanisms.last().unwrap().as_str(), "PASSWORD");
    let before = offer.before_tls.as_deref().unwrap();
    assert!(!before.iter().any(|it| it == "PASSWORD"), "LOGINDISABLED was said: {before:?}");
    let name = AuthenticationId::new(HARD_NAME).unwrap();
    let wrong = Credentials::password(name.clone(), "pässwörd");
    let refused = login_with(&mut session, "PASSWORD", &wrong).await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Credentials);
    let hard = Credentials::password(name, HARD_PASSWORD);
    let _ = login_with(&mut session, "PASSWORD", &hard).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, (HARD_NAME.to_owned(), "PLAIN".to_owned()));
}

/// Against a server that says each of these when something has come; what it heard.
async fn scripted(lines: &[&str], name: &str, password: &str) -> (Result<(), WireClass>, String) {
    let (port, heard) = script(lines).await;
    let mut session = open(Protocol::Imap, port, &in_the_clear()).await.unwrap();
    let credentials = Credentials::password(AuthenticationId::new(name).unwrap(), password);
    let outcome = login_with(&mut session, "PASSWORD", &credentials).await;
    drop(session);
    (outcome.map(drop).map_err(|it| it.class()), heard.await.unwrap())
}

#[tokio::test]
async fn literals_wait_where_the_server_is_old() {
    let lines =
        ["* OK [CAPABILITY IMAP4rev1] hello\r\n", "+ go on\r\n", "+ and on\r\n", "A1 OK in\r\n"];
    let (outcome, heard) = scripted(&lines, "ü", "€").await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(heard, "A1 LOGIN {2}\r\nü {3}\r\n€\r\n");
    let lines = ["* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR] hello\r\n", "A1 OK in\r\n"];
    let (outcome, heard) = scripted(&lines, "ü", "€").await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(heard, "A1 LOGIN {2+}\r\nü {3+}\r\n€\r\n");
}

#[tokio::test]
async fn a_refused_login_means_what_its_code_says() {
    let greeting = "* OK [CAPABILITY IMAP4rev1 SASL-IR] hello\r\n";
    for (answer, class) in [
        ("A1 NO no\r\n", WireClass::Credentials),
        ("A1 NO [UNAVAILABLE] later\r\n", WireClass::Temporary),
        ("A1 NO [PRIVACYREQUIRED] TLS\r\n", WireClass::Policy),
        ("A1 BAD what\r\n", WireClass::Protocol),
        ("+ \r\n", WireClass::Protocol),
        ("* BYE [UNAVAILABLE] later\r\n", WireClass::Temporary),
    ] {
        let (outcome, _) = scripted(&[greeting, answer], "user", "pencil").await;
        assert_eq!(outcome, Err(class), "{answer}");
    }
    // Refused in the middle: the password is not sent then.
    let (outcome, heard) = scripted(&[greeting, "A1 BAD no literals\r\n"], "ü", "pencil").await;
    assert_eq!((outcome, heard.as_str()), (Err(WireClass::Protocol), "A1 LOGIN {2}\r\n"));
}

#[tokio::test]
async fn nobody_is_asked_for_a_password_where_it_would_be_refused() {
    let (port, _served) = server(open_config()).await;
    let mut session = open(Protocol::Imap, port, &in_the_clear()).await.unwrap();
    assert!(!session.offer().mechanisms.iter().any(|it| it == "PASSWORD"));
    let message = Some(Response::new(*b"user\0pencil"));
    let error = session.initiate("PASSWORD".parse().unwrap(), message).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Policy);
    assert!(login(&mut session, "SCRAM-SHA-256", "pencil").await.is_ok());
}
