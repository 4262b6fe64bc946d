//! Dovecot's authentication, as a client of it: a server by our own codec, and peers that misbehave.

use std::path::PathBuf;

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
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, split},
    net::UnixListener,
    task::JoinHandle,
};

use crate::house::{login, open, script};

const HELLO: &str = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tSCRAM-SHA-256\tmutual-auth\n\
    MECH\tB@D\nSPID\t1\nCUID\t2\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n";

/// An exchange with a server that says its half of the handshake, and then this for each line of the client's.
async fn scripted(answers: &[&str]) -> (Session, JoinHandle<String>) {
    let lines = [&[HELLO], answers].concat();
    let (port, heard) = script(&lines).await;
    let session = open(Protocol::DovecotAuth, port, &Options::default()).await.unwrap();
    (session, heard)
}

async fn plain(session: &mut Session) -> Result<Reply, WireError> {
    let message = Response::new(*b"\0user\0pencil");
    let reply = session.initiate("PLAIN".parse().unwrap(), Some(message)).await;
    reply.map_err(|error| WireError::of(&error).unwrap().clone())
}

#[tokio::test]
async fn mechanisms_come_with_what_is_said_about_them() {
    let (session, heard) = scripted(&[]).await;
    let offer = session.offer();
    assert_eq!(offer.mechanisms, ["PLAIN", "SCRAM-SHA-256"]);
    assert_eq!(offer.unreadable, ["B@D"]);
    assert_eq!(offer.greeting, "VERSION 1.2");
    let capabilities = ["MECH PLAIN plaintext", "MECH SCRAM-SHA-256 mutual-auth", "MECH B@D"];
    assert_eq!(offer.capabilities, capabilities);
    assert_eq!(session.security(), ChannelSecurity::Open, "TCP, and no TLS");
    session.close().await;
    let heard = heard.await.unwrap();
    let [version, cpid] = heard.lines().collect::<Vec<_>>()[..] else { panic!("{heard}") };
    assert_eq!(version, "VERSION\t1\t2");
    assert!(cpid.strip_prefix("CPID\t").unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test]
async fn what_the_server_decides_means_what_its_code_says() {
    for (answer, class, code) in [
        ("FAIL\t1\tuser=user\n", WireClass::Credentials, "FAIL"),
        ("FAIL\t1\treason=no\tcode=temp_fail\n", WireClass::Temporary, "FAIL temp_fail"),
        ("FAIL\t1\ttemp\n", WireClass::Temporary, "FAIL temp"),
        ("FAIL\t1\tcode=authz_fail\n", WireClass::Authorization, "FAIL authz_fail"),
        ("FAIL\t1\tcode=user_disabled\n", WireClass::Credentials, "FAIL user_disabled"),
        ("FAIL\t1\tcode=pass_expired\n", WireClass::Credentials, "FAIL pass_expired"),
    ] {
        let (mut session, heard) = scripted(&[answer]).await;
        let error = plain(&mut session).await.unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(code)), "{answer:?}");
        session.close().await;
        let heard = heard.await.unwrap();
        let line = "AUTH\t1\tPLAIN\tservice=smtp\tnologin\tresp=AHVzZXIAcGVuY2ls\n";
        assert!(heard.ends_with(line), "{heard}");
    }
}

#[tokio::test]
async fn other_exchanges_are_none_of_ours_and_each_has_its_number() {
    let answers = ["OK\t7\tuser=else\nCONT\t8\t\nFAIL\t1\n", "FAIL\t1\nOK\t2\tuser=user\n"];
    let (mut session, heard) = scripted(&answers).await;
    assert_eq!(plain(&mut session).await.unwrap_err().class, WireClass::Credentials);
    assert_eq!(plain(&mut session).await, Ok(Reply::Success(None)));
    session.close().await;
    let heard = heard.await.unwrap();
    assert!(heard.contains("AUTH\t1\tPLAIN\t") && heard.contains("AUTH\t2\tPLAIN\t"), "{heard}");
}

#[tokio::test]
async fn an_abort_is_not_waited_for() {
    let (mut session, heard) = scripted(&["CONT\t1\t\n"]).await;
    let reply = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap();
    assert!(matches!(reply, Reply::Challenge(it) if it.as_bytes().is_empty()));
    assert_eq!(session.abort().await.unwrap(), Reply::Failure);
    session.close().await;
    // The script ends with what comes after its last line.
    assert!(heard.await.unwrap().ends_with("\tnologin\nCANCEL\t1\n"));
}

#[tokio::test]
async fn handshakes_that_are_none_are_told() {
    for (hello, class) in [
        ("VERSION\t2\t0\nDONE\n", WireClass::Protocol),
        ("MECH\tPLAIN\n", WireClass::Protocol),
        ("VERSION\t1\tx\n", WireClass::Protocol),
        ("VERSION\t1\t2\nOK\t1\n", WireClass::Protocol),
        ("220 mx ESMTP\r\n", WireClass::Protocol),
    ] {
        let (port, _heard) = script(&[hello]).await;
        let error = open(Protocol::DovecotAuth, port, &Options::default()).await.err().unwrap();
        assert_eq!(error.class, class, "{hello:?}");
    }
    let long = format!("VERSION\t1\t2\nMECH\t{}\n", "A".repeat(20_000));
    let endless = format!("VERSION\t1\t2\n{}", "X\n".repeat(1100));
    for hello in [long, endless] {
        let (port, _heard) = script(&[&hello]).await;
        let error = open(Protocol::DovecotAuth, port, &Options::default()).await.err().unwrap();
        assert_eq!(error.class, WireClass::Protocol);
    }
    let (port, _heard) = script(&[HELLO]).await;
    let options = Options { tls: TlsMode::StartTls, ..Options::default() };
    let error = open(Protocol::DovecotAuth, port, &options).await.err().unwrap();
    assert_eq!(error.class, WireClass::Tls, "there is no such thing here");
}

/// A server that waits for the client's version before it says anything, and lets everybody in.
async fn patient(stream: impl AsyncRead + AsyncWrite) -> String {
    let (reading, mut writing) = split(stream);
    let mut lines = BufReader::new(reading).lines();
    let mut heard = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.starts_with("CPID") {
            writing.write_all(HELLO.as_bytes()).await.unwrap();
        } else if line.starts_with("AUTH") {
            writing.write_all(b"OK\t1\tuser=user\n").await.unwrap();
        }
        heard.push(line);
    }
    heard.join("\n")
}

#[tokio::test]
async fn a_unix_socket_is_confidential_and_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("auth-client");
    let listener = UnixListener::bind(&path).unwrap();
    let served = tokio::spawn(async move { patient(listener.accept().await.unwrap().0).await });
    let target = Target::at_socket(Protocol::DovecotAuth, path);
    let mut session = connect(&target, &Options::default()).await.unwrap();
    assert_eq!(session.security(), ChannelSecurity::Confidential);
    assert_eq!(session.strength(), 0, "there is no cipher");
    let _ = login(&mut session, "PLAIN", "pencil").await.unwrap();
    session.close().await;
    let heard = served.await.unwrap();
    assert!(heard.contains("\tservice=smtp\tnologin\tsecured\tresp="), "{heard}");
}
