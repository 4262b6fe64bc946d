//! MongoDB.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use aiosasl::{
    driver::{Reply, SaslInterface},
    mechanism::Rules,
    message::{ClientMessage, Response},
};
use aiosasl_profiles::{
    WireClass, WireError,
    mongodb::{Builder, Document, Message, measure},
    net::{
        Options, Protocol, Session, Target, TlsMode, connect,
        server::{Limits, ServerConfig, serve_mongodb},
    },
};
use aiosasl_vendor::{mongodb_oidc, mongodb_x509};
use proptest::{collection::vec, prelude::*};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::house::{
    PKI, Served, login_ruled, open_config, serve, shout, shout_and_leave, store, tls_config,
    trusting, who, why,
};

async fn server(config: ServerConfig, implicit_tls: bool) -> (u16, Served) {
    serve(move |stream| serve_mongodb(stream, Arc::new(config), implicit_tls, store())).await
}

fn target(port: u16) -> Target {
    Target::new(Protocol::Mongodb, "localhost", port).with_user("user")
}

async fn open(port: u16, options: &Options) -> Result<Session, WireError> {
    connect(&target(port), options).await
}

fn under_tls() -> Options {
    Options { tls: TlsMode::Implicit, ..trusting() }
}

/// A server that answers each command with this, and hangs up behind the last; what it heard.
async fn script(answers: Vec<Document>) -> (u16, JoinHandle<Vec<Document>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        for body in answers {
            let Some(asked) = receive(&mut stream).await else { break };
            let answer = Message { request_id: 77, response_to: asked.request_id, body };
            stream.write_all(&answer.to_frame().unwrap()).await.unwrap();
            heard.push(asked.body);
        }
        heard
    });
    (port, task)
}

async fn receive(stream: &mut TcpStream) -> Option<Message> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).await.ok()?;
    let length = measure(&frame).unwrap().unwrap();
    frame.resize(length, 0);
    stream.read_exact(&mut frame[4..]).await.ok()?;
    Some(Message::parse(&frame).unwrap())
}

fn hello(names: Option<&[&str]>) -> Document {
    let answer = Builder::default().boolean("helloOk", true).int32("maxWireVersion", 21);
    let answer = match names {
        Some(names) => answer.texts("saslSupportedMechs", names).unwrap(),
        None => answer,
    };
    answer.double("ok", 1.0).finish().unwrap()
}

fn refused(code: i32) -> Document {
    Builder::default().double("ok", 0.0).int32("code", code).text("errmsg", "no").finish().unwrap()
}

fn step(payload: &[u8], done: bool) -> Document {
    let step = Builder::default().int32("conversationId", 5).boolean("done", done);
    step.binary("payload", payload).double("ok", 1.0).finish().unwrap()
}

fn start(mechanism: &str, first: &[u8]) -> ClientMessage {
    let mechanism = mechanism.parse().unwrap();
    ClientMessage::Authenticate { mechanism, initial_response: Some(Response::new(first)) }
}

#[tokio::test]
async fn a_user_has_mechanisms_and_comes_in_by_them() {
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] {
        let (port, served) = server(tls_config(), true).await;
        let mut session = open(port, &under_tls()).await.unwrap();
        assert!(session.offer().mechanisms.contains(&mechanism.parse().unwrap()));
        assert!(
            !session.offer().mechanisms.iter().any(|it| it.is_plus() || it.as_str() == "PASSWORD")
        );
        assert!(session.bindings().is_empty(), "there is nothing to tie an exchange to");
        let done = login_ruled(&mut session, mechanism, "pencil", Rules::default()).await.unwrap();
        assert_eq!(done.server_verified, mechanism != "PLAIN");
        let mut stream = session.into_stream().unwrap();
        let body = Builder::default().int32("ping", 1).text("$db", "admin").finish().unwrap();
        let ping = Message { request_id: 9, response_to: 0, body }.to_frame().unwrap();
        stream.write_all(&ping).await.unwrap();
        let mut answer = vec![0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        answer.resize(measure(&answer).unwrap().unwrap(), 0);
        stream.read_exact(&mut answer[4..]).await.unwrap();
        let answer = Message::parse(&answer).unwrap();
        assert!(answer.response_to == 9 && answer.body.is_true("ok"));
        drop(stream);
        assert_eq!(who(served).await, ("user".to_owned(), mechanism.to_owned()));
    }
}

