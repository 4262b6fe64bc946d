//! LMTP: what it has of its own; all else is SMTP's.

use std::sync::Arc;

use aiosasl::policy::Plaintext;
use aiosasl_profiles::{
    WireClass,
    net::{
        Options, Protocol, TlsMode,
        server::{ServerConfig, serve_lmtp},
    },
};

use crate::house::{
    Served, login, open, open_config, script, serve, shout, store, tls_config, trusting, who,
};

async fn server(config: ServerConfig) -> (u16, Served) {
    serve(move |stream| serve_lmtp(stream, Arc::new(config), false, store())).await
}

#[tokio::test]
async fn the_session_is_opened_by_lhlo_also_after_starttls() {
    let (port, served) = server(tls_config()).await;
    let mut session = open(Protocol::Lmtp, port, &trusting()).await.unwrap();
    assert!(session.offer().greeting.contains(" LMTP "), "{}", session.offer().greeting);
    assert!(session.tls().is_some() && session.offer().start_tls_offered);
    let wrong = login(&mut session, "PLAIN", "pencim").await.unwrap_err();
    assert_eq!(wrong.class(), WireClass::Credentials);
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.server_verified && done.channel_binding.is_some());
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn nothing_of_smtps_greeting_is_known_and_lhlo_asks_for_all() {
    let config = ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() };
    let (port, served) = server(config).await;
    let heard = shout(
        port,
        b"EHLO me\r\nHELO me\r\nAUTH PLAIN AHVzZXIAcGVuY2ls\r\nLHLO\r\nLHLO me\r\n\
          AUTH PLAIN AHVzZXIAcGVuY2ls\r\nMAIL FROM:<>\r\nQUIT\r\n",
    )
    .await;
    let codes: Vec<_> = heard.lines().filter_map(|line| line.get(..4)).collect();
    assert_eq!(
        codes,
        ["220 ", "500 ", "500 ", "503 ", "501 ", "250-", "250-", "250 ", "235 ", "502 ", "221 "],
        "{heard}"
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn a_server_that_speaks_smtp_is_told_apart() {
    let lines = ["220 mx ESMTP\r\n", "500 5.5.1 what?\r\n", "221 bye\r\n"];
    let (port, heard) = script(&lines).await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let error = open(Protocol::Lmtp, port, &options).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("500 5.5.1"));
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("LHLO ") && !heard.contains("HELO "), "{heard}");
}
