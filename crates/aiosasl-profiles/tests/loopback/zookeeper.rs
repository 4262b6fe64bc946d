//! ZooKeeper: a peer made of the codec's other half.

use aiosasl::{
    ServerExchange, ServerStep,
    driver::Store,
    error::FailureCode,
    mechanism::{PlusOffer, Rules, ServerContext, Service},
    message::{ClientMessage, ServerMessage},
    nonce::Nonce,
    registry,
    secret::Secret,
};
use aiosasl_profiles::{
    FirstWord, WireClass,
    net::{Options, Protocol, Session, TlsMode},
    zookeeper::{ConnectRequest, ConnectResponse, Request, measure, server},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::house::{OneAccount, login, open, script};

async fn frame(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).await.ok()?;
    let length = measure(&frame).unwrap().unwrap();
    frame.resize(length, 0);
    stream.read_exact(&mut frame[4..]).await.ok()?;
    Some(frame)
}

/// A server that has this mechanism alone; the result is how many tokens it heard, and whether the client said good bye.
async fn ensemble(mechanism: &str) -> (u16, JoinHandle<(usize, bool)>) {
    let name = mechanism.parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let begin = frame(&mut stream).await.unwrap();
        let timeout = ConnectRequest::parse(&begin).unwrap().timeout;
        let begun = ConnectResponse { timeout, session: 1, password: Secret::default() };
        stream.write_all(&begun.to_frame().unwrap()).await.unwrap();
        let mechanism = registry::find(name).unwrap();
        let context = ServerContext {
            nonce: Nonce::random().unwrap(),
            bindings: &[],
            plus: PlusOffer::NotOffered,
            rules: Rules {
                service: Some(Service::new("zookeeper", "zk-sasl-md5")),
                ..Rules::default()
            },
        };
        let mut exchange = ServerExchange::new((mechanism.server)(&context));
        let mut heard = 0;
        while let Some(frame) = frame(&mut stream).await {
            let Ok(Request::Sasl { xid, token }) = Request::parse(&frame) else {
                return (heard, matches!(Request::parse(&frame), Ok(Request::Close { .. })));
            };
            heard += 1;
            let message = match heard {
                1 => FirstWord::Client.request(name, token),
                _ => ClientMessage::Response(token),
            };
            let answer = answer(&mut exchange, message).await;
            stream.write_all(&server::answer(&answer, xid).unwrap()).await.unwrap();
            if let ServerMessage::Failure(_) = answer {
                break;
            }
        }
        (heard, false)
    });
    (port, task)
}

async fn answer(exchange: &mut ServerExchange, message: ClientMessage) -> ServerMessage {
    let mut step = match message {
        ClientMessage::Authenticate { initial_response, .. } => exchange.start(initial_response),
        ClientMessage::Response(it) => exchange.receive(ClientMessage::Response(it)),
        ClientMessage::Abort => return ServerMessage::Failure(FailureCode::Aborted),
    };
    loop {
        step = match step.unwrap() {
            ServerStep::Send(challenge) => return ServerMessage::Challenge(challenge),
            ServerStep::Ask(query) => exchange.answer(OneAccount.answer(query).await),
            ServerStep::Done(mut outcome) => return outcome.message(),
        };
    }
}

async fn session(port: u16) -> Session {
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    open(Protocol::Zookeeper, port, &options).await.unwrap()
}

#[tokio::test]
async fn the_servers_proof_is_the_end_and_is_not_answered() {
    let (port, served) = ensemble("SCRAM-SHA-256").await;
    let mut session = session(port).await;
    assert!(session.offer().unlisted);
    let done = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    assert!(done.server_verified);
    session.close().await;
    assert_eq!(served.await.unwrap(), (2, true));
}

#[tokio::test]
async fn a_wrong_password_is_told_by_its_number() {
    let (port, _served) = ensemble("SCRAM-SHA-256").await;
    let mut session = session(port).await;
    let error = login(&mut session, "SCRAM-SHA-256", "pencils").await.unwrap_err();
    assert_eq!(error.class(), WireClass::Credentials);
}

#[tokio::test]
async fn what_is_no_session_is_none() {
    let options = Options { tls: TlsMode::Off, ..Options::default() };
    for (words, class) in [
        ("HTTP/1.1 400 Bad Request\r\n", WireClass::Protocol),
        ("\0\0\0\x02\0\0", WireClass::Protocol),
        ("\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", WireClass::Temporary),
    ] {
        let (port, _peer) = script(&[words]).await;
        let error = open(Protocol::Zookeeper, port, &options).await.unwrap_err();
        assert_eq!(error.class, class, "{words:?}");
    }
}