#[tokio::test]
async fn a_wrong_password_can_be_followed_by_the_right_one() {
    let (port, served) = server(open_config(), false).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    let failed = login_ruled(&mut session, "SCRAM-SHA-256", "pencils", Rules::default()).await;
    assert_eq!(failed.unwrap_err().class(), WireClass::Credentials);
    assert!(session.is_usable());
    let _ = login_ruled(&mut session, "SCRAM-SHA-256", "pencil", Rules::default()).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await.0, "user");
}

#[tokio::test]
async fn unknown_users_look_like_wrong_passwords() {
    let (port, served) = server(open_config(), false).await;
    let target = Target::new(Protocol::Mongodb, "localhost", port).with_user("nobody");
    let mut session = connect(&target, &Options::default()).await.unwrap();
    assert!(!session.offer().unlisted && session.offer().mechanisms.len() > 3);
    let first = Response::new(*b"n,,n=nobody,r=rOprNGfwEbeRWgbNEkqO");
    let reply = session.initiate("SCRAM-SHA-256".parse().unwrap(), Some(first)).await.unwrap();
    assert!(matches!(reply, Reply::Challenge(_)));
    session.close().await;
    let _ = served.await.unwrap();
}

#[tokio::test]
async fn an_exchange_can_begin_with_the_first_question() {
    let first = start("SCRAM-SHA-256", b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let (port, served) = server(open_config(), false).await;
    let options = Options { speculation: Some(first.clone()), ..Options::default() };
    let mut session = open(port, &options).await.unwrap();
    let ClientMessage::Authenticate { mechanism, initial_response } = first else { panic!() };
    let reply = session.initiate(mechanism, initial_response).await.unwrap();
    let Reply::Challenge(challenge) = reply else { panic!("{reply:?}") };
    assert!(challenge.as_bytes().starts_with(b"r=rOprNGfwEbeRWgbNEkqO"));
    // The server goes on with that one.
    let wrong = session.respond(Response::new(*b"nonsense")).await.unwrap_err();
    assert_eq!(WireError::of(&wrong).unwrap().class, WireClass::Credentials);
    session.close().await;
    let _ = served.await.unwrap();

    // One that does not go into it is asked again, and so is one about something else that was said.
    let answers = vec![hello(Some(&["SCRAM-SHA-1"])), step(b"", true)];
    let (port, heard) = script(answers).await;
    let options =
        Options { speculation: Some(start("SCRAM-SHA-1", b"first")), ..Options::default() };
    let mut session = open(port, &options).await.unwrap();
    let reply =
        session.initiate("SCRAM-SHA-1".parse().unwrap(), Some(Response::new(*b"first"))).await;
    assert_eq!(reply.unwrap(), Reply::Success(None));
    let heard = heard.await.unwrap();
    let begun = heard[0].document("speculativeAuthenticate").unwrap();
    assert_eq!((begun.text("mechanism"), begun.text("db")), (Some("SCRAM-SHA-1"), Some("admin")));
    assert_eq!(heard[1].command(), b"saslStart");
}

#[tokio::test]
async fn whoever_is_unknown_here_may_be_known_elsewhere() {
    let answers = vec![hello(None), hello(Some(&["ONE"])), step(b"", true)];
    let (port, heard) = script(answers).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    assert_eq!(session.offer().mechanisms[0].as_str(), "ONE");
    let reply = session.initiate("ONE".parse().unwrap(), None).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    let heard = heard.await.unwrap();
    assert_eq!(heard[0].text("saslSupportedMechs"), Some("admin.user"));
    assert_eq!(heard[1].text("saslSupportedMechs"), Some("$external.user"));
    assert_eq!(heard[2].text("$db"), Some("$external"));

    // Known nowhere, or so it seems: what every server has is tried, where the URL says.
    let (port, heard) = script(vec![hello(None), refused(18)]).await;
    let mut target = target(port);
    target.path = Some("sales".to_owned());
    let mut session = connect(&target, &Options::default()).await.unwrap();
    assert!(session.offer().unlisted);
    let failed = login_ruled(&mut session, "SCRAM-SHA-256", "pencil", Rules::default()).await;
    assert_eq!(failed.unwrap_err().class(), WireClass::Credentials);
    let heard = heard.await.unwrap();
    assert_eq!(heard[0].text("saslSupportedMechs"), Some("sales.user"));
    assert_eq!(heard[1].text("$db"), Some("sales"));
}

#[tokio::test]
async fn certificates_have_a_command_of_their_own() {
    let mut config = tls_config();
    config.mechanisms = [mongodb_x509::MECHANISM].into();
    let (port, served) = server(config, true).await;
    let options = Options { client_certificate: Some(PKI.client.clone()), ..under_tls() };
    let mut session = open(port, &options).await.unwrap();
    let _ = login_ruled(&mut session, "MONGODB-X509", "", Rules::default()).await.unwrap();
    session.close().await;
    assert_eq!(who(served).await, ("user".to_owned(), "MONGODB-X509".to_owned()));

    let answers = vec![hello(Some(&["ONE"])), step(b"", true)];
    let (port, heard) = script(answers).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    let subject = Response::new(*b"CN=user");
    let reply = session.initiate("MONGODB-X509".parse().unwrap(), Some(subject)).await.unwrap();
    assert_eq!(reply, Reply::Success(None));
    let heard = &heard.await.unwrap()[1];
    assert_eq!(heard.command(), b"authenticate");
    assert_eq!((heard.text("user"), heard.text("$db")), (Some("CN=user"), Some("$external")));
}

#[tokio::test]
async fn mechanisms_of_others_go_to_the_database_of_others() {
    let mut config = open_config();
    config.mechanisms = [mongodb_oidc::MECHANISM].into();
    let (port, served) = server(config, false).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    let jwt = Builder::default().text("jwt", "abc").finish().unwrap();
    let first = Response::new(jwt.as_bytes());
    let reply = session.initiate("MONGODB-OIDC".parse().unwrap(), Some(first)).await;
    // A token in the clear is none of this server's.
    let error = reply.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().code.as_deref(), Some("18"));
    session.close().await;
    assert_eq!(why(served).await, "encryption-required");

    let (port, heard) = script(vec![hello(Some(&["ONE"])), step(b"", true)]).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    let _ = session.initiate("MONGODB-AWS".parse().unwrap(), None).await.unwrap();
    assert_eq!(heard.await.unwrap()[1].text("$db"), Some("$external"));
}

