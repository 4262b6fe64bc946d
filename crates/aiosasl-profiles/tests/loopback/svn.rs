//! Subversion's own protocol, against a peer that follows a script.

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::{Challenge, Response},
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Target, connect},
};

use crate::house::{Failed, login, open, script};

const GREETING: &str = "( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) ";
const REQUEST: &str = "( success ( ( CRAM-MD5 SCRAM-SHA-256 ) 9:localhost ) ) ";

#[tokio::test]
async fn a_repository_is_named_and_its_mechanisms_are_heard() {
    let (port, heard) =
        script(&[GREETING, REQUEST, "( step ( 5:<1@a> ) ) ", "( success ( ) ) "]).await;
    let target =
        Target { path: Some("own".to_owned()), ..Target::new(Protocol::Svn, "localhost", port) };
    let mut session = connect(&target, &Options::default()).await.unwrap();
    let offered: Vec<_> = session.offer().mechanisms.iter().map(ToString::to_string).collect();
    assert_eq!(offered, ["CRAM-MD5", "SCRAM-SHA-256"]);
    let name = "CRAM-MD5".parse().unwrap();
    let reply = session.initiate(name, None).await.unwrap();
    assert_eq!(reply, Reply::Challenge(Challenge::new(*b"<1@a>")), "as it stands");
    let reply = session.respond(Response::new("user abc")).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    session.close().await;
    let url = format!("svn://localhost:{port}/own");
    let expected = format!(
        "( 2 ( edit-pipeline ) {}:{url} 7:aiosasl ( ) ) ( CRAM-MD5 ( ) ) 8:user abc ",
        url.len()
    );
    assert_eq!(heard.await.unwrap(), expected);
}

#[tokio::test]
async fn a_refusal_may_be_about_the_mechanism() {
    let refusal = "( failure ( 18:Password incorrect ) ) ";
    let (port, _heard) = script(&[GREETING, REQUEST, refusal, refusal]).await;
    let mut session = open(Protocol::Svn, port, &Options::default()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert_eq!(error.class(), WireClass::Credentials);
    let error = session.initiate("NOBODYS".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Mechanism);
}

#[tokio::test]
async fn who_gives_up_hangs_up() {
    let (port, _heard) = script(&[GREETING, REQUEST, "( step ( 4:YWJj ) ) "]).await;
    let mut session = open(Protocol::Svn, port, &Options::default()).await.unwrap();
    let error = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap_err();
    assert!(matches!(error, Failed::Here(_)), "{error:?}");
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    assert!(session.initiate("SCRAM-SHA-256".parse().unwrap(), None).await.is_err());
}

#[tokio::test]
async fn what_is_no_such_server_is_told_so() {
    let lost = "( failure ( ( 210005 13:No repository 0: 0 ) ) ) ";
    for lines in [
        &["* OK IMAP4rev1 ready\r\n"][..],
        &["( success ( 3 3 ( ) ( ) ) ) "],
        &["99999:"],
        &[") "],
        &[GREETING, lost],
        &[GREETING, "( success ( ) ) "],
    ] {
        let (port, _heard) = script(lines).await;
        let error = open(Protocol::Svn, port, &Options::default()).await.unwrap_err();
        assert!(matches!(error.class, WireClass::Protocol), "{lines:?}: {error}");
    }
}
