//! memcached: a peer that follows a script.

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::Response,
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass, WireError,
    memcached::{Opcode, Response as Frame, Status},
    net::{Options, Protocol, Session, TlsMode},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::house::open;

/// Answers each request with the next of these.
async fn server(answers: Vec<(Opcode, Status, &'static str)>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (opaque, (opcode, status, value)) in (0..).zip(answers) {
            let mut chunk = [0; 4096];
            let _ = stream.read(&mut chunk).await.unwrap();
            let value = Secret::new(value.as_bytes());
            let frame = Frame { opcode, status, value, opaque }.to_frame().unwrap();
            stream.write_all(&frame).await.unwrap();
        }
    });
    port
}

const LIST: (Opcode, Status, &str) = (Opcode::ListMechanisms, Status::SUCCESS, "PLAIN CRAM-MD5");

async fn session(answers: Vec<(Opcode, Status, &'static str)>) -> Result<Session, WireError> {
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    open(Protocol::Memcached, server(answers).await, &options).await
}

async fn say(answer: (Opcode, Status, &'static str)) -> Result<Reply, WireClass> {
    let mut session = session(vec![LIST, answer]).await.unwrap();
    let said = session.initiate("PLAIN".parse().unwrap(), Some(Response::new(*b"x"))).await;
    said.map_err(|error| WireError::of(&error).unwrap().class)
}

#[tokio::test]
async fn a_list_a_challenge_and_what_a_success_says_to_people() {
    let list = session(vec![LIST]).await.unwrap().offer().mechanisms.clone();
    assert_eq!(list, ["PLAIN", "CRAM-MD5"]);
    let success = say((Opcode::Authenticate, Status::SUCCESS, "Authenticated")).await;
    assert_eq!(success, Ok(Reply::Success(None)));
    let challenge = say((Opcode::Authenticate, Status::FURTHER_STEP, "who?")).await;
    assert!(matches!(challenge, Ok(Reply::Challenge(_))));
}

#[tokio::test]
async fn refusals_mean_what_they_say() {
    for (status, class) in [
        (Status::AUTHENTICATION_ERROR, WireClass::Credentials),
        (Status::BUSY, WireClass::Temporary),
        (Status::UNKNOWN_COMMAND, WireClass::Mechanism),
    ] {
        assert_eq!(say((Opcode::Authenticate, status, "no")).await, Err(class));
    }
}

#[tokio::test]
async fn a_server_without_sasl_says_so() {
    let none = (Opcode::ListMechanisms, Status::UNKNOWN_COMMAND, "Unknown command");
    assert_eq!(session(vec![none]).await.unwrap_err().class, WireClass::Mechanism);
}
