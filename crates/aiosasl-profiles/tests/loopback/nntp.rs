//! NNTP.

use std::sync::Arc;

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::Response,
    own_login,
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, Session, TlsMode,
        server::{ServerConfig, serve_nntp},
    },
};

use crate::house::{
    Failed, PKI, Served, login, open, open_config, script, serve, shout, store, tls_config,
    trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_nntp(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

/// Logs in by AUTHINFO USER and PASS.
async fn log_in(session: &mut Session, name: &str, password: &str) -> Result<Reply, WireClass> {
    let message = Response::new([name, password].join("\0"));
    let reply = session.initiate(own_login::PASSWORD.name, Some(message)).await;
    reply.map_err(|error| WireError::of(&error).unwrap().class)
}

const CAPABILITIES: &str =
    "101 list\r\nVERSION 2\r\nAUTHINFO USER SASL\r\nSASL PLAIN SCRAM-SHA-256\r\n.\r\n";

#[tokio::test]
async fn starttls_is_used_where_offered_and_capabilities_are_read_anew() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Nntp, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert!(offer.start_tls_offered && offer.initial_response && !offer.login_disabled);
    let plus = "SCRAM-SHA-256-PLUS".parse().unwrap();
    assert!(offer.mechanisms.contains(&plus));
    assert_eq!(offer.mechanisms.last(), Some(&own_login::PASSWORD.name));
    let before = offer.before_tls.as_ref().unwrap();
    assert!(!before.contains(&plus) && !before.contains(&own_login::PASSWORD.name));
    assert_eq!(offer.greeting, "aiosasl ready");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.server_verified && done.channel_binding.is_some());
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS", "EXTERNAL"] {
        let (port, served) = server(tls_config(), true).await;
        let certificate = (mechanism == "EXTERNAL").then(|| PKI.client.clone());
        let options =
            Options { implicit_by_scheme: true, client_certificate: certificate, ..trusting() };
        let mut session = open(Protocol::Nntp, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such_and_five_of_them_are_enough() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Nntp, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        let Failed::There(error) = &refused else { panic!("{refused:?}") };
        assert!(error.is_authentication_failure());
        assert_eq!(WireError::of(error).unwrap().code.as_deref(), Some("481"));
    }
    for (name, password) in [("user", "pencim"), ("nobody", "pencil")] {
        assert_eq!(log_in(&mut session, name, password).await, Err(WireClass::Credentials));
    }
    // 400: the server hangs up, and says so.
    assert_eq!(log_in(&mut session, "user", "pencil").await, Err(WireClass::Temporary));
    assert_eq!(log_in(&mut session, "user", "pencil").await, Err(WireClass::Connection));
    assert_eq!(why(served).await, "unknown-account");
}

#[tokio::test]
async fn the_own_login_is_offered_last_and_comes_in_by_the_same_door() {
    let (port, served) = server(careless_config(), false).await;
    let mut session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().mechanisms.last(), Some(&own_login::PASSWORD.name));
    assert_eq!(log_in(&mut session, "user", "pencil").await, Ok(Reply::Success(None)));
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_name_or_password_that_no_line_can_say_is_not_said() {
    for (name, password) in [("user", ""), ("", "pencil"), ("user", "a\r\nQUIT"), ("u\nx", "a")] {
        let (port, heard) = script(&["200 hi\r\n", CAPABILITIES, ""]).await;
        let mut session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
        assert_eq!(log_in(&mut session, name, password).await, Err(WireClass::Credentials));
        session.close().await;
        assert_eq!(heard.await.unwrap(), "CAPABILITIES\r\n", "{name:?} {password:?}");
    }
}

/// What becomes of AUTHINFO USER and PASS where the server answers so.
async fn scripted(answers: &[&str]) -> (Result<Reply, WireClass>, String) {
    let lines = [&["201 hi\r\n", CAPABILITIES], answers].concat();
    let (port, heard) = script(&lines).await;
    let mut session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
    let outcome = log_in(&mut session, "a user", "a pass").await;
    session.close().await;
    (outcome, heard.await.unwrap())
}

#[tokio::test]
async fn answers_to_the_own_login_mean_what_the_table_says() {
    for (answers, expected) in [
        (&["381 and?\r\n", "281 in\r\n"][..], Ok(Reply::Success(None))),
        (&["281 no password is needed\r\n"], Ok(Reply::Success(None))),
        (&["381 and?\r\n", "481 no\r\n"], Err(WireClass::Credentials)),
        (&["483 not in the clear\r\n"], Err(WireClass::Policy)),
        (&["381 and?\r\n", "403 broken\r\n"], Err(WireClass::Temporary)),
        (&["400 going away\r\n"], Err(WireClass::Temporary)),
        (&["502 not here\r\n"], Err(WireClass::Protocol)),
        (&["383 AAAA\r\n"], Err(WireClass::Protocol)),
        (&["381 and?\r\n", "381 and?\r\n"], Err(WireClass::Protocol)),
        (&["what?\r\n"], Err(WireClass::Protocol)),
    ] {
        let (outcome, heard) = scripted(answers).await;
        assert_eq!(outcome, expected, "{answers:?}");
        assert!(heard.contains("AUTHINFO USER a user\r\n"), "{heard}");
        let asked = answers[0].starts_with("381");
        assert_eq!(heard.contains("AUTHINFO PASS a pass\r\n"), asked, "{heard}");
    }
}

