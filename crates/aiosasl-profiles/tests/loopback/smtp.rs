//! SMTP and message submission.

use std::{sync::Arc, time::Duration};

use aiosasl::{
    binding::BindingKind,
    credentials::Credentials,
    driver::{Reply, SaslInterface},
    identity::AuthenticationId,
    message::Response,
    policy::ChannelSecurity,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode,
        server::{Limits, ServerConfig, serve_smtp},
    },
};

use crate::house::{
    Failed, PKI, Served, login, login_with, long_token, open, open_config, script, serve, shout,
    store, tls_config, trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_smtp(stream, Arc::new(config), implicit_tls, store())).await
}

fn names(mechanisms: &[aiosasl::name::MechanismName]) -> Vec<String> {
    mechanisms.iter().map(ToString::to_string).collect()
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// The codes of all replies, each reply once.
fn codes(heard: &str) -> Vec<&str> {
    let last = heard.lines().filter(|line| line.as_bytes().get(3) != Some(&b'-'));
    last.map(|line| line.get(..9).unwrap_or(line).trim_end()).collect()
}

#[tokio::test]
async fn starttls_is_used_where_offered_and_ehlo_is_said_again() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Submission, port, &trusting()).await.unwrap();
    let offer = session.offer();
    let before = names(offer.before_tls.as_deref().unwrap());
    assert!(!before.contains(&"PLAIN".to_owned()), "a password in the clear: {before:?}");
    assert!(!before.iter().any(|name| name.ends_with("-PLUS")), "nothing to bind to: {before:?}");
    let now = names(&offer.mechanisms);
    assert!(now.contains(&"PLAIN".to_owned()) && now.contains(&"SCRAM-SHA-256-PLUS".to_owned()));
    assert!(offer.start_tls_offered && offer.initial_response);
    assert_eq!(offer.greeting, "localhost ESMTP aiosasl ready");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    let authenticated = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(authenticated.server_verified);
    assert_eq!(authenticated.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-1-PLUS"]
    {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { implicit_by_scheme: true, ..trusting() };
        let mut session = open(Protocol::Smtp, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity_and_its_initial_response_is_empty() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Smtp, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Smtp, port, &trusting()).await.unwrap();
    assert_eq!(session.security(), ChannelSecurity::Open);
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Policy);
    // The same connection is good for another mechanism.
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256".to_owned()));
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such_and_five_of_them_are_enough() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Smtp, port, &trusting()).await.unwrap();
    for _ in 0..5 {
        let refused = login(&mut session, "SCRAM-SHA-256", "wrong").await.unwrap_err();
        let Failed::There(error) = &refused else { panic!("{refused:?}") };
        assert!(error.is_authentication_failure());
        assert_eq!(WireError::of(error).unwrap().code.as_deref(), Some("535 5.7.8"));
    }
    let gone = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert!(matches!(gone.class(), WireClass::Connection | WireClass::Temporary), "{gone:?}");
    assert_eq!(why(served).await, "invalid-proof");
}

#[tokio::test]
async fn an_unknown_mechanism_is_another_kind_of_refusal() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Smtp, port, &trusting()).await.unwrap();
    let error = session.initiate("X-UNKNOWN".parse().unwrap(), None).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!((error.class, error.code.as_deref()), (WireClass::Mechanism, Some("504 5.5.4")));
    session.close().await;
    assert_eq!(why(served).await, "mechanism-unavailable");
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Smtp, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_long_first_response_waits_for_its_challenge() {
    let (port, heard) = script(&[
        "220 hello\r\n",
        "250-mx\r\n250 AUTH PLAIN\r\n",
        "334 go ahead\r\n",
        "235 2.7.0 in\r\n",
    ])
    .await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let mut session = open(Protocol::Smtp, port, &options).await.unwrap();
    let _ = login(&mut session, "PLAIN", &"p".repeat(400)).await.unwrap();
    drop(session);
    let heard = heard.await.unwrap();
    let lines: Vec<_> = heard.lines().collect();
    assert_eq!(lines[..2], ["EHLO [127.0.0.1]", "AUTH PLAIN"]);
    assert_eq!(lines[2].len(), 544);
}

#[tokio::test]
async fn words_in_the_clear_behind_starttls_are_no_words_of_the_server() {
    let (port, _heard) = script(&[
        "220 hello\r\n",
        "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        "220 begin\r\n250-mx\r\n250 AUTH PLAIN\r\n",
    ])
    .await;
    let refused = open(Protocol::Smtp, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn commands_in_the_clear_behind_starttls_are_not_obeyed() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(port, b"EHLO me\r\nSTARTTLS\r\nNOOP\r\nAUTH PLAIN\r\n").await;
    assert_eq!(codes(&heard), ["220 local", "250 AUTH", "220 2.0.0"]);
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn starttls_that_is_wanted_and_not_to_be_had_ends_it() {
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let (port, _served) = server(open_config(), false).await;
    let refused = open(Protocol::Smtp, port, &options).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    let (port, _heard) =
        script(&["220 hello\r\n", "250-mx\r\n250 STARTTLS\r\n", "454 4.7.0 not now\r\n"]).await;
    let refused = open(Protocol::Smtp, port, &options).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_deref()), (WireClass::Tls, Some("454 4.7.0")));
}

