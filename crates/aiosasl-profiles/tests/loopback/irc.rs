//! IRC.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aiosasl::{
    binding::BindingKind,
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Event, Options, Protocol, TlsMode, Trust,
        server::{Limits, ServerConfig, serve_irc},
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::time::timeout;

use crate::house::{
    PKI, Served, login, open, open_config, script, serve, shout, shout_and_leave, store,
    tls_config, trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_irc(stream, Arc::new(config), implicit_tls, store())).await
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

fn names(mechanisms: &[aiosasl::name::MechanismName]) -> Vec<String> {
    mechanisms.iter().map(ToString::to_string).collect()
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

#[tokio::test]
async fn starttls_is_used_where_offered_and_capabilities_are_read_anew() {
    let (port, served) = server(tls_config(), false).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let observer = move |event: Event<'_>| told.lock().unwrap().push(format!("{event:?}"));
    let options = Options { observer: Some(Arc::new(observer)), ..trusting() };
    let mut session = open(Protocol::Irc, port, &options).await.unwrap();

    let before = names(session.offer().before_tls.as_deref().unwrap());
    assert!(!before.contains(&"PLAIN".to_owned()), "a password in the clear: {before:?}");
    let now = names(&session.offer().mechanisms);
    assert!(now.contains(&"PLAIN".to_owned()) && now.contains(&"SCRAM-SHA-256-PLUS".to_owned()));
    assert!(!now.contains(&"EXTERNAL".to_owned()), "no certificate was shown");
    assert!(session.offer().start_tls_offered && !session.offer().initial_response);
    assert_eq!(session.offer().greeting, "localhost");
    assert_eq!(session.security(), ChannelSecurity::Confidential);

    let authenticated = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(authenticated.server_verified);
    assert_eq!(authenticated.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
    let events = events.lock().unwrap().join("\n");
    for word in ["Greeting(\"localhost\")", "StartTls", "Tls(", "Success(\"903 a"] {
        assert!(events.contains(word), "{word} in {events}");
    }
    assert!(!events.contains("pencil"));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS"] {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { tls: TlsMode::Implicit, ..trusting() };
        let mut session = open(Protocol::Irc, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Irc, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Irc, port, &trusting()).await.unwrap();
    assert!(session.offer().before_tls.is_none());
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    // 904 tells no more than that.
    assert_eq!(refused.class(), WireClass::Mechanism);
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256".to_owned()));
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such_and_five_of_them_are_enough() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Irc, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials, "{mechanism}");
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Connection);
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_untrusted_certificate_or_tls_that_is_not_to_be_had_ends_it() {
    let (port, served) = server(tls_config(), false).await;
    let stranger = Options { trust: Trust::Platform, ..Options::default() };
    let refused = open(Protocol::Irc, port, &stranger).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls, "{refused}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);

    let wanted = Options { tls: TlsMode::StartTls, ..trusting() };
    let (port, _served) = server(open_config(), false).await;
    let refused = open(Protocol::Irc, port, &wanted).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);

    let (port, _heard) = script(&["", ":s CAP * LS :tls sasl\r\n", ":s 691 * :No TLS\r\n"]).await;
    let refused = open(Protocol::Irc, port, &trusting()).await.unwrap_err();
    assert_eq!((refused.class, refused.code.as_deref()), (WireClass::Tls, Some("691")));
}

