//! XMPP: our client against servers that follow a script.

use std::net::Ipv4Addr;

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::Response,
    policy::ChannelSecurity,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Session, Target, TlsMode, connect},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::house::{Failed, login, open, script, tls_config, trusting};

const OPENING: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' from='localhost' id='1' \
                       xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const SASL: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const TLS: &str = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";

fn features(inside: &str) -> String {
    format!("{OPENING}<stream:features>{inside}</stream:features>")
}

fn offering(mechanism: &str) -> String {
    features(&format!("<mechanisms {SASL}><mechanism>{mechanism}</mechanism></mechanisms>"))
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

/// A server that says each of these when something has come: XMPP's client speaks first.
async fn server(lines: &[&str]) -> (u16, JoinHandle<String>) {
    let lines: Vec<&str> = [""].into_iter().chain(lines.iter().copied()).collect();
    script(&lines).await
}

async fn plain(answers: &[&str]) -> (Session, JoinHandle<String>) {
    let first = offering("PLAIN");
    let lines: Vec<&str> = [first.as_str()].into_iter().chain(answers.iter().copied()).collect();
    let (port, heard) = server(&lines).await;
    (open(Protocol::Xmpp, port, &in_the_clear()).await.unwrap(), heard)
}

async fn refused(answer: &str) -> WireError {
    let (mut session, _heard) = plain(&[answer]).await;
    let first = Some(Response::new(*b"\0user\0pencil"));
    let error = session.initiate("PLAIN".parse().unwrap(), first).await.unwrap_err();
    WireError::of(&error).unwrap().clone()
}

#[tokio::test]
async fn a_success_counts_once_the_server_has_opened_a_new_stream() {
    let success = format!("<success {SASL}/>");
    let after = features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    let (mut session, heard) = plain(&[&success, &after]).await;
    assert_eq!(session.offer().greeting, "stream from localhost");
    assert_eq!(session.security(), ChannelSecurity::Open);
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    let heard = heard.await.unwrap();
    let opening = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                   xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0' xml:lang='en'>";
    let auth = format!("<auth {SASL} mechanism='PLAIN'>AHVzZXIAcGVuY2ls</auth>");
    assert_eq!(heard, format!("{opening}{auth}{opening}</stream:stream>"));
}

#[tokio::test]
async fn a_success_without_a_stream_is_none() {
    let success = format!("<success {SASL}/>");
    for (after, class) in [
        (
            format!(
                "{OPENING}<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
            ),
            WireClass::Protocol,
        ),
        (format!("{OPENING}<success {SASL}/>"), WireClass::Protocol),
        (format!("{OPENING}</stream:stream>"), WireClass::Connection),
    ] {
        let (mut session, _heard) = plain(&[&success, &after]).await;
        let failed = login(&mut session, "PLAIN", "pencil").await.unwrap_err();
        assert_eq!((failed.class(), session.is_usable()), (class, false), "{after}");
    }
}

#[tokio::test]
async fn what_follows_a_success_on_the_old_stream_is_refused() {
    let error = refused(&format!("<success {SASL}/>{}", features(""))).await;
    assert_eq!(error.class, WireClass::Protocol);
}

#[tokio::test]
async fn refusals_keep_their_condition_and_the_stream_goes_on() {
    let failure = format!("<failure {SASL}><not-authorized/><text>no</text></failure>\n");
    let success = format!("<success {SASL}/>");
    let after = features("");
    let (mut session, _heard) = plain(&[&failure, &success, &after]).await;
    let failed = login(&mut session, "PLAIN", "wrong").await.unwrap_err();
    let Failed::There(error) = &failed else { panic!("{failed:?}") };
    assert!(error.is_authentication_failure());
    let wire = WireError::of(error).unwrap();
    assert_eq!((wire.code.as_deref(), wire.text.as_str()), (Some("not-authorized"), "no"));
    // White space after the exchange keeps the connection alive, and is no part of the next one's answers.
    let next = login(&mut session, "PLAIN", "pencil").await;
    assert!(next.is_ok(), "{next:?}");
}

#[tokio::test]
async fn other_answers_are_the_servers_fault() {
    for answer in [
        "<message/>".to_owned(),
        format!("<challenge {SASL}>!</challenge>"),
        "<stream:features/>".to_owned(),
        "<a></b>".to_owned(),
        "<!-- hello -->".to_owned(),
        format!("<proceed {TLS}/>"),
    ] {
        assert_eq!(refused(&answer).await.class, WireClass::Protocol, "{answer}");
    }
    let error = refused("</stream:stream>").await;
    assert_eq!(error.class, WireClass::Connection);
}

#[tokio::test]
async fn white_space_inside_an_exchange_is_refused() {
    let challenge = format!(" <challenge {SASL}/>");
    let (mut session, _heard) = plain(&[&challenge, &format!(" <success {SASL}/>")]).await;
    // Before the first answer it may have been on its way already.
    let _ = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    let error = session.respond(Response::empty()).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Protocol);
}

