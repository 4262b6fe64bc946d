//! AMQP 0-9-1 and 1.0: servers made of the codecs' halves for them, and servers that misbehave.

use std::net::Ipv4Addr;

use aiosasl::{
    ServerExchange,
    driver::{Reply, SaslInterface, ServerInterface, serve},
    mechanism::{PlusOffer, Rules, ServerContext},
    message::{Challenge, ClientMessage, Outcome, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    profile::Profile,
    registry,
};
use aiosasl_profiles::{
    FirstWord, WireClass, WireError, amqp10, amqp091,
    frame::{Frame, Measure, MechanismList},
    net::{Options, Protocol, Session, TlsMode},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::house::{Failed, OneAccount, login, open, tls_config, trusting};

const OFFER: [&str; 5] = ["SCRAM-SHA-256", "EXTERNAL", "PLAIN", "LOGIN", "ANONYMOUS"];
const BOTH: [&Speech; 2] = [&V091, &V10];

/// How a version is spoken, from the server's side.
struct Speech {
    protocol: Protocol,
    profile: Profile,
    measure: Measure,
    /// What a server says of itself, once it has heard the header.
    greeting: fn() -> Vec<u8>,
    hear: fn(&[u8]) -> ClientMessage,
    answer: fn(&ServerMessage) -> Frame,
}

const V091: Speech = Speech {
    protocol: Protocol::Amqp,
    profile: amqp091::PROFILE,
    measure: amqp091::measure,
    greeting: || amqp091::server::start(offer(), "test").unwrap().to_vec(),
    hear: |frame| {
        let first = |name: MechanismName| match name.as_str() {
            "LOGIN" => FirstWord::Server,
            _ => FirstWord::Client,
        };
        amqp091::server::hear(&amqp091::Message::parse(frame).unwrap(), first).unwrap()
    },
    answer: |message| amqp091::server::answer(message, amqp091::Tune::default()).unwrap(),
};

const V10: Speech = Speech {
    protocol: Protocol::Amqp10,
    profile: amqp10::PROFILE,
    measure: amqp10::measure,
    greeting: || {
        let header = amqp10::Message::HEADER.to_frame().unwrap();
        [header, amqp10::server::offer(offer()).unwrap()].map(|it| it.to_vec()).concat()
    },
    hear: |frame| amqp10::server::hear(amqp10::Message::parse(frame).unwrap()).unwrap(),
    answer: |message| amqp10::server::answer(message).unwrap(),
};

fn offer() -> MechanismList {
    OFFER.into_iter().map(name).collect()
}

fn name(name: &str) -> MechanismName {
    name.parse().unwrap()
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

async fn frame(stream: &mut dyn Duplex, measure: Measure) -> Vec<u8> {
    let mut frame = Vec::new();
    while measure(&frame).unwrap() != Some(frame.len()) {
        frame.push(stream.read_u8().await.unwrap());
    }
    frame
}

/// Challenges out, responses in.
struct Wire<'a> {
    stream: &'a mut dyn Duplex,
    speech: &'static Speech,
}

impl ServerInterface for Wire<'_> {
    type Error = WireError;

    async fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, WireError> {
        let frame_out = (self.speech.answer)(&ServerMessage::Challenge(challenge));
        self.stream.write_all(&frame_out).await.unwrap();
        Ok((self.speech.hear)(&frame(self.stream, self.speech.measure).await))
    }
}

/// Runs one exchange to its end, and tells the client.
async fn converse(stream: &mut dyn Duplex, speech: &'static Speech) -> Outcome {
    stream.read_exact(&mut [0; 8]).await.unwrap();
    stream.write_all(&(speech.greeting)()).await.unwrap();
    let first = (speech.hear)(&frame(stream, speech.measure).await);
    let ClientMessage::Authenticate { mechanism, initial_response } = first else {
        panic!("expected a mechanism: {first:?}");
    };
    let context = ServerContext {
        nonce: Nonce::random().unwrap(),
        bindings: &[],
        plus: PlusOffer::NotOffered,
        rules: Rules::default(),
    };
    let half = (registry::find(mechanism).unwrap().server)(&context);
    let exchange = ServerExchange::with_profile(half, speech.profile);
    let mut wire = Wire { stream, speech };
    let mut outcome = serve(exchange, initial_response, &mut wire, &OneAccount).await.unwrap();
    stream.write_all(&(speech.answer)(&outcome.message())).await.unwrap();
    outcome
}

async fn listen() -> (u16, TcpListener) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    (listener.local_addr().unwrap().port(), listener)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

async fn server(speech: &'static Speech) -> (u16, JoinHandle<Outcome>) {
    let (port, listener) = listen().await;
    let task = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let outcome = converse(&mut stream, speech).await;
        // The client hangs up, or goes on with its own protocol, which nobody speaks here.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        outcome
    });
    (port, task)
}