#[tokio::test]
async fn words_in_the_clear_behind_starttls_are_no_words_of_the_server() {
    let injected = ":s 670 * :go ahead\r\n:s CAP * LS :sasl=PLAIN\r\n";
    let (port, _heard) = script(&["", ":s CAP * LS :tls\r\n", injected]).await;
    let refused = open(Protocol::Irc, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn commands_in_the_clear_behind_starttls_are_not_obeyed() {
    let (port, served) = server(tls_config(), false).await;
    let heard = shout(port, b"STARTTLS\r\nCAP LS 302\r\n").await;
    assert!(heard.contains(" 670 ") && !heard.contains("CAP"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn who_we_are_is_said_once_and_signs_of_life_are_given() {
    let (port, heard) = script(&[
        ":s NOTICE * :*** Looking you up\r\n",
        ":s CAP * LS * :multi-prefix\r\n:s CAP * LS :sasl=PLAIN,EXTERNAL\r\n",
        "PING :are you there\r\n",
        ":s CAP a ACK :sasl \r\n",
        // A colon that nobody needs.
        "AUTHENTICATE :+\r\n",
        ":s 900 a a!b@c user :in\r\n:s 903 a :ok\r\n",
    ])
    .await;
    let mut session = open(Protocol::Irc, port, &in_the_clear()).await.unwrap();
    assert_eq!(names(&session.offer().mechanisms), ["PLAIN", "EXTERNAL"]);
    assert_eq!(session.offer().capabilities, ["multi-prefix", "sasl=PLAIN,EXTERNAL"]);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    let heard = heard.await.unwrap();
    let lines: Vec<&str> = heard.lines().collect();
    let [first, nick, rest @ ..] = lines.as_slice() else { panic!("{heard}") };
    assert_eq!(*first, "CAP LS 302");
    assert!(nick.starts_with("NICK a") && nick.len() > 8, "{nick}");
    assert_eq!(
        rest,
        [
            "USER aiosasl 0 * aiosasl",
            "CAP REQ sasl",
            "PONG :are you there",
            "AUTHENTICATE PLAIN",
            "AUTHENTICATE AHVzZXIAcGVuY2ls",
            "CAP END",
            "QUIT",
        ]
    );
}

#[tokio::test]
async fn a_server_that_does_not_list_its_mechanisms_is_asked() {
    let (port, heard) = script(&[
        "",
        ":s CAP * LS :sasl\r\n",
        ":s CAP a ACK sasl\r\n",
        ":s 908 a PLAIN,SCRAM-SHA-256 :are available\r\n:s 904 a :no\r\n",
    ])
    .await;
    let session = open(Protocol::Irc, port, &in_the_clear()).await.unwrap();
    assert_eq!(names(&session.offer().mechanisms), ["PLAIN", "SCRAM-SHA-256"]);
    drop(session);
    assert!(heard.await.unwrap().ends_with("AUTHENTICATE NONE\r\n"));
}

#[tokio::test]
async fn servers_without_sasl_offer_nothing() {
    let refused = ":s CAP a NAK :sasl\r\n";
    for lines in [
        vec!["", ":s 421 * CAP :Unknown command\r\n"],
        vec!["", ":s CAP * LS :multi-prefix\r\n"],
        vec!["", ":s CAP * LS :sasl=PLAIN\r\n", refused],
    ] {
        let (port, _heard) = script(&lines).await;
        let session = open(Protocol::Irc, port, &in_the_clear()).await.unwrap();
        assert!(session.offer().mechanisms.is_empty(), "{lines:?}");
    }
    for (line, class) in [
        ("ERROR :Closing link: throttled\r\n", WireClass::Connection),
        ("220 ESMTP, this is\r\n! no IRC\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&["", line]).await;
        let refused = open(Protocol::Irc, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(refused.class, class, "{line}");
    }
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Irc, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn long_messages_are_taken_in_chunks_and_too_long_ones_refused() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Irc, port, &trusting()).await.unwrap();
    for (len, class) in [(49_152, WireClass::Credentials), (49_153, WireClass::Protocol)] {
        let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
        assert!(matches!(first, Reply::Challenge(_)));
        let refused = session.respond(Response::new(vec![b'a'; len])).await.unwrap_err();
        assert_eq!(WireError::of(&refused).unwrap().class, class, "{len}");
        if class == WireClass::Credentials {
            assert!(session.is_usable());
        }
    }
    drop(session);
    assert_eq!(why(served).await, "mechanism-unavailable");
}

#[tokio::test]
async fn bad_lines_get_bad_answers_and_the_connection_lives() {
    let (port, served) = server(careless_config(), false).await;
    let long = format!("AUTHENTICATE {}", "A".repeat(401));
    let heard = shout(
        port,
        format!(
            "JOIN #x\r\n\r\nAUTHENTICATE PLAIN\r\nCAP LS\r\nCAP REQ :sasl away-notify\r\nCAP REQ sasl\r\nCAP LIST\r\n\
             CAP FOO\r\nNICK 1\r\nNICK me\r\nUSER me\r\nUSER me 0 * :Me\r\nPING x\r\nAUTHENTICATE NOPE\r\n\
             AUTHENTICATE PLAIN\r\nPING y\r\n{long}\r\nAUTHENTICATE *\r\nAUTHENTICATE PLAIN\r\nCAP END\r\n"
        )
        .as_bytes(),
    )
    .await;
    let offered = "EXTERNAL,"; // Not without a certificate.
    assert!(!heard.contains(offered));
    let answers: Vec<_> =
        heard.lines().map(|it| it.strip_prefix(":localhost ").unwrap_or(it)).collect();
    let mechanisms = answers.iter().find(|it| it.starts_with("908 me ")).copied().unwrap();
    assert!(mechanisms.contains("SCRAM-SHA-256,") && mechanisms.contains("PLAIN"), "{mechanisms}");
    assert_eq!(
        answers,
        [
            "451 * :You have not registered",
            "904 * :SASL authentication failed",
            "CAP * LS :sasl cap-notify",
            "CAP * NAK :sasl away-notify",
            "CAP * ACK sasl",
            "CAP * LIST sasl",
            "410 * FOO :Invalid CAP command",
            "432 * * :Erroneous nickname",
            "461 me USER :Not enough parameters",
            "PONG localhost x",
            mechanisms,
            "904 me :SASL authentication failed",
            "AUTHENTICATE +",
            "PONG localhost y",
            "905 me :SASL message too long",
            "906 me :SASL authentication aborted",
            "AUTHENTICATE +",
            "906 me :SASL authentication aborted",
            "ERROR :Closing link: too many failures",
        ]
    );
    assert_eq!(why(served).await, "aborted");
}

#[tokio::test]
async fn whoever_has_come_in_is_welcomed_and_stays_who_they_are() {
    let config = ServerConfig { tls: tls_config().tls, ..careless_config() };
    let (port, served) = server(config, false).await;
    let heard = shout(
        port,
        b"CAP REQ sasl\r\nNICK me\r\nUSER me 0 * :Me\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AHVzZXIAcGVuY2ls\r\n\
          CAP END\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AHVzZXIAd3Jvbmc=\r\n\
          AUTHENTICATE PLAIN\r\nAUTHENTICATE AHVzZXIAcGVuY2ls\r\nSTARTTLS\r\nNICK you\r\nJOIN #x\r\nQUIT :bye\r\n",
    )
    .await;
    let answers: Vec<_> =
        heard.lines().map(|it| it.strip_prefix(":localhost ").unwrap_or(it)).skip(2).collect();
    assert_eq!(
        answers,
        [
            "900 me me!*@* user :You are now logged in as user",
            "903 me :SASL authentication successful",
            "001 me :Welcome: nobody else is here",
            "422 me :There is no message of the day",
            "AUTHENTICATE +",
            "904 me :SASL authentication failed",
            "AUTHENTICATE +",
            "900 me me!*@* user :You are now logged in as user",
            "903 me :SASL authentication successful",
            "691 me :STARTTLS is not to be had now",
            "462 me :You may not reregister",
            "421 me JOIN :Unknown command",
            "ERROR :Closing link: good bye",
        ]
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn whoever_fails_to_come_in_anew_stays_who_they_were() {
    let (port, served) = server(tls_config(), true).await;
    let options = Options { implicit_by_scheme: true, ..trusting() };
    let mut session = open(Protocol::Irc, port, &options).await.unwrap();
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    let refused = login(&mut session, "PLAIN", "pencim").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Credentials);
    let _ = login(&mut session, "SCRAM-SHA-512-PLUS", "pencil").await.unwrap();
    let refused = login(&mut session, "PLAIN", "pencim").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Credentials);
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-512-PLUS".to_owned()));
}

#[tokio::test]
async fn capabilities_may_be_watched_and_are_listed_when_in_force() {
    let (port, _served) = server(open_config(), false).await;
    let heard = shout(
        port,
        b"CAP LS\r\nCAP LIST\r\nCAP REQ :sasl cap-notify\r\nCAP LIST\r\nCAP REQ -cap-notify\r\n\
          CAP LIST\r\nCAP LS 302\r\nCAP LIST\r\nQUIT\r\n",
    )
    .await;
    let answers: Vec<_> =
        heard.lines().filter_map(|it| it.strip_prefix(":localhost CAP * ")).collect();
    assert_eq!(answers[0], "LS :sasl cap-notify");
    assert_eq!(answers[1], "LIST :");
    assert_eq!(answers[3], "LIST :sasl cap-notify");
    assert_eq!(answers[5], "LIST sasl");
    assert!(answers[6].starts_with("LS :sasl=") && answers[6].ends_with(" cap-notify"));
    assert_eq!(answers[7], "LIST :sasl cap-notify", "302 implies it");
}

#[tokio::test]
async fn sasl_that_goes_ends_an_exchange_and_comes_back_with_other_mechanisms() {
    let (port, heard) = script(&[
        ":s CAP * LS :sasl=PLAIN cap-notify\r\n",
        ":s CAP * ACK :sasl\r\n",
        ":s CAP a DEL :sasl\r\n",
        ":s CAP a NEW :sasl=PLAIN,EXTERNAL\r\n:s CAP a ACK :sasl\r\nAUTHENTICATE +\r\n:s 903 a :in\r\n",
        // Whatever comes now, however many pieces that are.
        "",
        "",
        "",
        "",
    ])
    .await;
    let mut session = open(Protocol::Irc, port, &in_the_clear()).await.unwrap();
    assert_eq!(names(&session.offer().mechanisms), ["PLAIN"]);
    let plain = "PLAIN".parse().unwrap();
    let gone = session.initiate(plain, None).await.unwrap_err();
    let gone = WireError::of(&gone).unwrap();
    assert_eq!((gone.class, gone.code.as_deref()), (WireClass::Temporary, Some("CAP DEL")));
    assert!(session.offer().mechanisms.is_empty());
    let reply = session.initiate(plain, None).await.unwrap();
    assert!(matches!(reply, Reply::Challenge(it) if it.as_bytes().is_empty()));
    assert_eq!(names(&session.offer().mechanisms), ["PLAIN", "EXTERNAL"]);
    let reply = session.respond(Response::new(*b"\0user\0pencil")).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    drop(session);
    let heard = heard.await.unwrap();
    assert_eq!(heard.matches("CAP REQ sasl\r\n").count(), 2, "{heard}");
}

#[tokio::test]
async fn nobody_registers_without_authentication() {
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, b"NICK me\r\nUSER me 0 * :Me\r\n").await;
    assert_eq!(heard, "ERROR :Closing link: authentication required\r\n");
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn registration_that_ends_takes_an_exchange_with_it() {
    let (port, served) = server(careless_config(), false).await;
    let heard = shout(
        port,
        b"CAP REQ sasl\r\nNICK me\r\nUSER me 0 * :Me\r\nAUTHENTICATE PLAIN\r\nCAP END\r\nAUTHENTICATE AHVzZXIAcGVuY2ls\r\n",
    )
    .await;
    assert!(
        heard.contains(" 906 me ") && heard.ends_with("authentication required\r\n"),
        "{heard}"
    );
    assert!(matches!(served.await.unwrap().unwrap(), Some(Outcome::Failure(_))));
}

#[tokio::test]
async fn over_long_lines_are_refused_and_end_the_connection_where_they_have_no_end() {
    let (port, _served) = server(open_config(), false).await;
    let heard = shout(port, format!("PING {}\r\nQUIT\r\n", "x".repeat(506)).as_bytes()).await;
    assert_eq!(
        heard,
        ":localhost 417 * :Input line was too long\r\nERROR :Closing link: good bye\r\n"
    );
    let (port, served) = server(open_config(), false).await;
    let heard = shout(port, &b"A".repeat(30_000)).await;
    assert!(heard.contains("ERROR :Closing link: expected lines"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);

    let (port, _heard) = script(&["", &format!(":s NOTICE * :{}", "a".repeat(30_000))]).await;
    let refused = open(Protocol::Irc, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn a_slow_or_endless_peer_has_its_time_and_its_lines() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..careless_config() }, false).await;
    let heard = shout(port, b"CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nPING x\r\nAUTHENT").await;
    assert!(heard.ends_with("PONG localhost x\r\n"), "{heard}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    for before in ["", "CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\n"] {
        let (port, served) = server(careless_config(), false).await;
        let heard = shout(port, (before.to_owned() + &"PING x\r\n".repeat(101)).as_bytes()).await;
        assert!((99..=100).contains(&heard.matches("PONG").count()), "{heard}");
        assert!(heard.ends_with("ERROR :Closing link: too much\r\n"), "{heard}");
        let _ = served.await.unwrap().unwrap();
    }

    let (port, _heard) = script(&["", &":s NOTICE * :x\r\n".repeat(300)]).await;
    let refused = open(Protocol::Irc, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Protocol);
}

#[tokio::test]
async fn nobody_acts_as_somebody_else_without_leave() {
    let (port, served) = server(careless_config(), false).await;
    let other = aiosasl::encoding::encode(b"other\0user\0pencil");
    let lines = format!("CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {other}\r\nQUIT\r\n");
    let heard = shout(port, lines.as_bytes()).await;
    assert!(heard.contains(" 904 * :SASL authentication failed\r\n"), "{heard}");
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
            let (port, _heard) = script(&["", &text]).await;
            let _ = timeout(Duration::from_millis(20), open(Protocol::Irc, port, &in_the_clear())).await;
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "CAP LS 302\r\n",
        "CAP REQ sasl\r\n",
        "CAP END\r\n",
        ":s CAP * LS :sasl=PLAIN\r\n",
        ":s CAP * ACK sasl\r\n",
        "AUTHENTICATE ",
        "PLAIN\r\n",
        "SCRAM-SHA-256\r\n",
        "biwsbj11c2VyLHI9YQ==\r\n",
        "+\r\n",
        "*\r\n",
        "NICK a\r\nUSER a 0 * a\r\n",
        "PING x\r\n",
        "STARTTLS\r\n",
        ":s 904 * :no\r\n",
        "ERROR :x\r\n",
        "\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..8)]
}
