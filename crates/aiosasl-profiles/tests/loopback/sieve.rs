//! ManageSieve.

use std::{sync::Arc, time::Duration};

use aiosasl::{
    binding::BindingKind,
    driver::{Reply, SaslInterface},
    message::{Challenge, Outcome, Response},
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode,
        server::{Limits, ServerConfig, serve_sieve},
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::time::timeout;

use crate::house::{
    Failed, PKI, Served, login, open, open_config, script, serve, shout, shout_and_leave, store,
    tls_config, trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_sieve(stream, Arc::new(config), implicit_tls, store())).await
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

/// What a server of ours says before and after the first commands, beside the capabilities.
fn answers(heard: &str) -> Vec<&str> {
    heard.lines().filter(|line| !line.starts_with('"') || line.matches('"').count() == 2).collect()
}

const HELLO: &str = "\"SASL\" \"PLAIN SCRAM-SHA-256\"\r\n\"VERSION\" \"1.0\"\r\nOK\r\n";

#[tokio::test]
async fn starttls_is_used_where_offered_and_capabilities_come_anew_by_themselves() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Sieve, port, &trusting()).await.unwrap();
    let offer = session.offer();
    assert!(offer.start_tls_offered && offer.initial_response);
    let plus = "SCRAM-SHA-256-PLUS".parse().unwrap();
    assert!(offer.mechanisms.contains(&plus));
    let before = offer.before_tls.as_ref().unwrap();
    assert!(!before.contains(&plus) && !before.contains(&"PLAIN".parse().unwrap()));
    assert_eq!(offer.greeting, "aiosasl ready");
    assert!(offer.capabilities.contains(&"VERSION 1.0".to_owned()), "{offer:?}");
    assert!(!offer.capabilities.contains(&"STARTTLS".to_owned()), "not twice: {offer:?}");
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.server_verified);
    assert_eq!(done.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS"] {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { tls: TlsMode::Implicit, ..trusting() };
        let mut session = open(Protocol::Sieve, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity_and_its_initial_response_is_empty() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Sieve, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Sieve, port, &trusting()).await.unwrap();
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
    let mut session = open(Protocol::Sieve, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials, "{mechanism}");
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Connection);
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_unknown_user_hears_what_a_wrong_password_hears() {
    let mut heard = Vec::new();
    // user/wrong, nobody/pencil, and user/pencil as somebody else
    for token in ["AHVzZXIAd3Jvbmc=", "AG5vYm9keQBwZW5jaWw=", "b3RoZXIAdXNlcgBwZW5jaWw="] {
        let (port, _served) = server(careless_config(), false).await;
        let said = format!("AUTHENTICATE \"PLAIN\" \"{token}\"\r\nLOGOUT\r\n");
        heard.push(shout(port, said.as_bytes()).await);
    }
    assert!(heard[0].contains("\r\nNO \"Authentication failed\"\r\n"), "{}", heard[0]);
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Sieve, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn long_messages_go_as_literals_both_ways() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Sieve, port, &trusting()).await.unwrap();
    // 64 KiB is the exchange's limit: the literal passes, the mechanism refuses the field.
    let long = Response::new(vec![b'a'; 65_536]);
    let refused = session.initiate("PLAIN".parse().unwrap(), Some(long.clone())).await.unwrap_err();
    assert_eq!(WireError::of(&refused).unwrap().class, WireClass::Credentials);
    let _ = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    let refused = session.respond(long).await.unwrap_err();
    assert_eq!(WireError::of(&refused).unwrap().class, WireClass::Credentials);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");

    let token = aiosasl::encoding::encode(&[7; 3000]);
    let challenge = format!("{{{}}}\r\n{token}\r\n", token.len());
    let (port, heard) = script(&[HELLO, &challenge, "OK\r\n"]).await;
    let mut session = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap();
    let first = session.initiate("X".parse().unwrap(), None).await.unwrap();
    assert_eq!(first, Reply::Challenge(Challenge::new([7; 3000])));
    let last = session.respond(Response::new([8; 3000])).await.unwrap();
    assert_eq!(last, Reply::Success(None));
    drop(session);
    let token = aiosasl::encoding::encode(&[8; 3000]);
    assert_eq!(heard.await.unwrap(), format!("AUTHENTICATE \"X\"\r\n{{4000+}}\r\n{token}\r\n"));
}