#[tokio::test]
async fn a_server_that_does_not_want_us_says_so() {
    for (greeting, class) in [
        ("421 4.3.2 busy\r\n", WireClass::Temporary),
        ("554 5.7.1 go away\r\n", WireClass::Connection),
        ("* OK IMAP here\r\n", WireClass::Protocol),
        ("250 hello\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&[greeting]).await;
        let refused = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.class, class, "{greeting}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_in_an_exchange_is_no_verdict_on_the_credentials() {
    for (answer, class, usable) in [
        ("421 4.7.0 bye\r\n", WireClass::Temporary, false),
        ("454 4.7.0 later\r\n", WireClass::Temporary, true),
        ("250 what\r\n", WireClass::Protocol, false),
        ("334 !\r\n", WireClass::Protocol, false),
    ] {
        let (port, _heard) =
            script(&["220 hello\r\n", "250-mx\r\n250 AUTH SCRAM-SHA-256\r\n", answer]).await;
        let mut session = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap();
        let refused = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
        assert_eq!((refused.class(), session.is_usable()), (class, usable), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_finds_the_server_lying_aborts() {
    let (port, heard) = script(&[
        "220 hello\r\n",
        "250-mx\r\n250 AUTH SCRAM-SHA-256\r\n",
        // r=forged,s=YWJj,i=4096
        "334 cj1mb3JnZWQscz1ZV0pqLGk9NDA5Ng==\r\n",
        "501 5.7.0 given up\r\n",
    ])
    .await;
    let mut session = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    let Failed::Here(error) = failed else { panic!("{failed:?}") };
    assert_eq!(error.reason(), "nonce-mismatch");
    drop(session);
    assert!(heard.await.unwrap().ends_with("\r\n*\r\n"));
}

#[tokio::test]
async fn long_messages_are_taken_inside_an_exchange() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Smtp, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(_)));
    let long = Response::new(vec![b'a'; 65_536]);
    let refused = session.respond(long).await.unwrap_err();
    assert!(WireError::of(&refused).unwrap().code.is_some(), "{refused}");
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn over_long_lines_end_the_connection_at_either_end() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, &b"A".repeat(200_000)).await;
    assert_eq!(codes(&heard), ["220 local", "500 5.5.6"]);
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);

    for endless in [format!("220 {}", "a".repeat(200_000)), "220-hello\r\n".repeat(300)] {
        let (port, _heard) = script(&[&endless]).await;
        let refused = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.class, WireClass::Protocol);
    }
}

#[tokio::test]
async fn commands_are_refused_where_they_do_not_belong_and_the_connection_lives() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(
        port,
        b"AUTH SCRAM-SHA-256\r\nSTARTTLS\r\nHELO me\r\nAUTH SCRAM-SHA-256\r\nEHLO me\r\nSTARTTLS\r\n\
          MAIL FROM:<a@b>\r\nAUTH PLAIN\r\nAUTH CRAM-MD5\r\nAUTH SCRAM-SHA-256 !\r\nFOO\r\n\
          AUTH SCRAM-SHA-256\r\n*\r\nNOOP\r\nRSET\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(
        codes(&heard),
        [
            "220 local",
            "503 5.5.1",
            "503 5.5.1",
            "250 local",
            "503 5.5.1",
            "250 AUTH",
            "503 5.5.1",
            "530 5.7.0",
            "538 5.7.1",
            "504 5.5.4",
            "501 5.5.2",
            "500 5.5.1",
            "334",
            "501 5.7.0",
            "250 2.0.0",
            "250 2.0.0",
            "221 2.0.0",
        ]
    );
    assert_eq!(why(served).await, "aborted");
}