/// A server that waits for something, and says the next of this; the result is what it heard.
async fn script(turns: Vec<Vec<u8>>) -> (u16, JoinHandle<Vec<Vec<u8>>>) {
    let (port, listener) = listen().await;
    let task = tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let mut heard = Vec::new();
        for turn in turns {
            let mut chunk = vec![0; 65_536];
            match stream.read(&mut chunk).await {
                Ok(count @ 1..) => chunk.truncate(count),
                _ => break,
            }
            heard.push(chunk);
            stream.write_all(&turn).await.unwrap();
        }
        heard
    });
    (port, task)
}

fn in_the_clear() -> Options {
    Options { tls: TlsMode::Off, ..Options::default() }
}

fn plain() -> Response {
    Response::new(&b"\0user\0pencil"[..])
}

async fn say_plain(session: &mut Session) -> Result<Reply, WireError> {
    let reply = session.initiate(name("PLAIN"), Some(plain())).await;
    reply.map_err(|error| WireError::of(&error).unwrap().clone())
}

/// A server that has greeted, and says this to PLAIN.
async fn answered_by(speech: &'static Speech, answer: &[u8]) -> Result<Reply, WireError> {
    let (port, _heard) = script(vec![(speech.greeting)(), answer.to_vec()]).await;
    let mut session = open(speech.protocol, port, &in_the_clear()).await.unwrap();
    let reply = say_plain(&mut session).await;
    assert!(reply.is_ok() || !session.is_usable());
    reply
}