#[tokio::test]
async fn a_server_that_changes_its_mode_is_asked_to_and_asked_again() {
    let transit = "101 list\r\nVERSION 2\r\nMODE-READER\r\n.\r\n";
    let lines = ["200 hi\r\n", transit, "200 reader\r\n", CAPABILITIES, "205 bye\r\n"];
    let (port, heard) = script(&lines).await;
    let session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
    assert!(session.offer().mechanisms.contains(&"PLAIN".parse().unwrap()));
    session.close().await;
    let heard = heard.await.unwrap();
    assert_eq!(heard, "CAPABILITIES\r\nMODE READER\r\nCAPABILITIES\r\nQUIT\r\n");
}

#[tokio::test]
async fn a_server_without_capabilities_may_still_have_the_own_login_and_one_without_user_has_not() {
    let (port, _heard) = script(&["200 old\r\n", "500 what?\r\n", "205 bye\r\n"]).await;
    let session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().mechanisms, [own_login::PASSWORD.name]);
    session.close().await;
    let without = "101 list\r\nVERSION 2\r\nAUTHINFO SASL\r\nSASL PLAIN\r\n.\r\n";
    let (port, _heard) = script(&["200 hi\r\n", without, "205 bye\r\n"]).await;
    let session = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().mechanisms, ["PLAIN"]);
    assert!(session.offer().login_disabled);
    session.close().await;
}

#[tokio::test]
async fn greetings_and_servers_that_misbehave() {
    for (lines, class) in [
        (&["400 later\r\n"][..], WireClass::Temporary),
        (&["502 go away\r\n"], WireClass::Connection),
        (&["281 in\r\n"], WireClass::Protocol),
        (&["* OK imap\r\n"], WireClass::Protocol),
        (&["200 hi\r\n", "28"], WireClass::Connection),
        (&["200 hi\r\n", "+OK\r\n"], WireClass::Protocol),
    ] {
        let (port, heard) = script(lines).await;
        let options = in_the_clear();
        let opening = open(Protocol::Nntp, port, &options);
        // The script's peer waits for something when it has said all: then it is hung up on.
        let ended = tokio::time::timeout(std::time::Duration::from_millis(300), opening).await;
        match ended {
            Ok(Err(error)) => assert_eq!(error.class, class, "{lines:?}"),
            Ok(Ok(_)) => panic!("{lines:?}"),
            Err(_) => assert_eq!(class, WireClass::Connection, "{lines:?}"),
        }
        drop(heard);
    }
    let endless = ["200 hi\r\n", &format!("101 list\r\n{}", "X\r\n".repeat(300))];
    let (port, _heard) = script(&endless).await;
    let error = open(Protocol::Nntp, port, &in_the_clear()).await.unwrap_err();
    assert_eq!(error.class, WireClass::Protocol);
    // STARTTLS that is refused, or that has more behind its answer.
    let offers = "101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n";
    for answer in ["580 no\r\n", "382 go\r\n281 in\r\n"] {
        let (port, _heard) = script(&["200 hi\r\n", offers, answer]).await;
        let error = open(Protocol::Nntp, port, &trusting()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Tls, "{answer:?}");
    }
}

#[tokio::test]
async fn a_conversation_without_sasl_goes_as_the_rfcs_say() {
    let (port, served) = server(careless_config(), false).await;
    let heard = shout(
        port,
        b"MODE READER\r\nGROUP a.b\r\nAUTHINFO PASS pencil\r\nAUTHINFO USER user\r\nXOVER\r\n\
          AUTHINFO PASS pencil\r\nAUTHINFO USER user\r\nAUTHINFO PASS wrong\r\nSTARTTLS\r\n\
          AUTHINFO USER user\r\nAUTHINFO PASS pencil\r\nCAPABILITIES\r\nGROUP a.b\r\n\
          AUTHINFO USER user\r\nAUTHINFO SASL PLAIN\r\nQUIT\r\n",
    )
    .await;
    let codes: Vec<_> = heard.lines().filter_map(|line| line.get(..4)).collect();
    assert_eq!(
        codes,
        [
            "201 ", "201 ", "480 ", "482 ", "381 ", "480 ", "482 ", "381 ", "481 ", "502 ", "381 ",
            "281 ", "101 ", "VERS", "IMPL", "READ", "500 ", "502 ", "502 ", "205 "
        ],
        "{heard}"
    );
    assert!(!heard.contains("AUTHINFO"), "nothing of it is left after a success");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn in_the_clear_no_password_is_taken_and_that_is_said() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(
        port,
        b"CAPABILITIES\r\nAUTHINFO USER user\r\nAUTHINFO SASL PLAIN AHVzZXIAcGVuY2ls\r\n\
          AUTHINFO SASL NONE\r\nAUTHINFO SASL SCRAM-SHA-256 AB==\r\n\
          AUTHINFO SASL SCRAM-SHA-256\r\n*\r\nQUIT\r\n",
    )
    .await;
    assert!(heard.contains("\r\nAUTHINFO SASL\r\nSASL SCRAM-"), "{heard}");
    let codes: Vec<_> = heard.lines().rev().take(7).filter_map(|line| line.get(..3)).collect();
    assert_eq!(codes, ["205", "481", "383", "504", "503", "483", "483"], "{heard}");
    assert_eq!(why(served).await, "aborted");
}