#[tokio::test]
async fn a_success_may_have_its_words_with_it_or_before_it() {
    for answers in [&["OK (SASL \"dj0=\") \"in\"\r\n"][..], &["\"dj0=\"\r\n", "OK\r\n"]] {
        let (port, _heard) = script(&[&[HELLO], answers].concat()).await;
        let mut session = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap();
        let mut reply = session.initiate("X".parse().unwrap(), None).await.unwrap();
        if let Reply::Challenge(words) = reply {
            assert_eq!(words.as_bytes(), b"v=");
            reply = session.respond(Response::empty()).await.unwrap();
        } else {
            assert_eq!(reply, Reply::Success(Some(Challenge::new(*b"v="))));
        }
        assert!(matches!(reply, Reply::Success(_)));
    }
    // SCRAM's last words are not to be done without.
    let (port, _heard) = script(&[HELLO, "OK \"in\"\r\n"]).await;
    let mut session = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert!(matches!(failed, Failed::Here(_)), "{failed:?}");
}

#[tokio::test]
async fn words_in_the_clear_behind_starttls_are_no_words_of_the_server() {
    let hello = "\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK\r\n";
    let injected = "OK \"begin\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n";
    let (port, _heard) = script(&[hello, injected]).await;
    let refused = open(Protocol::Sieve, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn commands_in_the_clear_behind_starttls_are_not_obeyed() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(port, b"STARTTLS\r\nCAPABILITY\r\n").await;
    assert!(heard.ends_with("OK \"Begin TLS\"\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn starttls_that_is_wanted_and_not_to_be_had_ends_it() {
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let (port, _served) = server(open_config(), false).await;
    let refused = open(Protocol::Sieve, port, &options).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    let hello = "\"STARTTLS\"\r\nOK\r\n";
    let (port, _heard) = script(&[hello, "NO (TRYLATER) \"not now\"\r\n"]).await;
    let refused = open(Protocol::Sieve, port, &options).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_deref()), (WireClass::Tls, Some("NO (TRYLATER)")));
}

#[tokio::test]
async fn a_server_that_does_not_want_us_says_so() {
    for (greeting, class) in [
        ("BYE (TRYLATER) \"busy\"\r\n", WireClass::Temporary),
        ("BYE (REFERRAL \"sieve://other.example\") \"elsewhere\"\r\n", WireClass::Connection),
        ("NO \"go away\"\r\n", WireClass::Connection),
        ("* OK IMAP here\r\n", WireClass::Protocol),
        ("+OK hello\r\n", WireClass::Protocol),
        ("\"A\" \"B\" \"C\"\r\nOK\r\n", WireClass::Protocol),
        ("{99999999}\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&[greeting]).await;
        let refused = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.class, class, "{greeting}");
    }
    let (port, _heard) = script(&[&"\"X\"\r\n".repeat(300)]).await;
    let refused = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn refusals_in_an_exchange_mean_what_they_say() {
    for (answer, class, usable) in [
        ("NO (TRYLATER)\r\n", WireClass::Temporary, true),
        ("NO {2}\r\nno\r\n", WireClass::Credentials, true),
        ("NO (ENCRYPT-NEEDED)\r\n", WireClass::Policy, true),
        ("BYE \"for good\"\r\n", WireClass::Connection, false),
        ("BYE (TRYLATER)\r\n", WireClass::Temporary, false),
        ("\"!\"\r\n", WireClass::Protocol, false),
        ("+ AAAA\r\n", WireClass::Protocol, false),
    ] {
        let (port, _heard) = script(&[HELLO, answer]).await;
        let mut session = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap();
        let refused = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
        assert_eq!((refused.class(), session.is_usable()), (class, usable), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_finds_the_server_lying_aborts() {
    // r=forged,s=YWJj,i=4096
    let forged = "\"cj1mb3JnZWQscz1ZV0pqLGk9NDA5Ng==\"\r\n";
    let (port, heard) = script(&[HELLO, forged, "NO \"given up\"\r\n"]).await;
    let mut session = open(Protocol::Sieve, port, &in_the_clear()).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    let Failed::Here(error) = failed else { panic!("{failed:?}") };
    assert_eq!(error.reason(), "nonce-mismatch");
    drop(session);
    assert!(heard.await.unwrap().ends_with("\r\n\"*\"\r\n"));
}

#[tokio::test]
async fn over_long_lines_and_literals_end_the_connection() {
    for endless in [
        "A".repeat(200_000),
        "NOOP {99999999+}\r\n".to_owned(),
        // No literal of a client's, and so nobody knows what its octets are.
        "NOOP {12}\r\nCAPABILITY\r\n".to_owned(),
        format!("NOOP{}", format!(" {{80000+}}\r\n{}", "a".repeat(80_000)).repeat(4)),
        "NOOP\n".to_owned(),
    ] {
        let (port, served) = server(open_config(), false).await;
        let heard = shout(port, endless.as_bytes()).await;
        assert_eq!(heard.matches("\"SASL\"").count(), 1, "nothing was obeyed: {heard}");
        assert!(heard.contains("BYE \"Expected lines"), "{heard}");
        assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);
    }
    let (port, _heard) = script(&[&format!("\"SASL\" \"{}", "a".repeat(200_000))]).await;
    let refused = open(Protocol::Sieve, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn bad_messages_get_answers_and_the_connection_lives() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(
        port,
        b"AUTHENTICATE \"SCRAM-SHA-256\" \"!\"\r\n\r\nAUTHENTICATE \"NOPE\"\r\n\
          AUTHENTICATE \"PLAIN\" \"\"\r\nAUTHENTICATE \"SCRAM-SHA-256\"\r\n*\r\n\
          NOOP {2+}\r\n16\r\nSTARTTLS\r\nPUTSCRIPT \"a\" {12+}\r\nCAPABILITY\r\n\r\nLOGOUT\r\n",
    )
    .await;
    assert_eq!(
        answers(&heard)[1..],
        [
            "NO \"Expected a string of base64\"",
            "NO \"Expected a command, and strings of their kind\"",
            "NO \"No such mechanism\"",
            "NO (ENCRYPT-NEEDED) \"Encryption required\"",
            "\"\"",
            "NO \"Expected a string of base64\"",
            "OK (TAG \"16\") \"Done\"",
            "NO \"Not now\"",
            "NO \"Unknown command\"",
            "OK \"Good bye\"",
        ]
    );
    assert_eq!(why(served).await, "invalid-encoding");
}

#[tokio::test]
async fn whoever_has_come_in_is_in_and_stays_who_they_are() {
    let config = ServerConfig { tls: tls_config().tls, ..careless_config() };
    let (port, served) = server(config, false).await;
    let heard = shout(
        port,
        b"AUTHENTICATE \"plain\" {16+}\r\nAHVzZXIAcGVuY2ls\r\n\
          AUTHENTICATE \"PLAIN\" \"AHVzZXIAd3Jvbmc=\"\r\nSTARTTLS\r\nLOGOUT\r\n",
    )
    .await;
    let expected = ["OK \"Authenticated\"", "NO \"Not now\"", "NO \"Not now\"", "OK \"Good bye\""];
    let answers = answers(&heard);
    assert_eq!(answers[answers.len() - 4..], expected);
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn a_slow_or_endless_client_has_its_time_and_its_commands() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..open_config() }, false).await;
    let heard = shout(port, b"NOOP\r\nNOOP {5+}\r\nabc").await;
    assert!(heard.ends_with("OK \"Done\"\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, "NOOP\r\n".repeat(101).as_bytes()).await;
    assert_eq!(heard.matches("OK \"Done\"").count(), 100);
    assert!(heard.ends_with("BYE \"Too much\"\r\n"));
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

            let text = String::from_utf8_lossy(&octets);
            let (port, _heard) = script(&[&text]).await;
            let _ = timeout(Duration::from_millis(20), open(Protocol::Sieve, port, &in_the_clear())).await;
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "OK ",
        "NO ",
        "BYE ",
        "\"",
        "\"SASL\" ",
        "\"PLAIN\" ",
        "\r\n",
        "AUTHENTICATE ",
        "\"SCRAM-SHA-256\" ",
        "\"biwsbj11c2VyLHI9YQ==\"",
        "NOOP",
        "STARTTLS",
        "\"*\"",
        "{4+}\r\n",
        "{4}\r\n",
        "(",
        ")",
        "\\",
        "\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..8)]
}
