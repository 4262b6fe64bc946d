//! saslauthd, as a client of it.

use aiosasl::{
    driver::{Reply, SaslInterface},
    message::Response,
    own_login,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{Options, Protocol, Session, Target, connect},
    saslauthd::{ClientAddress, Reply as Verdict, Request},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    task::JoinHandle,
};

use crate::house::target;

/// A server for one request that answers with these octets.
async fn server(answer: Vec<u8>) -> (u16, JoinHandle<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut frame = vec![0; 256];
        let count = stream.read(&mut frame).await.unwrap();
        stream.write_all(&answer).await.unwrap();
        Request::parse(&frame[..count], ClientAddress::Absent).unwrap()
    });
    (port, task)
}

async fn log_in(session: &mut Session, name: &str) -> Result<Reply, WireError> {
    let message = Response::new([name, "pencil"].join("\0"));
    let reply = session.initiate(own_login::PASSWORD.name, Some(message)).await;
    reply.map_err(|error| WireError::of(&error).unwrap().clone())
}

#[tokio::test]
async fn a_password_is_asked_about_with_service_and_realm() {
    for (name, login, realm, service) in [
        ("user", "user", "", None),
        ("user@example.org", "user", "example.org", Some("smtp")),
        ("a@b@c", "a@b", "c", None),
    ] {
        let (port, request) = server(Verdict::ok().to_frame().unwrap().to_vec()).await;
        let to = target(Protocol::Saslauthd, port);
        let options = Options { service: service.map(str::to_owned), ..Options::default() };
        let mut session = connect(&to, &options).await.unwrap();
        assert_eq!(session.offer().mechanisms, [own_login::PASSWORD.name]);
        assert_eq!(log_in(&mut session, name).await, Ok(Reply::Success(None)));
        session.close().await;
        let request = request.await.unwrap();
        assert_eq!((&*request.login, &*request.realm), (login, realm));
        assert_eq!(request.service, service.unwrap_or("imap"));
        assert_eq!(request.password.expose(), "pencil".as_bytes());
    }
}

#[tokio::test]
async fn what_it_says_is_kept_and_what_is_no_answer_is_told() {
    for (answer, class, code) in [
        (b"\0\x18NO authentication failed".to_vec(), WireClass::Credentials, Some("NO")),
        (b"\0\x02NO".to_vec(), WireClass::Credentials, Some("NO")),
        (b"\0\x05MAYBE".to_vec(), WireClass::Protocol, None),
        (b"\0\x00".to_vec(), WireClass::Protocol, None),
        (b"\xff\xffOK".to_vec(), WireClass::Protocol, None),
        (b"\0\x09OK".to_vec(), WireClass::Connection, None),
        (Vec::new(), WireClass::Connection, None),
    ] {
        let (port, request) = server(answer.clone()).await;
        let to = target(Protocol::Saslauthd, port);
        let mut session = connect(&to, &Options::default()).await.unwrap();
        let error = log_in(&mut session, "user").await.unwrap_err();
        assert_eq!((error.class, error.code.as_deref()), (class, code), "{answer:?}");
        // It answers once: a second question needs a new connection.
        let again = log_in(&mut session, "user").await.unwrap_err();
        assert_eq!(again.class, WireClass::Connection);
        session.close().await;
        request.await.unwrap();
    }
}

#[tokio::test]
async fn mechanisms_are_none_of_its_and_a_socket_is_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mux");
    let _listener = UnixListener::bind(&path).unwrap();
    let to = Target::at_socket(Protocol::Saslauthd, path);
    let mut session = connect(&to, &Options::default()).await.unwrap();
    let error = session.initiate("PLAIN".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Protocol);
    session.close().await;
    let nowhere = Target::at_socket(Protocol::Saslauthd, folder.path().join("nobody"));
    let error = connect(&nowhere, &Options::default()).await.err().unwrap();
    assert_eq!(error.class, WireClass::Connection);
}
