//! XMPP: our client against our server, and our server against clients without manners.

use std::{sync::Arc, time::Duration};

use aiosasl::{
    binding::BindingKind,
    driver::{Reply, SaslInterface},
    message::{Outcome, Response},
    policy::{ChannelSecurity, Plaintext},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, TlsMode, Trust,
        server::{Limits, ServerConfig, serve_xmpp},
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::time::timeout;

use crate::house::{
    PKI, Served, login, open, open_config, serve, shout, shout_and_leave, store, tls_config,
    trusting, who, why,
};

const OPENING: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='example.org' \
                       xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const TLS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const BIND: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_xmpp(stream, Arc::new(config), implicit_tls, store())).await
}

/// With passwords in the clear, so that a script can say them.
fn careless_config() -> ServerConfig {
    ServerConfig { plaintext: Plaintext::Anywhere, ..open_config() }
}

fn names(mechanisms: &[aiosasl::name::MechanismName]) -> Vec<String> {
    mechanisms.iter().map(ToString::to_string).collect()
}

/// What a server says to this, its own openings and features left out.
async fn answers(config: ServerConfig, says: &str) -> (String, Served) {
    let (port, served) = server(config, false).await;
    let heard = shout(port, format!("{OPENING}{says}").as_bytes()).await;
    let kept: Vec<&str> = heard
        .split("<?xml version='1.0'?>")
        .map(|part| part.split_once("</stream:features>").map_or(part, |(_, after)| after))
        .collect();
    (kept.concat(), served)
}

#[tokio::test]
async fn starttls_is_used_where_offered_and_features_are_read_anew() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Xmpp, port, &trusting()).await.unwrap();
    let before = names(session.offer().before_tls.as_deref().unwrap());
    assert!(!before.contains(&"PLAIN".to_owned()), "a password in the clear: {before:?}");
    assert!(!before.iter().any(|name| name.ends_with("-PLUS")), "nothing to bind to: {before:?}");
    let now = names(&session.offer().mechanisms);
    assert!(now.contains(&"PLAIN".to_owned()) && now.contains(&"SCRAM-SHA-256-PLUS".to_owned()));
    assert!(!now.contains(&"EXTERNAL".to_owned()), "no certificate was shown");
    let bindings = session.offer().bindings.as_deref().unwrap();
    assert_eq!(bindings, [BindingKind::TlsExporter, BindingKind::TlsServerEndPoint]);
    assert_eq!(session.security(), ChannelSecurity::Confidential);

    let authenticated = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(authenticated.server_verified);
    assert_eq!(authenticated.channel_binding, Some(BindingKind::TlsExporter));
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256-PLUS".to_owned()));
}

#[tokio::test]
async fn every_mechanism_works_under_implicit_tls() {
    for mechanism in ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512-PLUS"] {
        let (port, served) = server(tls_config(), true).await;
        let options = Options { tls: TlsMode::Implicit, ..trusting() };
        let mut session = open(Protocol::Xmpp, port, &options).await.unwrap();
        let _ = login(&mut session, mechanism, "pencil").await.unwrap();
        session.close().await;
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_verified_certificate_is_an_identity() {
    let (port, served) = server(tls_config(), false).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..trusting() };
    let mut session = open(Protocol::Xmpp, port, &options).await.unwrap();
    let _ = login(&mut session, "EXTERNAL", "").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "EXTERNAL".to_owned()));
}

#[tokio::test]
async fn without_tls_a_password_is_not_asked_for() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(Protocol::Xmpp, port, &trusting()).await.unwrap();
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Policy);
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "SCRAM-SHA-256".to_owned()));
}