#[tokio::test]
async fn refusals_mean_what_their_code_says() {
    for (code, class) in [
        (18, WireClass::Credentials),
        (13, WireClass::Authorization),
        (334, WireClass::Mechanism),
        (91, WireClass::Temporary),
        (2, WireClass::Protocol),
    ] {
        let (port, _) = script(vec![hello(Some(&["ONE"])), refused(code)]).await;
        let mut session = open(port, &Options::default()).await.unwrap();
        let error = session.initiate("ONE".parse().unwrap(), None).await.unwrap_err();
        let error = WireError::of(&error).unwrap();
        assert_eq!((error.class, error.code.as_deref()), (class, Some(&*code.to_string())));
    }
    let (port, _) = script(vec![refused(91)]).await;
    let error = open(port, &Options::default()).await.unwrap_err();
    assert_eq!(error.class, WireClass::Temporary);
    // STARTTLS is none of the protocol's.
    let (port, _) = script(Vec::new()).await;
    let options = Options { tls: TlsMode::StartTls, ..trusting() };
    assert_eq!(open(port, &options).await.unwrap_err().class, WireClass::Tls);
}

#[tokio::test]
async fn servers_that_break_the_protocol_are_left() {
    let bad: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x0f\0\0\0",
        b"\xff\xff\xff\x7f",
        &[21, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0],
    ];
    for answer in bad {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            receive(&mut stream).await.unwrap();
            stream.write_all(answer).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let opening = timeout(Duration::from_secs(5), open(port, &Options::default())).await;
        assert_eq!(opening.unwrap().unwrap_err().class, WireClass::Protocol, "{answer:?}");
    }
    // It hangs up instead of an answer.
    let (port, _) = script(vec![hello(Some(&["ONE"]))]).await;
    let mut session = open(port, &Options::default()).await.unwrap();
    let error = session.initiate("ONE".parse().unwrap(), None).await.unwrap_err();
    assert_eq!(WireError::of(&error).unwrap().class, WireClass::Connection);
}

