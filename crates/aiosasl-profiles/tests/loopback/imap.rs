//! IMAP.

use std::{sync::Arc, sync::Mutex, time::Duration};

use aiosasl::{
    binding::BindingKind,
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass,
    net::{
        Event, Options, Protocol, TlsMode, Trust,
        server::{Limits, ServerConfig, serve_imap},
    },
};

use proptest::{collection::vec, prelude::*};
use tokio::time::timeout;

use crate::house::{
    PKI, Served, login, open, open_config, script, serve, shout, shout_and_leave, store,
    tls_config, trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_imap(stream, Arc::new(config), implicit_tls, store())).await
}

fn names(mechanisms: &[aiosasl::name::MechanismName]) -> Vec<String> {
    mechanisms.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn starttls_is_used_where_offered_and_capabilities_are_read_anew() {
    let (port, served) = server(tls_config(), false).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let observer = move |event: Event<'_>| told.lock().unwrap().push(format!("{event:?}"));
    let options = Options { observer: Some(Arc::new(observer)), ..trusting() };
    let mut session = open(Protocol::Imap, port, &options).await.unwrap();

    let before = names(session.offer().before_tls.as_deref().unwrap());
    assert!(!before.contains(&"PLAIN".to_owned()), "a password in the clear: {before:?}");
    assert!(!before.iter().any(|name| name.ends_with("-PLUS")), "nothing to bind to: {before:?}");
    let now = names(&session.offer().mechanisms);
    assert!(now.contains(&"PLAIN".to_owned()) && now.contains(&"SCRAM-SHA-256-PLUS".to_owned()));
    assert!(!now.contains(&"EXTERNAL".to_owned()), "no certificate was shown");
    assert!(session.offer().start_tls_offered && session.offer().initial_response);
    assert_eq!(session.offer().greeting, "aiosasl ready");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    assert_eq!(session.tls().unwrap().version, "1.3");

    let authenticated = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(authenticated.server_verified);
    assert_eq!(authenticated.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
    let events = events.lock().unwrap().join("\n");
    for word in [
        "Connected",
        "Greeting(\"aiosasl ready\")",
        "StartTls",
        "Tls(",
        "Success(\"OK Authenticated\")",
    ] {
        assert!(events.contains(word), "{word} in {events}");
    }
    assert!(!events.contains("pencil"));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in
        ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"]
    {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { tls: TlsMode::Implicit, ..trusting() };
        let mut session = open(Protocol::Imap, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Imap, port, &options).await.unwrap();
    assert!(names(&session.offer().mechanisms).contains(&"EXTERNAL".to_owned()));
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    assert_eq!(session.security(), ChannelSecurity::Open);
    assert!(session.offer().login_disabled && session.offer().before_tls.is_none());
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
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials, "{mechanism}");
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Connection);
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_untrusted_certificate_or_another_name_ends_it() {
    let other = Options { trust: Trust::Platform, ..Options::default() };
    let elsewhere = Options { server_name: Some("example.org".to_owned()), ..trusting() };
    for options in [other, elsewhere] {
        let (port, served) = server(tls_config(), false).await;
        let refused = open(Protocol::Imap, port, &options).await.unwrap_err();
        assert_eq!(refused.class, WireClass::Tls, "{refused}");
        assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
    }
    let (port, _served) = server(tls_config(), false).await;
    let insecure = Options { trust: Trust::Insecure, ..Options::default() };
    let session = open(Protocol::Imap, port, &insecure).await.unwrap();
    assert_eq!(session.security(), ChannelSecurity::Open, "nobody knows who that is");
}

#[tokio::test]
async fn starttls_that_is_wanted_and_not_offered_ends_it() {
    let (port, _served) = server(open_config(), false).await;
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let refused = open(Protocol::Imap, port, &options).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
}

#[tokio::test]
async fn words_in_the_clear_behind_starttls_are_no_words_of_the_server() {
    let greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hello\r\n";
    let injected = "A1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n";
    let (port, _heard) = script(&[greeting, injected]).await;
    let refused = open(Protocol::Imap, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn commands_in_the_clear_behind_starttls_are_not_obeyed() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(port, b"A1 STARTTLS\r\nA2 CAPABILITY\r\n").await;
    assert!(!heard.contains("A2"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn preauth_is_not_believed() {
    let (port, _heard) = script(&["* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n"]).await;
    let refused = open(Protocol::Imap, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Policy);
}

#[tokio::test]
async fn without_sasl_ir_the_first_response_waits_for_its_challenge() {
    let (port, heard) = script(&[
        "* OK hello\r\n",
        "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* 3 EXISTS\r\nA1 OK done\r\n",
        "+ word\r\n",
        "* OK nearly there\r\nA2 OK [CAPABILITY IMAP4rev1] in\r\n",
    ])
    .await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let mut session = open(Protocol::Imap, port, &options).await.unwrap();
    assert!(!session.offer().initial_response);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    drop(session);
    let heard = heard.await.unwrap();
    assert_eq!(heard, "A1 CAPABILITY\r\nA2 AUTHENTICATE PLAIN\r\nAHVzZXIAcGVuY2ls\r\n");
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_client_that_finds_the_server_lying_aborts() {
    let (port, heard) = script(&[
        "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] hello\r\n",
        // r=forged,s=YWJj,i=4096
        "+ cj1mb3JnZWQscz1ZV0pqLGk9NDA5Ng==\r\n",
        "A1 BAD given up\r\n",
    ])
    .await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let mut session = open(Protocol::Imap, port, &options).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    let crate::house::Failed::Here(error) = failed else { panic!("{failed:?}") };
    assert_eq!(error.reason(), "nonce-mismatch");
    drop(session);
    assert!(heard.await.unwrap().ends_with("\r\n*\r\n"));
}

#[tokio::test]
async fn over_long_lines_end_the_connection_at_either_end() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, &b"A".repeat(200_000)).await;
    assert!(heard.contains("* BYE Expected lines"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);

    let (port, _heard) = script(&[&format!("* OK {}", "a".repeat(200_000))]).await;
    let refused = open(Protocol::Imap, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn long_messages_are_taken_inside_an_exchange() {
    // 64 KiB is the exchange's limit: the line passes, the mechanism refuses the field.
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Imap, port, &trusting()).await.unwrap();
    let long = Response::new(vec![b'a'; 65_536]);
    let refused = session.initiate("PLAIN".parse().unwrap(), Some(long)).await.unwrap_err();
    assert_eq!(aiosasl_profiles::WireError::of(&refused).unwrap().class, WireClass::Credentials);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn bad_lines_get_bad_answers_and_the_connection_lives() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(
        port,
        b"A1 AUTHENTICATE SCRAM-SHA-256 !\r\n\r\nA2 AUTHENTICATE NOPE\r\nA3 LOGIN user pencil\r\n\
          A4 AUTHENTICATE SCRAM-SHA-256\r\n=\r\nA5 NOOP\r\nA6 STARTTLS\r\nA7 FETCH 1\r\nA8 LOGOUT\r\n",
    )
    .await;
    let answers: Vec<_> = heard.lines().skip(1).collect();
    assert_eq!(
        answers,
        [
            "A1 BAD Expected base64",
            "* BAD Expected a tag and a command",
            "A2 NO No such mechanism",
            "A3 NO [PRIVACYREQUIRED] Encryption required",
            "+ ",
            "A4 BAD Expected base64",
            "A5 OK Done",
            "A6 BAD Not now",
            "A7 BAD Unknown command",
            "* BYE Good bye",
            "A8 OK Done",
        ]
    );
    assert_eq!(why(served).await, "invalid-encoding");
}

#[tokio::test]
async fn octets_that_a_literal_announces_are_not_taken_for_commands() {
    let (port, _served) = server(open_config(), false).await;
    let heard = shout(port, b"A1 LOGIN {12+}\r\nA2 CAPABILITY\r\n").await;
    assert!(heard.contains("* BYE") && !heard.contains("A2"), "{heard}");
}

#[tokio::test]
async fn a_bare_lf_is_no_end_of_a_command() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, b"A1 NOOP\nA2 NOOP\r\n").await;
    assert!(heard.contains("* BYE") && !heard.contains("A1"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);
}

#[tokio::test]
async fn a_slow_or_endless_client_has_its_time_and_its_commands() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..open_config() }, false).await;
    let heard = shout(port, b"A1 NOOP\r\nA2 NO").await;
    assert!(heard.ends_with("A1 OK Done\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, "A NOOP\r\n".repeat(101).as_bytes()).await;
    assert_eq!(heard.matches("A OK").count(), 100);
    assert!(heard.contains("* BYE"));
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn a_server_that_never_comes_to_the_point_is_left() {
    let chatter = "* 1 EXISTS\r\n".repeat(300);
    let (port, _heard) = script(&["* OK hello\r\n", &chatter]).await;
    let refused = open(Protocol::Imap, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn a_call_that_was_dropped_half_way_leaves_no_half_conversation() {
    let hello = "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\r\n";
    let (port, _heard) = script(&[hello, "* OK wait\r\n"]).await;
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    let mut session = open(Protocol::Imap, port, &options).await.unwrap();
    let started = session.initiate("PLAIN".parse().unwrap(), None);
    assert!(timeout(Duration::from_millis(50), started).await.is_err());
    let refused = session.abort().await.unwrap_err();
    assert!(refused.text().contains("broken off"), "{refused}");
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

#[tokio::test]
async fn whoever_has_come_in_is_in_and_stays_who_they_are() {
    let config = ServerConfig { tls: tls_config().tls, ..careless_config() };
    let (port, served) = server(config, false).await;
    let heard = shout(
        port,
        b"A1 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\nA2 AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n\
          A3 STARTTLS\r\nA4 AUTHENTICATE PLAIN AHVzZXIAcGVuY2lt\r\nA5 LOGOUT\r\n",
    )
    .await;
    let answers: Vec<_> = heard.lines().skip(1).collect();
    assert_eq!(
        answers,
        [
            "A1 OK Authenticated",
            "A2 BAD Not now",
            "A3 BAD Not now",
            "A4 BAD Not now",
            "* BYE Good bye",
            "A5 OK Done"
        ]
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn the_login_command_comes_in_by_the_same_door() {
    let login = b"A1 LOGIN user {9999}\r\nA2 LOGIN user \"pencil\r\nA3 LOGIN \"user\" pencim\r\n\
                  A4 LOGIN nobody pencil\r\nA5 LOGIN user \"\"\r\nA6 LOGIN \"user\" \"pencil\"\r\n\
                  A7 LOGIN user pencil\r\nA8 LIST \"\" *\r\nA9 LOGOUT\r\n";
    let (port, served) = server(careless_config(), false).await;
    let heard = shout(port, login).await;
    let answers: Vec<_> = heard.lines().collect();
    assert!(!answers[0].contains("LOGINDISABLED"), "{heard}");
    assert_eq!(
        answers[1..],
        [
            "A1 BAD Expected a name and a password",
            "A2 BAD Expected a name and a password",
            "A3 NO [AUTHENTICATIONFAILED] Authentication failed",
            "A4 NO [AUTHENTICATIONFAILED] Authentication failed",
            "A5 NO [AUTHENTICATIONFAILED] Authentication failed",
            "A6 OK Authenticated",
            "A7 BAD Not now",
            "A8 OK Done",
            "* BYE Good bye",
            "A9 OK Done"
        ]
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn the_login_command_is_withheld_where_no_mechanism_shows_the_password() {
    let sha_256 = aiosasl::mechanisms::scram::SCRAM_SHA_256;
    let config = ServerConfig { mechanisms: Arc::new([sha_256]), ..careless_config() };
    let (port, served) = server(config, false).await;
    let heard = shout(port, b"A1 LOGIN user pencil\r\nA2 LOGOUT\r\n").await;
    assert!(heard.contains("LOGINDISABLED"), "{heard}");
    assert!(heard.contains("A1 NO [CANNOT] "), "{heard}");
    assert_eq!(why(served).await, "mechanism-unavailable");
}

#[tokio::test]
async fn nobody_acts_as_somebody_else_without_leave() {
    let (port, served) = server(careless_config(), false).await;
    let other = aiosasl::encoding::encode(b"other\0user\0pencil");
    let heard =
        shout(port, format!("A1 AUTHENTICATE PLAIN {other}\r\nA2 LOGOUT\r\n").as_bytes()).await;
    assert!(heard.contains("A1 NO [AUTHORIZATIONFAILED] "), "{heard}");
    assert_eq!(why(served).await, "not-authorized");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_octets_do_harm_to_a_server_or_a_client(pieces in vec(piece(), 0..30)) {
        let octets = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = server(open_config(), false).await;
            let ended = async { shout_and_leave(port, &octets).await; served.await.unwrap() };
            let outcome = timeout(Duration::from_secs(5), ended).await.unwrap();
            assert!(!matches!(outcome, Ok(Some(Outcome::Success(_)))));

            let text = String::from_utf8_lossy(&octets);
            let (port, _heard) = script(&[&text]).await;
            let options = Options { tls: TlsMode::Off, ..Options::default() };
            // A greeting without capabilities makes us ask, and wait: that is for the caller to end.
            let _ = timeout(Duration::from_millis(20), open(Protocol::Imap, port, &options)).await;
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "A1 ",
        "* OK ",
        "+ ",
        "=",
        "\r\n",
        "[CAPABILITY IMAP4rev1 AUTH=PLAIN]",
        "AUTHENTICATE ",
        "PLAIN ",
        "SCRAM-SHA-256 ",
        "biwsbj11c2VyLHI9YQ==",
        "NOOP",
        "STARTTLS",
        "*",
        "* BYE ",
        "A1 OK ",
        "\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..8)]
}
