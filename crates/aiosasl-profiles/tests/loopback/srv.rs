//! Servers that are found by SRV records: a domain is asked for, and its certificate wanted, wherever it is served.

use std::{net::SocketAddr, sync::Arc};

use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        Options, Protocol, Session, Target, TlsMode, connect,
        server::{serve_imap, serve_pop3, serve_xmpp},
        srv,
    },
};

use crate::{
    dns,
    house::{Served, login, serve, store, tls_config, trusting, who},
};

async fn imap(implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_imap(stream, Arc::new(tls_config()), implicit_tls, store())).await
}

async fn pop3(implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_pop3(stream, Arc::new(tls_config()), implicit_tls, store())).await
}

async fn xmpp(implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_xmpp(stream, Arc::new(tls_config()), implicit_tls, store())).await
}

fn asking(name_server: SocketAddr) -> Options {
    Options { name_server: Some(name_server), ..trusting() }
}

/// `example.test`, by a name server that knows these services.
async fn domain(
    protocol: Protocol,
    services: Vec<dns::Service>,
    options: impl FnOnce(Options) -> Options,
) -> Result<Session, WireError> {
    let (name_server, serving) = dns::serve(services).await;
    // A port on which nobody is: what the domain's own name would lead to.
    let target = Target::of_domain(protocol, "example.test", 1).with_user("user");
    let session = connect(&target, &options(asking(name_server))).await;
    serving.abort();
    session
}

async fn login_and_leave(mut session: Session, served: Served) {
    let done = login(&mut session, "SCRAM-SHA-256-PLUS", "pencil").await.unwrap();
    assert!(done.channel_binding.is_some());
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn mail_is_where_the_domain_says_with_tls_from_the_start_first() {
    let (clear, _) = imap(false).await;
    let (secure, served) = imap(true).await;
    let services = vec![
        ("_imap._tcp.example.test", 0, 9, clear, "imap.example.test"),
        ("_imaps._tcp.example.test", 0, 1, secure, "imap.example.test"),
    ];
    let session = domain(Protocol::Imap, services, |it| it).await.unwrap();
    let found = session.target();
    assert_eq!((found.server(), found.port), ("imap.example.test", secure));
    login_and_leave(session, served).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_followed_by_the_next_one() {
    let (port, served) = pop3(false).await;
    let services = vec![
        ("_pop3._tcp.example.test", 10, 0, 1, "example.test"),
        ("_pop3._tcp.example.test", 20, 0, port, "example.test"),
    ];
    let session = domain(Protocol::Pop3, services, |it| it).await.unwrap();
    assert_eq!(session.target().port, port);
    login_and_leave(session, served).await;
}

#[tokio::test]
async fn xmpp_merges_both_kinds_by_priority_and_wants_the_domains_certificate() {
    let (secure, served) = xmpp(true).await;
    let services = vec![
        ("_xmpp-client._tcp.example.test", 20, 0, 1, "chat.elsewhere.test"),
        ("_xmpps-client._tcp.example.test", 10, 0, secure, "chat.elsewhere.test"),
    ];
    let session = domain(Protocol::Xmpp, services.clone(), |it| it).await.unwrap();
    assert_eq!(session.target().server(), "chat.elsewhere.test");
    login_and_leave(session, served).await;
    // Who does not want TLS from the start is not sent where it begins at once.
    let upgrade = |it| Options { tls: TlsMode::StartTls, ..it };
    let refused = domain(Protocol::Xmpp, services, upgrade).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Connection);
}

#[tokio::test]
async fn a_name_server_does_not_choose_the_certificate() {
    // A server within the domain shows its own name, which this one cannot; elsewhere it has to show the domain's.
    for (host, is_trusted) in [("other.example.test", false), ("imap.elsewhere.test", true)] {
        let (port, served) = imap(true).await;
        let services = vec![("_imaps._tcp.example.test", 0, 0, port, host)];
        match domain(Protocol::Imap, services, |it| it).await {
            Ok(session) => {
                assert!(is_trusted, "{host}");
                login_and_leave(session, served).await;
            }
            Err(error) => {
                assert_eq!((error.class, is_trusted), (WireClass::Tls, false), "{host}");
                served.abort();
            }
        }
    }
}

#[tokio::test]
async fn a_domain_may_say_that_it_has_no_such_service() {
    let no_imap =
        vec![("_imap._tcp.example.test", 0, 0, 0, "."), ("_imaps._tcp.example.test", 0, 0, 0, ".")];
    let refused = domain(Protocol::Imap, no_imap, |it| it).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Connection);
    assert!(refused.text.contains("example.test says that it has no service for imap"));
    let (port, served) = imap(false).await;
    let only_later = vec![
        ("_imap._tcp.example.test", 0, 0, port, "imap.example.test"),
        ("_imaps._tcp.example.test", 0, 0, 0, "."),
    ];
    login_and_leave(domain(Protocol::Imap, only_later, |it| it).await.unwrap(), served).await;
}

#[tokio::test]
async fn without_records_the_domain_is_a_server_itself() {
    let (port, served) = imap(false).await;
    let (name_server, _serving) = dns::serve(Vec::new()).await;
    let target = Target::of_domain(Protocol::Imap, "example.test", port);
    let session = connect(&target, &asking(name_server)).await.unwrap();
    assert_eq!(session.target().server(), "example.test");
    login_and_leave(session, served).await;
    let places = srv::places(&target, &asking(name_server)).await;
    assert!(matches!(&places[..], [own] if own.host == "example.test" && !own.implicit_tls));
}