#[tokio::test]
async fn wrong_credentials_are_told_as_such_and_five_of_them_are_enough() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Xmpp, port, &trusting()).await.unwrap();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "PLAIN"] {
        let refused = login(&mut session, mechanism, "pencim").await.unwrap_err();
        assert_eq!(refused.class(), WireClass::Credentials, "{mechanism}");
    }
    let refused = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
    assert_eq!(refused.class(), WireClass::Policy, "policy-violation: {refused:?}");
    // The client's last words are not heard any more.
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_untrusted_certificate_or_tls_that_is_not_to_be_had_ends_it() {
    let (port, served) = server(tls_config(), false).await;
    let stranger = Options { trust: Trust::Platform, ..Options::default() };
    let refused = open(Protocol::Xmpp, port, &stranger).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls, "{refused}");
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Tls);

    let (heard, served) = answers(open_config(), &format!("<starttls {TLS}/>")).await;
    assert_eq!(heard, format!("<failure {TLS}/></stream:stream>"));
    assert!(served.await.unwrap().unwrap().is_none());
}

#[tokio::test]
async fn elements_in_the_clear_behind_starttls_are_not_obeyed() {
    let says = format!("<starttls {TLS}/>{OPENING}");
    let (heard, served) = answers(tls_config(), &says).await;
    assert!(!heard.contains("proceed") && !heard.contains("mechanisms"), "{heard}");
    let error = served.await.unwrap().unwrap_err();
    assert_eq!(error.class, WireClass::Tls);
    assert!(error.text.contains("in the clear"), "{error}");
}

