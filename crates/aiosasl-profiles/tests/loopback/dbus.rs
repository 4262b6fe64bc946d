//! D-Bus, against a peer that follows a script.

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Challenge, Response},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Session},
};

use crate::house::{open, script};

const OFFER: &str = "REJECTED EXTERNAL DBUS_COOKIE_SHA1 what? ANONYMOUS\r\n";

async fn bus(port: u16) -> Session {
    open(Protocol::Dbus, port, &Options::default()).await.unwrap()
}

#[tokio::test]
async fn a_bus_tells_what_it_takes_by_a_refusal() {
    let (port, heard) = script(&["", OFFER, "OK 0123abcd\r\n"]).await;
    let mut session = bus(port).await;
    let offered: Vec<_> = session.offer().mechanisms.iter().map(ToString::to_string).collect();
    assert_eq!(offered, ["EXTERNAL", "DBUS_COOKIE_SHA1", "ANONYMOUS"]);
    assert_eq!(session.offer().unreadable, ["what?"]);
    let name = "ANONYMOUS".parse().unwrap();
    let reply = session.initiate(name, Some(Response::new("me"))).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    session.close().await;
    assert_eq!(heard.await.unwrap(), "\0AUTH\r\nAUTH ANONYMOUS 6d65\r\nBEGIN\r\n");
}

#[tokio::test]
async fn an_empty_initial_response_comes_when_it_is_asked_for() {
    let (port, heard) = script(&["", OFFER, "DATA\r\n", "OK 0123abcd\r\n"]).await;
    let mut session = bus(port).await;
    let name = "EXTERNAL".parse().unwrap();
    let reply = session.initiate(name, Some(Response::empty())).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    session.close().await;
    assert_eq!(heard.await.unwrap(), "\0AUTH\r\nAUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n");
}

#[tokio::test]
async fn who_is_refused_may_try_again_or_give_up() {
    let (port, _heard) =
        script(&["", OFFER, OFFER, OFFER, "DATA 6162\r\n", OFFER, "ERROR what?\r\n"]).await;
    let mut session = bus(port).await;
    let name = "EXTERNAL".parse().unwrap();
    let error = session.initiate(name, Some(Response::new("1"))).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Credentials);
    let unknown = "NOBODYS".parse().unwrap();
    let error = session.initiate(unknown, None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Mechanism);
    let reply = session.initiate(name, None).await.unwrap();
    assert_eq!(reply, Reply::Challenge(Challenge::new(*b"ab")));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    let error = session.initiate(name, None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Protocol);
}

#[tokio::test]
async fn what_is_no_bus_is_told_so() {
    for answer in ["* OK IMAP4rev1 ready\r\n", "OK 0123\r\n", "ERROR\r\n", "REJECTED \u{e4}\r\n"] {
        let (port, _heard) = script(&["", answer]).await;
        let error = open(Protocol::Dbus, port, &Options::default()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{answer}");
    }
    let (port, _heard) = script(&["", &"A".repeat(40_000)]).await;
    let error = open(Protocol::Dbus, port, &Options::default()).await.unwrap_err();
    assert_eq!(error.class, WireClass::Protocol, "a line without an end");
}