#[tokio::test]
async fn an_abort_is_answered() {
    let failure = format!("<failure {SASL}><aborted/></failure>");
    let (mut session, heard) = plain(&[&format!("<challenge {SASL}/>"), &failure]).await;
    let first = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(first, Reply::Challenge(challenge) if challenge.is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    drop(session);
    assert!(
        heard.await.unwrap().ends_with(&format!("<auth {SASL} mechanism='PLAIN'/><abort {SASL}/>"))
    );
}

#[tokio::test]
async fn a_scram_server_that_cannot_prove_itself_is_not_believed() {
    let first = offering("SCRAM-SHA-256");
    let success = format!("<success {SASL}>dj1BQUFB</success>");
    let after = features("");
    let (port, _heard) = server(&[&first, &success, &after]).await;
    let mut session = open(Protocol::Xmpp, port, &in_the_clear()).await.unwrap();
    let failed = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert!(matches!(failed, Failed::Here(_)), "{failed:?}");
}

#[tokio::test]
async fn servers_that_are_none_are_told_apart() {
    let unknown = format!(
        "{OPENING}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    );
    for (answer, class) in [
        ("220 ESMTP\r\n<", WireClass::Protocol),
        ("<html><body/></html>", WireClass::Protocol),
        (unknown.as_str(), WireClass::Connection),
    ] {
        let (port, _heard) = server(&[answer]).await;
        let refused = open(Protocol::Xmpp, port, &in_the_clear()).await;
        assert_eq!(refused.unwrap_err().class, class, "{answer}");
    }
}

#[tokio::test]
async fn octets_behind_proceed_are_no_octets_of_the_server() {
    let first = features(&format!("<starttls {TLS}/>"));
    let proceed = format!("<proceed {TLS}/>{}", offering("PLAIN"));
    let (port, _heard) = server(&[&first, &proceed]).await;
    let refused = open(Protocol::Xmpp, port, &trusting()).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(refused.text.contains("in the clear"), "{refused}");
}

#[tokio::test]
async fn tls_that_is_wanted_and_not_to_be_had_ends_it() {
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    let none = offering("PLAIN");
    let first = features(&format!("<starttls {TLS}><required/></starttls>"));
    let failure = format!("<failure {TLS}/></stream:stream>");
    for lines in [vec![none.as_str()], vec![first.as_str(), failure.as_str()]] {
        let (port, _heard) = server(&lines).await;
        let refused = open(Protocol::Xmpp, port, &options).await.unwrap_err();
        assert_eq!(refused.class, WireClass::Tls);
    }
}

/// The server's side of one stream: it hears an opening, and says this.
async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), says: &str) -> String {
    let mut chunk = vec![0; 4096];
    let count = stream.read(&mut chunk).await.unwrap();
    stream.write_all(says.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    String::from_utf8(chunk[..count].to_vec()).unwrap()
}

/// A server with TLS, from the start or with STARTTLS; the result is the last opening that it heard, and ALPN's choice.
async fn tls_server(implicit: bool) -> (u16, JoinHandle<(String, Option<Vec<u8>>)>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut config = (*tls_config().tls.unwrap().config).clone();
    config.alpn_protocols = vec![b"xmpp-client".to_vec()];
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        if !implicit {
            let opening = answer(&mut stream, &features(&format!("<starttls {TLS}/>"))).await;
            assert!(!opening.contains(" from="), "who logs in is told in the clear: {opening}");
            let asked = answer(&mut stream, &format!("<proceed {TLS}/>")).await;
            assert_eq!(asked, format!("<starttls {TLS}/>"));
        }
        let mut stream =
            TlsAcceptor::from(std::sync::Arc::new(config)).accept(stream).await.unwrap();
        let opening = answer(&mut stream, &offering("PLAIN")).await;
        let alpn = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        (opening, alpn)
    });
    (port, task)
}

#[tokio::test]
async fn the_stream_begins_anew_under_tls_and_says_who_we_are() {
    for implicit in [false, true] {
        let (port, served) = tls_server(implicit).await;
        let user = Some("user@localhost".to_owned());
        let target = Target { user, ..Target::new(Protocol::Xmpp, "127.0.0.1", port) };
        let options = Options { implicit_by_scheme: implicit, ..trusting() };
        let session = connect(&target, &options).await.unwrap();
        assert_eq!(session.security(), ChannelSecurity::Confidential);
        assert_eq!(session.offer().before_tls.is_some(), !implicit);
        assert_eq!(session.offer().start_tls_offered, !implicit);
        assert_eq!(session.offer().mechanisms, ["PLAIN"]);
        let (opening, alpn) = served.await.unwrap();
        assert!(opening.contains(" from='user@localhost' to='localhost' "), "{opening}");
        assert_eq!(alpn.as_deref(), implicit.then_some(b"xmpp-client".as_slice()));
    }
}

#[tokio::test]
async fn the_certificate_must_be_the_domains() {
    let (port, served) = tls_server(true).await;
    let user = Some("user@example.org".to_owned());
    let target = Target { user, ..Target::new(Protocol::Xmpp, "127.0.0.1", port) };
    let options = Options { implicit_by_scheme: true, ..trusting() };
    let refused = connect(&target, &options).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    assert!(served.await.is_err());
}