#[tokio::test]
async fn clients_may_begin_with_a_message_of_the_older_kind() {
    let (port, _) = server(open_config(), false).await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let command = Builder::default().int32("isMaster", 1).boolean("helloOk", true);
    let command = command.text("saslSupportedMechs", "admin.user").finish().unwrap();
    let tail = [b"\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff".as_slice(), command.as_bytes()];
    let tail = tail.concat();
    let mut query = Vec::new();
    for number in [i32::try_from(tail.len() + 16).unwrap(), 3, 0, 2004] {
        query.extend_from_slice(&number.to_le_bytes());
    }
    query.extend_from_slice(&tail);
    stream.write_all(&query).await.unwrap();
    let mut reply = vec![0; 4];
    stream.read_exact(&mut reply).await.unwrap();
    reply.resize(measure(&reply).unwrap().unwrap(), 0);
    stream.read_exact(&mut reply[4..]).await.unwrap();
    assert_eq!(&reply[8..16], [3, 0, 0, 0, 1, 0, 0, 0], "an answer to 3, of the older kind");
    let body = Document::parse(&reply[36..]).unwrap();
    assert!(body.is_true("helloOk") && body.get("saslSupportedMechs").is_some());
}

#[tokio::test]
async fn clients_that_break_the_protocol_are_left() {
    for octets in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), b"\x0f\0\0\0", b"\xff\xff\xff\x7f"] {
        let (port, served) = server(open_config(), false).await;
        let _ = timeout(Duration::from_secs(5), shout(port, octets)).await.unwrap();
        assert_eq!(served.await.unwrap().unwrap_err().class, WireClass::Protocol);
    }
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let (port, served) = server(ServerConfig { limits, ..open_config() }, false).await;
    let _stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let end = timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
    assert_eq!(end.unwrap_err().class, WireClass::Timeout);
}

#[tokio::test]
async fn who_has_not_come_in_gets_no_answers() {
    let (port, _) = server(open_config(), false).await;
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    for (command, code) in [("ping", 13), ("find", 13), ("saslContinue", 13)] {
        let body = Builder::default().int32(command, 1).text("$db", "admin").finish().unwrap();
        let request = Message { request_id: 4, response_to: 0, body }.to_frame().unwrap();
        stream.write_all(&request).await.unwrap();
        let answer = receive(&mut stream).await.unwrap();
        assert_eq!((answer.response_to, answer.body.number("code")), (4, Some(code)), "{command}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_octets_harm_the_server(octets in vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (port, served) = server(open_config(), false).await;
            shout_and_leave(port, &octets).await;
            let _ = timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
        });
    }
}