#[tokio::test]
async fn an_abort_is_answered_and_leaves_the_connection_usable() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Xmpp, port, &trusting()).await.unwrap();
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn long_messages_are_taken_inside_an_exchange() {
    let (port, served) = server(tls_config(), false).await;
    let mut session = open(Protocol::Xmpp, port, &trusting()).await.unwrap();
    let long = Response::new(vec![b'a'; 65_536]);
    let refused = session.initiate("PLAIN".parse().unwrap(), Some(long)).await.unwrap_err();
    let class = WireError::of(&refused).unwrap().class;
    assert!(matches!(class, WireClass::Credentials | WireClass::Protocol), "{refused}");
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn whoever_has_come_in_gets_a_resource_and_a_session() {
    let says = format!(
        "<auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>{OPENING}\
         <iq type='set' id='1'><bind {BIND}><resource>phone</resource></bind></iq>\
         <iq type='set' id='2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\
         <iq type='get' id='3'><query xmlns='jabber:iq:roster'/></iq><presence/>\
         <auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth></stream:stream>"
    );
    let (heard, served) = answers(careless_config(), &says).await;
    let error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    assert_eq!(
        heard,
        format!(
            "<success {SASL}/>\
             <iq type='result' id='1'><bind {BIND}><jid>user@example.org/phone</jid></bind></iq>\
             <iq type='result' id='2'></iq><iq type='error' id='3'>{error}</iq>\
             <failure {SASL}><malformed-request/></failure></stream:stream>"
        )
    );
    assert_eq!(who(served).await, ("user".to_owned(), "PLAIN".to_owned()));
}

#[tokio::test]
async fn refusals_have_their_conditions_and_the_stream_goes_on() {
    let says = format!(
        "<auth {SASL} mechanism='NOPE'/><auth {SASL} mechanism='PLAIN'>A</auth>\
         <abort {SASL}/><auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2lt</auth></stream:stream>"
    );
    let (heard, served) = answers(careless_config(), &says).await;
    let failure = |condition: &str| format!("<failure {SASL}><{condition}/></failure>");
    let expected = ["invalid-mechanism", "incorrect-encoding", "aborted", "not-authorized"];
    assert_eq!(heard, expected.map(failure).concat() + "</stream:stream>");
    assert_eq!(why(served).await, "password-wrong");
}

#[tokio::test]
async fn an_unknown_user_looks_like_a_wrong_password() {
    let of = |token: &str| format!("<auth {SASL} mechanism='PLAIN'>{token}</auth></stream:stream>");
    let wrong = answers(careless_config(), &of("AHVzZXIAcGVuY2lt")).await.0;
    let unknown = answers(careless_config(), &of("AG5vYm9keQBwZW5jaWw=")).await.0;
    assert!(wrong.contains("not-authorized"));
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn another_request_in_the_middle_takes_the_places_of_the_first() {
    let says = format!(
        "<auth {SASL} mechanism='PLAIN'/><auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>"
    );
    let (heard, served) =
        answers(careless_config(), &format!("{says}{OPENING}</stream:stream>")).await;
    assert_eq!(heard, format!("<challenge {SASL}/><success {SASL}/></stream:stream>"));
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn streams_that_cannot_go_on_are_told_why_and_ended() {
    let challenged = format!("<auth {SASL} mechanism='PLAIN'/>");
    for (says, condition) in [
        ("<a></b>".to_owned(), "not-well-formed"),
        ("<!-- x -->".to_owned(), "restricted-xml"),
        ("<presence/>".to_owned(), "not-authorized"),
        ("<x xmlns='urn:x'/>".to_owned(), "not-authorized"),
        (format!("<x>{}", "x".repeat(200_000)), "policy-violation"),
        (format!("{challenged}<presence/>"), "not-authorized"),
        (format!("{challenged}<a></b>"), "not-well-formed"),
    ] {
        let (heard, served) = answers(careless_config(), &says).await;
        let shown: String = says.chars().take(60).collect();
        assert!(heard.contains(&format!("<stream:error><{condition} ")), "{shown}: {heard}");
        assert!(heard.ends_with("</stream:error></stream:stream>"), "{heard}");
        match served.await.unwrap() {
            Ok(None | Some(Outcome::Success(_))) => panic!("{shown}"),
            Ok(Some(Outcome::Failure(_))) => {}
            Err(error) => assert_eq!(error.class, WireClass::Protocol),
        }
    }
    // Before there is a stream, one is opened for it.
    let (port, _served) = server(open_config(), false).await;
    let heard = shout(port, b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(heard.starts_with("<?xml") && heard.contains("<not-well-formed "), "{heard}");
}

#[tokio::test]
async fn after_success_only_stanzas_are_taken() {
    let says = format!(
        "<auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>\n{OPENING}<x xmlns='urn:x'/>"
    );
    let (heard, served) = answers(careless_config(), &says).await;
    assert!(heard.contains("<unsupported-stanza-type "), "{heard}");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn a_slow_or_endless_client_has_its_time_and_its_elements() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let config = ServerConfig { limits, ..open_config() };
    let (_heard, served) = answers(config, "<auth").await;
    assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Timeout);

    let says = format!("<auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>{OPENING}");
    let says = says + &"<presence/>".repeat(101);
    let (heard, served) = answers(careless_config(), &says).await;
    assert!(heard.contains("<policy-violation "), "{heard}");
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn nobody_acts_as_somebody_else_without_leave() {
    let other = aiosasl::encoding::encode(b"other\0user\0pencil");
    let says = format!("<auth {SASL} mechanism='PLAIN'>{other}</auth></stream:stream>");
    let (heard, served) = answers(careless_config(), &says).await;
    assert!(heard.contains("<invalid-authzid/>"), "{heard}");
    assert_eq!(why(served).await, "not-authorized");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_octets_do_harm_to_a_server(pieces in vec(piece(), 0..30)) {
        let octets = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = server(open_config(), false).await;
            let ended = async { shout_and_leave(port, &octets).await; served.await.unwrap() };
            let outcome = timeout(Duration::from_secs(5), ended).await.unwrap();
            assert!(!matches!(outcome, Ok(Some(Outcome::Success(_)))));
        });
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        OPENING.to_owned(),
        format!("<auth {SASL} mechanism='PLAIN'>"),
        format!("<auth {SASL} mechanism='SCRAM-SHA-256'>biwsbj11c2VyLHI9YQ==</auth>"),
        "</auth>".to_owned(),
        format!("<abort {SASL}/>"),
        format!("<response {SASL}/>"),
        format!("<starttls {TLS}/>"),
        "<presence/>".to_owned(),
        "</stream:stream>".to_owned(),
        "=".to_owned(),
        " ".to_owned(),
        "<".to_owned(),
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(String::into_bytes);
    prop_oneof![6 => word, 1 => vec(any::<u8>(), 0..8)]
}
