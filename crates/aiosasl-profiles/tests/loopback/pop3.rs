//! POP3.

use std::{sync::Arc, time::Duration};

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode,
        server::{Limits, ServerConfig, serve_pop3},
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::time::timeout;

use crate::house::{
    Failed, PKI, Served, login, open, open_config, script, serve, shout, shout_and_leave, store,
    tls_config, trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_pop3(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

const CAPA: &str = "+OK\r\nSASL PLAIN SCRAM-SHA-256\r\nAUTH-RESP-CODE\r\n.\r\n";

#[tokio::test]
async fn stls_is_used_where_offered_and_capabilities_are_read_anew() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert!(offer.start_tls_offered && offer.initial_response && !offer.login_disabled);
    let plus = "SCRAM-SHA-256-PLUS".parse().unwrap();
    assert!(offer.mechanisms.contains(&plus));
    let before = offer.before_tls.as_ref().unwrap();
    assert!(!before.contains(&plus) && !before.contains(&"PLAIN".parse().unwrap()));
    assert_eq!(offer.greeting, "aiosasl ready");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.server_verified && done.channel_binding.is_some());
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS"] {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { implicit_by_scheme: true, ..trusting() };
        let mut session = open(Protocol::Pop3, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity_and_its_initial_response_is_empty() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Pop3, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    assert!(session.offer().login_disabled, "{:?}", session.offer());
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Mechanism, "it is not offered, and was not sent");
    // The same connection is good for another mechanism.
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256".to_owned()));
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such_and_five_of_them_are_enough() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        let Failed::There(error) = &refused else { panic!("{refused:?}") };
        assert!(error.is_authentication_failure());
        assert_eq!(WireError::of(error).unwrap().code.as_deref(), Some("-ERR [AUTH]"));
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Connection);
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_unknown_user_hears_what_a_wrong_password_hears() {
    let mut heard = Vec::new();
    for (name, password) in
        [("user", "wrong"), ("nobody", "pencil"), ("\u{ff}\0", ""), ("user", "")]
    {
        let token = aiosasl::encoding::encode(format!("\0{name}\0{password}").as_bytes());
        let said = format!("USER {name}\r\nPASS {password}\r\nNOOP\r\nQUIT\r\n");
        let (port, served) = server(careless_config(), false).await;
        heard.push(shout(port, said.as_bytes()).await);
        assert!(matches!(served.await.unwrap().unwrap(), Some(Outcome::Failure(_))));
        if !password.is_empty() {
            let (port, _served) = server(careless_config(), false).await;
            let by_mechanism =
                shout(port, format!("AUTH PLAIN {token}\r\nQUIT\r\n").as_bytes()).await;
            assert!(by_mechanism.contains("\r\n-ERR [AUTH] Authentication failed\r\n"));
        }
    }
    assert!(heard[0].contains("\r\n-ERR [AUTH] Authentication failed\r\n"), "{}", heard[0]);
    assert!(heard.iter().all(|it| *it == heard[0]), "{heard:?}");
}

