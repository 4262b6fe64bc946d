//! What is no directory, or does not answer.

use std::{
    panic,
    time::{Duration, Instant},
};

use aiosasl_store::{
    Backend as _, Key, StoreErrorKind,
    ldap::{Ldap, Options},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::site::{Test, id};

type Case = (&'static str, fn() -> Test);

pub(crate) const ALL: &[Case] = &[
    ("a_server_that_says_nothing_costs_no_more_than_the_time_limit", || Box::pin(silence())),
    ("a_server_that_says_anything_but_ldap_is_a_failure", || Box::pin(nonsense())),
    ("where_nobody_listens_is_a_failure", || Box::pin(nobody())),
];

/// A server that says this to whoever has said something, and then nothing more.
async fn server(words: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut heard = [0; 1];
            if words.is_empty() || connection.read_exact(&mut heard).await.is_err() {
                open.push(connection);
                continue;
            }
            connection.write_all(words).await.ok();
            open.push(connection);
        }
    });
    url
}

async fn failure(url: &str) -> (String, Duration) {
    let mut options = Options::new(url, "dc=test");
    options.time_limit = Duration::from_millis(300);
    let ldap = Ldap::new(options).unwrap();
    let start = Instant::now();
    let error = ldap.find(Key::Name(&id("user"))).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    (error.to_string(), start.elapsed())
}

async fn silence() {
    let (text, elapsed) = failure(&server(b"").await).await;
    assert!(text.contains("did not answer within 0.3 seconds"), "{text}");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
}

async fn nonsense() {
    quieten();
    for words in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        // LDAPMessages with nothing in them, with a wrong kind of response, with an entry that has no name.
        b"\x30\x00",
        b"\x30\x05\x02\x01\x01\x61\x00",
        b"\x30\x05\x02\x01\x01\x64\x00",
        b"\x30\x05\x02\x01\x01\x65\x00",
        b"\x30\x84\xff\xff\xff\xff",
    ] {
        let (_, elapsed) = failure(&server(words).await).await;
        assert!(elapsed < Duration::from_secs(5), "{words:?} {elapsed:?}");
    }
}

/// The library's panics are expected here, and are kept off the screen.
fn quieten() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        let place = panicked.location().map_or("", |it| it.file());
        if !["/ldap3-", "/lber-"].iter().any(|it| place.contains(it)) {
            usual(panicked);
        }
    }));
}

async fn nobody() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    drop(listener);
    let (text, _) = failure(&url).await;
    assert!(text.contains("can't reach the directory"), "{text}");
}