#[tokio::test]
async fn every_mechanism_gets_through_inside_tls() {
    for speech in BOTH {
        for mechanism in ["SCRAM-SHA-256", "PLAIN", "LOGIN"] {
            let (port, listener) = listen().await;
            let served = tokio::spawn(async move {
                let acceptor = TlsAcceptor::from(tls_config().tls.unwrap().config);
                let mut stream = acceptor.accept(accept(&listener).await).await.unwrap();
                converse(&mut stream, speech).await
            });
            let options = Options { implicit_by_scheme: true, ..trusting() };
            let mut session = open(speech.protocol, port, &options).await.unwrap();
            assert_eq!(session.offer().mechanisms, OFFER.map(name));
            let done = login(&mut session, mechanism, "pencil").await.unwrap();
            assert_eq!(done.server_verified, mechanism == "SCRAM-SHA-256");
            session.close().await;
            assert!(matches!(served.await.unwrap(), Outcome::Success(_)), "{mechanism}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_ends_the_connection() {
    for (speech, code) in [(&V091, "403"), (&V10, "1")] {
        let (port, served) = server(speech).await;
        let mut session = open(speech.protocol, port, &in_the_clear()).await.unwrap();
        let failed = login(&mut session, "SCRAM-SHA-256", "pencils").await.unwrap_err();
        let Failed::There(error) = failed else { panic!("{failed:?}") };
        assert!(error.is_authentication_failure());
        assert_eq!(WireError::of(&error).unwrap().code.as_deref(), Some(code));
        assert!(!session.is_usable());
        session.close().await;
        assert!(matches!(served.await.unwrap(), Outcome::Failure(_)));
    }
}

#[tokio::test]
async fn a_server_that_speaks_1_0_alone_is_spoken_to_in_that() {
    let (port, listener) = listen().await;
    let served = tokio::spawn(async move {
        let mut first = accept(&listener).await;
        let mut header = [0; 8];
        first.read_exact(&mut header).await.unwrap();
        first.write_all(b"AMQP\x03\x01\0\0").await.unwrap();
        drop(first);
        (header, converse(&mut accept(&listener).await, &V10).await)
    });
    let mut session = open(Protocol::Amqp, port, &in_the_clear()).await.unwrap();
    let _ = login(&mut session, "SCRAM-SHA-256", "pencil").await.unwrap();
    let (header, outcome) = served.await.unwrap();
    assert_eq!(header, *amqp091::HEADER);
    assert!(matches!(outcome, Outcome::Success(_)));
}

#[tokio::test]
async fn a_server_that_just_hangs_up_means_the_credentials_unless_it_would_say_so() {
    let telling = amqp091::Message::Method(amqp091::Method::Start(amqp091::Start {
        version: [0, 9],
        properties: amqp091::Table::of_client().unwrap(),
        mechanisms: offer(),
        locales: "en_US".to_owned(),
    }));
    let telling = telling.to_frame().unwrap().to_vec();
    for (greeting, class) in [
        ((V091.greeting)(), WireClass::Credentials),
        (telling, WireClass::Connection),
        ((V10.greeting)(), WireClass::Connection),
    ] {
        let protocol =
            if greeting.starts_with(b"AMQP") { Protocol::Amqp10 } else { Protocol::Amqp };
        let (port, _heard) = script(vec![greeting, Vec::new()]).await;
        let mut session = open(protocol, port, &in_the_clear()).await.unwrap();
        assert_eq!(say_plain(&mut session).await.unwrap_err().class, class);
    }
}

#[tokio::test]
async fn the_stream_goes_on_behind_the_success() {
    let tune = (V091.answer)(&ServerMessage::Success { additional_data: None });
    let header = amqp10::Message::HEADER_AFTER.to_frame().unwrap();
    let ok = (V10.answer)(&ServerMessage::Success { additional_data: None });
    let heartbeat = b"\x08\0\0\0\0\0\0\xce";
    for (speech, success, more) in [(&V091, tune, &heartbeat[..]), (&V10, ok, &header[..])] {
        let (port, _heard) = script(vec![(speech.greeting)(), [&success[..], more].concat()]).await;
        let mut session = open(speech.protocol, port, &in_the_clear()).await.unwrap();
        assert_eq!(say_plain(&mut session).await.unwrap(), Reply::Success(None));
        let mut next = Vec::new();
        session.into_stream().unwrap().read_to_end(&mut next).await.unwrap();
        assert_eq!(next, more);
    }
}

#[tokio::test]
async fn refusals_have_their_class() {
    for (code, class) in [
        (403, WireClass::Credentials),
        (530, WireClass::Policy),
        (541, WireClass::Temporary),
        (501, WireClass::Protocol),
    ] {
        let close = amqp091::Close { code, text: "so".to_owned(), about: (10, 11) };
        let close = amqp091::Message::Method(amqp091::Method::Close(close)).to_frame().unwrap();
        let error = answered_by(&V091, &close).await.unwrap_err();
        assert_eq!((error.class, error.code), (class, Some(code.to_string())));
    }
    for (code, class) in [
        (amqp10::OutcomeCode::AUTH, WireClass::Credentials),
        (amqp10::OutcomeCode::SYS, WireClass::Temporary),
        (amqp10::OutcomeCode::SYS_PERM, WireClass::Policy),
        (amqp10::OutcomeCode::SYS_TEMP, WireClass::Temporary),
        (amqp10::OutcomeCode(9), WireClass::Protocol),
    ] {
        let outcome = amqp10::Message::Outcome { code, additional_data: None };
        let error = answered_by(&V10, &outcome.to_frame().unwrap()).await.unwrap_err();
        assert_eq!((error.class, error.code), (class, Some(code.0.to_string())));
    }
}

#[tokio::test]
async fn a_close_is_answered() {
    let close = amqp091::Close { code: 403, text: String::new(), about: (10, 11) };
    let close = amqp091::Message::Method(amqp091::Method::Close(close)).to_frame().unwrap();
    let turns = vec![(V091.greeting)(), close.to_vec(), Vec::new()];
    let (port, heard) = script(turns).await;
    let mut session = open(Protocol::Amqp, port, &in_the_clear()).await.unwrap();
    assert!(say_plain(&mut session).await.is_err());
    let close_ok = amqp091::Message::Method(amqp091::Method::CloseOk);
    let last = heard.await.unwrap().pop().unwrap();
    assert_eq!(amqp091::Message::parse(&last).unwrap(), close_ok);
}

#[tokio::test]
async fn no_initial_response_is_not_an_empty_one_in_1_0() {
    for (given, host) in [(None, "localhost"), (Some(Response::empty()), "localhost")] {
        let (port, heard) = script(vec![(V10.greeting)(), Vec::new()]).await;
        let mut session = open(Protocol::Amqp10, port, &in_the_clear()).await.unwrap();
        let _ = session.initiate(name("EXTERNAL"), given.clone()).await;
        let heard = heard.await.unwrap();
        let init = amqp10::Message::parse(heard.last().unwrap()).unwrap();
        let amqp10::Message::Init { initial_response, hostname, .. } = init else { panic!() };
        assert_eq!((initial_response, hostname.as_deref()), (given, Some(host)));
    }
}

#[tokio::test]
async fn what_is_no_amqp_is_told_as_such() {
    let v10_header = &b"AMQP\x03\x01\0\0"[..];
    let cases: [(Protocol, &[u8]); 7] = [
        (Protocol::Amqp, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (Protocol::Amqp, b"AMQP\0\0\x08\0"),
        (Protocol::Amqp, b"\x01\0\0\xff\xff\xff\xff"),
        (Protocol::Amqp, b"\x01\0\0\0\0\0\x04\0\x0a\0\x0b\xce"),
        (Protocol::Amqp10, b"AMQP\0\0\x09\x01"),
        (Protocol::Amqp10, &[v10_header, b"\xff\xff\xff\xff\x02\x01\0\0"].concat()),
        (Protocol::Amqp10, &[v10_header, b"\0\0\0\x08\x02\x01\0\0"].concat()),
    ];
    for (protocol, greeting) in cases {
        let (port, _heard) = script(vec![greeting.to_vec()]).await;
        let error = open(protocol, port, &in_the_clear()).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{greeting:?}: {error}");
    }
    for (speech, answer) in [
        (&V091, &b"\x01\0\0\0\0\0\x04\0\x0a\0\x0b\0"[..]),
        (&V091, &(V091.greeting)()),
        (&V10, v10_header),
        (&V10, &(V10.greeting)()),
    ] {
        let error = answered_by(speech, answer).await.unwrap_err();
        assert_eq!(error.class, WireClass::Protocol, "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_long_frames_is_known_by_that() {
    let (port, _heard) = script(vec![(V10.greeting)(), Vec::new()]).await;
    let mut session = open(Protocol::Amqp10, port, &in_the_clear()).await.unwrap();
    let long = Response::new(vec![b'a'; 600]);
    let error = session.initiate(name("PLAIN"), Some(long)).await.unwrap_err();
    let error = WireError::of(&error).unwrap();
    assert_eq!(error.class, WireClass::Connection);
    assert!(error.text.contains("of 512"), "{error}");
}