#[tokio::test]
async fn user_and_pass_come_in_by_the_same_door_and_find_no_mail() {
    let (port, served) = server(careless_config(), false).await;
    let heard = shout(
        port,
        b"PASS pencil\r\nLIST\r\nUSER user\r\nNOOP\r\nPASS pencil\r\nUSER user\r\nPASS pencil\r\n\
          STAT\r\nUSER user\r\nLIST\r\nUIDL\r\nRSET\r\nSTLS\r\nQUIT\r\n",
    )
    .await;
    let answers: Vec<_> = heard.lines().skip(1).collect();
    assert_eq!(
        answers,
        [
            "-ERR Not now",
            "-ERR Not now",
            "+OK And the password?",
            "+OK Done",
            "-ERR Not now",
            "+OK And the password?",
            "+OK Logged in",
            "+OK 0 0",
            "-ERR Not now",
            "+OK Done",
            ".",
            "+OK Done",
            ".",
            "+OK Done",
            "-ERR Not now",
            "+OK Good bye",
        ]
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn passwords_are_withheld_where_they_could_be_read_or_no_mechanism_shows_them() {
    let sha_256 = aiosasl::mechanisms::scram::SCRAM_SHA_256;
    let limited = ServerConfig { mechanisms: Arc::new([sha_256]), ..careless_config() };
    for config in [open_config(), limited] {
        let (port, served) = server(config, false).await;
        let heard = shout(port, b"CAPA\r\nUSER user\r\nPASS pencil\r\nQUIT\r\n").await;
        assert!(heard.contains("\r\nSASL ") && !heard.contains("\r\nUSER\r\n"), "{heard}");
        assert!(heard.contains("\r\n-ERR Not here") && heard.contains("-ERR Not now"), "{heard}");
        assert!(served.await.unwrap().unwrap().is_none());
    }
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_long_first_response_waits_for_its_challenge() {
    let (port, heard) = script(&["+OK hello\r\n", CAPA, "+ go ahead\r\n", "+OK in\r\n"]).await;
    let mut session = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap();
    let _ = login(&mut session, "PLAIN", &"p".repeat(200)).await.unwrap();
    drop(session);
    let heard = heard.await.unwrap();
    let lines: Vec<_> = heard.lines().collect();
    assert_eq!(lines[..2], ["CAPA", "AUTH PLAIN"]);
    assert_eq!(lines[2].len(), 276);
}

#[tokio::test]
async fn a_server_without_capabilities_may_list_its_mechanisms() {
    let (port, heard) = script(&[
        "+OK hello\r\n",
        "-ERR what?\r\n",
        "+OK\r\nLOGIN\r\nplain\r\n.\r\n",
        "+ \r\n",
        "+OK in\r\n",
    ])
    .await;
    let mut session = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap();
    assert!(!session.offer().initial_response);
    assert_eq!(session.offer().mechanisms, ["LOGIN", "PLAIN", "PASSWORD"]);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    drop(session);
    assert_eq!(heard.await.unwrap(), "CAPA\r\nAUTH\r\nAUTH PLAIN\r\nAHVzZXIAcGVuY2ls\r\n");

    let (port, _heard) = script(&["+OK hello\r\n", "-ERR what?\r\n", "-ERR what?\r\n"]).await;
    let session = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap();
    assert_eq!(session.offer().mechanisms, ["PASSWORD"]);
}

#[tokio::test]
async fn words_in_the_clear_behind_stls_are_no_words_of_the_server() {
    let (port, _heard) = script(&[
        "+OK hello\r\n",
        "+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n",
        "+OK begin\r\n+OK\r\nSASL PLAIN\r\n.\r\n",
    ])
    .await;
    let refused = open(Protocol::Pop3, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn commands_in_the_clear_behind_stls_are_not_obeyed() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(port, b"STLS\r\nCAPA\r\n").await;
    assert!(heard.ends_with("+OK Begin TLS\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn stls_that_is_wanted_and_not_to_be_had_ends_it() {
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let (port, _served) = server(open_config(), false).await;
    let refused = open(Protocol::Pop3, port, &options).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    let (port, _heard) =
        script(&["+OK hello\r\n", "+OK\r\nSTLS\r\n.\r\n", "-ERR [SYS/TEMP] not now\r\n"]).await;
    let refused = open(Protocol::Pop3, port, &options).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_deref()), (WireClass::Tls, Some("-ERR [SYS/TEMP]")));
}

#[tokio::test]
async fn a_server_that_does_not_want_us_says_so() {
    for (greeting, class) in [
        ("-ERR [SYS/TEMP] busy\r\n", WireClass::Temporary),
        ("-ERR go away\r\n", WireClass::Connection),
        ("* OK IMAP here\r\n", WireClass::Protocol),
        ("+ hello\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&[greeting]).await;
        let refused = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.class, class, "{greeting}");
    }
    let endless = format!("+OK\r\n{}", "X\r\n".repeat(300));
    let (port, _heard) = script(&["+OK hello\r\n", &endless]).await;
    let refused = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn refusals_in_an_exchange_mean_what_they_say() {
    for (answer, class, usable) in [
        ("-ERR [SYS/TEMP] later\r\n", WireClass::Temporary, true),
        ("-ERR [AUTH] no\r\n", WireClass::Credentials, true),
        ("-ERR no\r\n", WireClass::Protocol, true),
        ("+ !\r\n", WireClass::Protocol, false),
        ("235 in\r\n", WireClass::Protocol, false),
    ] {
        let (port, _heard) = script(&["+OK hello\r\n", CAPA, answer]).await;
        let mut session = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap();
        let refused = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
        assert_eq!((refused.class(), session.is_usable()), (class, usable), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_finds_the_server_lying_aborts() {
    // r=forged,s=YWJj,i=4096
    let forged = "+ cj1mb3JnZWQscz1ZV0pqLGk9NDA5Ng==\r\n";
    let (port, heard) = script(&["+OK hello\r\n", CAPA, forged, "-ERR given up\r\n"]).await;
    let mut session = open(Protocol::Pop3, port, &in_the_clear()).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    let Failed::Here(error) = failed else { panic!("{failed:?}") };
    assert_eq!(error.reason(), "nonce-mismatch");
    drop(session);
    assert!(heard.await.unwrap().ends_with("\r\n*\r\n"));
}

#[tokio::test]
async fn long_messages_are_taken_and_over_long_lines_end_the_connection() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Pop3, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(_)));
    let long = Response::new(vec![b'a'; 65_536]);
    let refused = session.respond(long).await.unwrap_err();
    assert!(WireError::of(&refused).unwrap().code.is_some(), "{refused}");
    session.close().await;
    assert_eq!(why(served).await, "too-few-fields");

    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, &b"A".repeat(200_000)).await;
    assert!(heard.contains("-ERR Expected lines"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);

    let (port, _heard) = script(&[&format!("+OK {}", "a".repeat(200_000))]).await;
    let refused = open(Protocol::Pop3, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn bad_lines_get_errors_and_the_connection_lives() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(
        port,
        b"AUTH SCRAM-SHA-256 !\r\n\r\nAUTH NOPE\r\nAUTH PLAIN\r\nAUTH SCRAM-SHA-256\r\n=\r\n\
          NOOP\r\nSTLS\r\nRETR 1\r\nSTAT\r\nAUTH\r\nQUIT\r\n",
    )
    .await;
    let answers: Vec<_> =
        heard.lines().skip(1).filter(|line| line.starts_with(['+', '-'])).collect();
    assert_eq!(
        answers,
        [
            "-ERR Expected base64",
            "-ERR Unknown command",
            "-ERR No such mechanism",
            "-ERR Encryption required",
            "+ ",
            "-ERR Expected base64",
            "+OK Done",
            "-ERR Not now",
            "-ERR Unknown command",
            "-ERR Not now",
            "+OK Done",
            "+OK Good bye",
        ]
    );
    assert!(heard.contains("\r\nSCRAM-SHA-256\r\n"), "a bare AUTH lists mechanisms: {heard}");
    assert_eq!(why(served).await, "invalid-encoding");
}

#[tokio::test]
async fn whoever_has_come_in_is_in_and_stays_who_they_are() {
    let (port, served) = server(careless_config(), false).await;
    let heard = shout(
        port,
        b"AUTH PLAIN AHVzZXIAcGVuY2ls\r\nAUTH PLAIN AHVzZXIAd3Jvbmc=\r\nUSER user\r\nCAPA\r\nQUIT\r\n",
    )
    .await;
    assert!(heard.contains("+OK Logged in\r\n-ERR Not now\r\n-ERR Not now\r\n"), "{heard}");
    assert!(heard.contains("\r\nSASL "), "it stays listed (RFC 5034 section 3): {heard}");
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn a_slow_or_endless_client_has_its_time_and_its_commands() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..open_config() }, false).await;
    let heard = shout(port, b"NOOP\r\nNO").await;
    assert!(heard.ends_with("+OK Done\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, "NOOP\r\n".repeat(101).as_bytes()).await;
    assert_eq!(heard.matches("+OK Done").count(), 100);
    assert!(heard.ends_with("-ERR Too much\r\n"));
    assert!(served.await.unwrap().unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_octets_do_harm_to_a_server_or_a_client(pieces in vec(piece(), 0..30)) {
        let octets = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = server(careless_config(), false).await;
            let ended = async { shout_and_leave(port, &octets).await; served.await.unwrap() };
            let outcome = timeout(Duration::from_secs(5), ended).await.unwrap();
            assert!(!matches!(outcome, Ok(Some(Outcome::Success(_)))));

            let text = format!("+OK hello\r\n{}", String::from_utf8_lossy(&octets));
            let (port, _heard) = script(&[&text]).await;
            let _ = timeout(Duration::from_millis(20), open(Protocol::Pop3, port, &in_the_clear())).await;
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "+OK ",
        "-ERR ",
        "+ ",
        "=",
        "\r\n",
        "SASL PLAIN",
        "AUTH ",
        "PLAIN ",
        "SCRAM-SHA-256 ",
        "biwsbj11c2VyLHI9YQ==",
        "NOOP",
        "STLS",
        "*",
        ".",
        "USER user",
        "PASS ",
        "CAPA",
        "\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..8)]
}
