//! POP3's own login: USER and PASS.

use std::sync::Arc;

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::Response,
    own_login,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Session, TlsMode, server::serve_pop3},
};

use crate::house::{open, open_config, script, serve, store, tls_config, trusting, who};

async fn log_in(session: &mut Session, name: &str, password: &str) -> Result<Reply, WireClass> {
    let message = Response::new([name, password].join("\0"));
    let reply = session.initiate(own_login::PASSWORD.name, Some(message)).await;
    reply.map_err(|error| WireError::of(&error).unwrap().class)
}

#[tokio::test]
async fn it_is_offered_last_and_within_tls_alone() {
    let config = Arc::new(tls_config());
    let (port, served) = serve(move |stream| serve_pop3(stream, config, false, store())).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert_eq!(offer.mechanisms.last(), Some(&own_login::PASSWORD.name));
    assert!(!offer.before_tls.as_ref().unwrap().contains(&own_login::PASSWORD.name));
    assert_eq!(log_in(&mut session, "user", "pencim").await, Err(WireClass::Credentials));
    assert_eq!(log_in(&mut session, "user", "pencil").await, Ok(Reply::Success(None)));
    session.close().await;
    assert_eq!(who(served).await.0, "user");
    let config = Arc::new(open_config());
    let (port, _served) = serve(move |stream| serve_pop3(stream, config, false, store())).await;
    let session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    assert!(!session.offer().mechanisms.contains(&own_login::PASSWORD.name));
    session.close().await;
}

/// What becomes of it where the server answers so.
async fn scripted(capa: &str, answers: &[&str]) -> (Result<Reply, WireClass>, String) {
    let lines = [&["+OK hi\r\n", capa], answers].concat();
    let (port, heard) = script(&lines).await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let mut session = open(Protocol::Pop3, port, &options).await.unwrap();
    assert!(session.offer().mechanisms.contains(&own_login::PASSWORD.name));
    let outcome = log_in(&mut session, "a user", " a pass ").await;
    session.close().await;
    (outcome, heard.await.unwrap())
}

#[tokio::test]
async fn answers_mean_what_they_mean_in_an_exchange() {
    let capa = "+OK\r\nUSER\r\nAUTH-RESP-CODE\r\n.\r\n";
    for (answers, expected) in [
        (&["+OK and?\r\n", "+OK in\r\n"][..], Ok(Reply::Success(None))),
        (&["+OK and?\r\n", "-ERR [AUTH] no\r\n"], Err(WireClass::Credentials)),
        (&["+OK and?\r\n", "-ERR [IN-USE] later\r\n"], Err(WireClass::Temporary)),
        (&["-ERR [AUTH] not in the clear\r\n"], Err(WireClass::Credentials)),
        (&["-ERR [SYS/TEMP] later\r\n"], Err(WireClass::Temporary)),
        (&["+ go on\r\n"], Err(WireClass::Protocol)),
        (&["+OK and?\r\n", "+ AAAA\r\n"], Err(WireClass::Protocol)),
    ] {
        let (outcome, heard) = scripted(capa, answers).await;
        assert_eq!(outcome, expected, "{answers:?}");
        assert!(heard.contains("USER a user\r\n"), "{heard}");
        assert_eq!(heard.contains("PASS  a pass \r\n"), answers[0].starts_with("+OK"), "{heard}");
    }
}

#[tokio::test]
async fn a_server_without_capabilities_has_it() {
    let answers = ["-ERR what?\r\n", "+OK and?\r\n", "-ERR no\r\n"];
    let (outcome, heard) = scripted("-ERR what?\r\n", &answers).await;
    assert_eq!(outcome, Err(WireClass::Credentials), "{heard}");
}