#[tokio::test]
async fn a_second_login_is_refused_and_takes_nothing_back() {
    let plaintext = aiosasl::policy::Plaintext::Anywhere;
    let (port, served) = server(ServerConfig { plaintext, ..open_config() }, false).await;
    let heard = shout(
        port,
        b"EHLO me\r\nAUTH PLAIN AHVzZXIAcGVuY2ls\r\nAUTH PLAIN AHVzZXIAd3Jvbmc=\r\nMAIL FROM:<>\r\nQUIT\r\n",
    )
    .await;
    let expected = ["220 local", "250 AUTH", "235 2.7.0", "503 5.5.1", "502 5.5.1", "221 2.0.0"];
    assert_eq!(codes(&heard), expected);
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn an_unknown_user_hears_what_a_wrong_password_hears() {
    let said = |token: &str| format!("EHLO me\r\nAUTH PLAIN {token}\r\nQUIT\r\n");
    let mut heard = Vec::new();
    // user/wrong, nobody/pencil, and user/pencil as somebody else
    for token in ["AHVzZXIAd3Jvbmc=", "AG5vYm9keQBwZW5jaWw=", "b3RoZXIAdXNlcgBwZW5jaWw="] {
        let plaintext = aiosasl::policy::Plaintext::Anywhere;
        let (port, _served) = server(ServerConfig { plaintext, ..open_config() }, false).await;
        heard.push(shout(port, said(token).as_bytes()).await);
    }
    assert!(heard[0].contains("\r\n535 5.7.8 "), "{}", heard[0]);
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
}

#[tokio::test]
async fn a_bare_lf_is_no_end_of_a_command() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, b"EHLO me\nNOOP\r\n").await;
    assert_eq!(codes(&heard), ["220 local", "500 5.5.6"]);
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);
}

#[tokio::test]
async fn a_slow_or_endless_client_has_its_time_and_its_commands() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..open_config() }, false).await;
    let heard = shout(port, b"NOOP\r\nEHL").await;
    assert_eq!(codes(&heard), ["220 local", "250 2.0.0"]);
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, "NOOP\r\n".repeat(101).as_bytes()).await;
    assert_eq!(heard.matches("250 2.0.0").count(), 100);
    assert!(heard.ends_with("421 4.7.0 Too much\r\n"), "{heard}");
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn a_server_that_knows_helo_alone_offers_nothing() {
    let lines = ["220 old\r\n", "502 what?\r\n", "250 old\r\n", "221 bye\r\n"];
    let (port, heard) = script(&lines).await;
    let session = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().mechanisms, [""; 0]);
    session.close().await;
    let heard = heard.await.unwrap();
    assert_eq!(heard, "EHLO [127.0.0.1]\r\nHELO [127.0.0.1]\r\nQUIT\r\n");
    // Where neither is taken, the first refusal says why.
    for (answer, class) in [("554 no\r\n", "554"), ("421 later\r\n", "421")] {
        let (port, _heard) = script(&["220 old\r\n", answer]).await;
        let refused = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some(class));
    }
}

#[tokio::test]
async fn refusals_are_sorted_by_what_helps() {
    let hello = "250-old\r\n250-auth=LOGIN\r\n250-AUTH plain\r\n250 AUTH=PLAIN X-OTHER\r\n";
    for (answer, class) in [
        ("421 4.7.0 too many errors", WireClass::Temporary),
        ("432 4.7.12 a password transition is needed", WireClass::Temporary),
        ("451 4.3.0 later", WireClass::Temporary),
        ("454 4.7.0 later", WireClass::Temporary),
        ("504 5.5.4 no", WireClass::Mechanism),
        ("530 5.7.0 Must issue a STARTTLS command first", WireClass::Policy),
        ("534 5.7.9 too weak", WireClass::Policy),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
            WireClass::Credentials,
        ),
        ("538 5.7.11 encryption", WireClass::Policy),
    ] {
        let (port, heard) = script(&["220 old\r\n", hello, &format!("{answer}\r\n")]).await;
        let mut session = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap();
        assert_eq!(session.offer().mechanisms, ["LOGIN", "PLAIN", "X-OTHER"]);
        let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
        assert_eq!(refused.class(), class, "{answer}");
        drop(session);
        assert!(heard.await.unwrap().ends_with("AUTH PLAIN AHVzZXIAcGVuY2ls\r\n"));
    }
}

#[tokio::test]
async fn a_token_of_20_kib_does_not_go_with_the_command() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Submission, port, &trusting()).await.unwrap();
    let mut credentials = Credentials::token(long_token());
    credentials.authentication_id = Some(AuthenticationId::new("user").unwrap());
    let _ = login_with(&mut session, "XOAUTH2", &credentials).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "XOAUTH2".to_owned()));

    let hello = "250-mx\r\n250 AUTH XOAUTH2\r\n";
    let lines = ["220 mx\r\n", hello, "334 Go on\r\n"];
    let (port, heard) = script(&lines).await;
    let mut session = open(Protocol::Smtp, port, &in_the_clear()).await.unwrap();
    let _ = login_with(&mut session, "XOAUTH2", &credentials).await;
    drop(session);
    assert!(heard.await.unwrap().contains("AUTH XOAUTH2\r\n"));
}
