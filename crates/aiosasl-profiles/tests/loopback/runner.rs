//! A whole server: crowds, limits, the end, and certificates that change.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aiosasl::driver::Store;
use aiosasl_profiles::{
    WireClass,
    net::{
        Protocol, Session, TlsMode, Trust,
        server::{
            CrowdLimits, Departure, Entrance, Full, Limits, Server, ServerConfig, ServerEvent,
            ServerTls, Visit, Watcher,
        },
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::house::{OneAccount, login, open, open_config, other_pki, tls_config, trusting};

/// How long anything may take that should happen at once.
const SOON: Duration = Duration::from_secs(10);

/// What happened, as words.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn write(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn count(&self, wanted: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|it| it.starts_with(wanted)).count()
    }

    async fn until(&self, wanted: &str, count: usize) {
        let written = async {
            while self.count(wanted) < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = timeout(SOON, written).await.is_ok();
        assert!(in_time, "{count} times {wanted:?} in {:?}", self.0.lock().unwrap());
    }
}

impl Watcher for Diary {
    fn arrived(&self, _: &Visit) {
        self.write("arrived".to_owned());
    }

    fn turned_away(&self, _: &Entrance, _: SocketAddr, why: Full) {
        self.write(format!("turned away: {why:?}"));
    }

    fn heard(&self, visit: &Visit, event: ServerEvent<'_>) {
        let scheme = visit.entrance.scheme();
        self.write(match event {
            ServerEvent::Settled { end, tls, .. } => {
                let tls = tls.map_or("clear", |it| it.version);
                let mechanism = end.mechanism.map(|it| it.to_string()).unwrap_or_default();
                match end.result {
                    Ok(_) => format!("in: {scheme} {tls} {mechanism}"),
                    Err(failure) => {
                        format!("out: {scheme} {tls} {mechanism} {}", failure.reason.as_str())
                    }
                }
            }
            other => format!("{other:?}"),
        });
    }

    fn left(&self, _: &Visit, departure: &Departure) {
        self.write(match departure {
            Departure::Failed(error) => format!("failed: {:?}", error.class),
            other => format!("{other:?}"),
        });
    }

    fn accept_failed(&self, _: &Entrance, error: &io::Error) {
        self.write(format!("accept failed: {error}"));
    }
}

/// A server that runs.
struct Running {
    ports: Vec<u16>,
    diary: Arc<Diary>,
    swap: watch::Sender<Arc<ServerConfig>>,
    stop: Option<oneshot::Sender<()>>,
    end: JoinHandle<()>,
}

impl Running {
    async fn start(config: ServerConfig, crowd: CrowdLimits, schemes: &[&str]) -> Self {
        Self::start_with(config, crowd, schemes, Arc::new(OneAccount)).await
    }

    async fn start_with<S: Store + Send + Sync + 'static>(
        config: ServerConfig,
        crowd: CrowdLimits,
        schemes: &[&str],
        store: Arc<S>,
    ) -> Self {
        let entrances: Vec<_> = schemes
            .iter()
            .map(|scheme| {
                let (protocol, implicit_tls) = Protocol::from_scheme(scheme).unwrap();
                let address = (Ipv4Addr::LOCALHOST, 0).into();
                Entrance { protocol, implicit_tls, address }
            })
            .collect();
        let server = Server::bind(&entrances).await.unwrap();
        let server = server.with_crowd(crowd).with_grace(Duration::from_millis(300));
        let ports = server.entrances().iter().map(|it| it.address.port()).collect();
        let (swap, config) = watch::channel(Arc::new(config));
        let (stop, stopped) = oneshot::channel();
        let diary = Arc::new(Diary::default());
        let stores = move |_| Arc::clone(&store);
        let run = server.run(config, stores, Arc::clone(&diary), async {
            let _ = stopped.await;
        });
        let end = tokio::spawn(run);
        Self { ports, diary, swap, stop: Some(stop), end }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports[0])).await.unwrap()
    }

    /// A client that logs in by SCRAM and leaves; how long it took.
    async fn log_in(&self) -> Duration {
        let start = Instant::now();
        let mut session = open(Protocol::Imap, self.ports[0], &trusting()).await.unwrap();
        come_in(&mut session, "SCRAM-SHA-256").await;
        session.close().await;
        start.elapsed()
    }

    async fn stop(mut self) -> Duration {
        let start = Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        timeout(SOON, self.end).await.expect("it comes to an end").unwrap();
        start.elapsed()
    }
}

fn crowd(connections: usize, per_network: usize) -> CrowdLimits {
    CrowdLimits { connections, per_network, ..CrowdLimits::default() }
}

fn with_limits(limits: Limits) -> ServerConfig {
    ServerConfig { limits, ..open_config() }
}

async fn come_in(session: &mut Session, mechanism: &str) {
    let authenticated = login(session, mechanism, "pencil").await.unwrap();
    assert!(authenticated.server_verified);
}

/// Hears all until the server hangs up.
async fn hear_out(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    // A connection that was reset has ended, too.
    let _ = timeout(SOON, stream.read_to_end(&mut heard)).await.expect("the server hangs up");
    String::from_utf8_lossy(&heard).into_owned()
}

async fn hear(stream: &mut TcpStream, wanted: &str) -> String {
    let mut heard = String::new();
    let hearing = async {
        while !heard.contains(wanted) {
            let mut chunk = [0; 512];
            let count = stream.read(&mut chunk).await.unwrap();
            assert_ne!(count, 0, "{wanted:?} never came: {heard}");
            heard.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    };
    timeout(SOON, hearing).await.expect("an answer");
    heard
}

#[tokio::test]
async fn every_entrance_has_its_protocol_and_what_happens_is_told() {
    let schemes = ["imap", "imaps", "submission", "smtps"];
    let running = Running::start(tls_config(), CrowdLimits::default(), &schemes).await;
    for (scheme, port) in schemes.iter().zip(running.ports.clone()) {
        let (protocol, implicit) = Protocol::from_scheme(scheme).unwrap();
        let mut options = trusting();
        options.tls = if implicit { TlsMode::Implicit } else { TlsMode::Off };
        let mut session = open(protocol, port, &options).await.unwrap();
        login(&mut session, "SCRAM-SHA-1", "wrong").await.unwrap_err();
        come_in(&mut session, "SCRAM-SHA-256").await;
        session.close().await;
        let tls = if implicit { "1.3" } else { "clear" };
        assert_eq!(running.diary.count(&format!("in: {scheme} {tls} SCRAM-SHA-256")), 1);
        let out = format!("out: {scheme} {tls} SCRAM-SHA-1 invalid-proof");
        assert_eq!(running.diary.count(&out), 1, "{:?}", running.diary.0);
    }
    let diary = Arc::clone(&running.diary);
    diary.until("Left", 4).await;
    running.stop().await;
    assert_eq!(diary.count("arrived"), 4);
    assert_eq!((diary.count("Tls("), diary.count("Begun"), diary.count("Over")), (2, 8, 8));
}

#[tokio::test]
async fn what_can_not_be_listened_on_is_an_error() {
    let entrance = |protocol, address| Entrance { protocol, implicit_tls: false, address };
    let free = (Ipv4Addr::LOCALHOST, 0).into();
    let server = Server::bind(&[entrance(Protocol::Imap, free)]).await.unwrap();
    let taken = server.entrances()[0].address;
    let error = Server::bind(&[entrance(Protocol::Imap, taken)]).await.unwrap_err();
    assert_eq!(error.class, WireClass::Connection);
    assert!(error.text.contains(&taken.to_string()), "{error}");
}

#[tokio::test]
async fn the_newest_gets_in_where_the_oldest_have_not_authenticated() {
    let running = Running::start(open_config(), crowd(2, 10), &["imap"]).await;
    let mut first = running.connect().await;
    let _second = running.connect().await;
    running.diary.until("arrived", 2).await;
    let took = running.log_in().await;
    assert!(took < SOON, "{took:?}");
    hear_out(&mut first).await;
    assert_eq!(running.diary.count("Crowded"), 1);
}

#[tokio::test]
async fn who_has_authenticated_keeps_the_place() {
    let running = Running::start(open_config(), crowd(1, 10), &["imap"]).await;
    let mut session = open(Protocol::Imap, running.ports[0], &trusting()).await.unwrap();
    come_in(&mut session, "SCRAM-SHA-256").await;
    assert_eq!(hear_out(&mut running.connect().await).await, "");
    assert_eq!(running.diary.count("turned away: Everywhere"), 1);
    session.close().await;
    running.diary.until("Left", 1).await;
    running.log_in().await;
}

#[tokio::test]
async fn a_network_has_its_share() {
    let running = Running::start(open_config(), crowd(10, 1), &["imap"]).await;
    let mut first = running.connect().await;
    running.diary.until("arrived", 1).await;
    let _second = running.connect().await;
    assert!(hear_out(&mut first).await.contains("ready"));
    assert_eq!(running.diary.count("Crowded"), 1);
}

/// Connections that say nothing, and others that say one octet at a time, for ever.
async fn pests(running: &Running, silent: usize, slow: usize) -> (Vec<TcpStream>, JoinSet<()>) {
    let mut silent_ones = Vec::new();
    for _ in 0..silent {
        silent_ones.push(running.connect().await);
    }
    let mut slow_ones = JoinSet::new();
    for _ in 0..slow {
        let mut stream = running.connect().await;
        slow_ones.spawn(async move {
            for octet in b"A AUTHENTICATE SCRAM-SHA-256\r\n".iter().cycle() {
                if stream.write_all(&[*octet]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(200)).await;
            }
        });
    }
    (silent_ones, slow_ones)
}

async fn stands_pests(limits: CrowdLimits) {
    // Both ends of 2,000 connections are in this process.
    rlimit::increase_nofile_limit(16_384).unwrap();
    let running = Running::start(open_config(), limits, &["imap"]).await;
    let alone = running.log_in().await;
    let pests = pests(&running, 1_000, 1_000).await;
    running.diary.until("arrived", 2_001).await;
    for _ in 0..3 {
        let took = running.log_in().await;
        assert!(took < Duration::from_secs(3), "{took:?}, and {alone:?} without any of them");
    }
    assert_eq!(running.diary.count("turned away"), 0);
    drop(pests);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_that_say_little_keep_nobody_out() {
    stands_pests(CrowdLimits::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_they_are_more_than_the_server_takes() {
    stands_pests(crowd(100, 80)).await;
}

#[tokio::test]
async fn silence_and_slowness_have_their_time() {
    let short = Duration::from_millis(150);
    let quick = |limits| async move {
        let running = Running::start(with_limits(limits), CrowdLimits::default(), &["imap"]).await;
        let mut stream = running.connect().await;
        let start = Instant::now();
        hear_out(&mut stream).await;
        assert!(start.elapsed() >= short, "not at once");
        running.diary.until("failed: Timeout", 1).await;
    };
    quick(Limits { idle: short, ..Limits::default() }).await;
    quick(Limits { time: short, ..Limits::default() }).await;

    let limits = Limits { handshake: short, ..Limits::default() };
    let config = ServerConfig { limits, ..tls_config() };
    let running = Running::start(config, CrowdLimits::default(), &["imaps"]).await;
    hear_out(&mut running.connect().await).await;
    running.diary.until("failed: Timeout", 1).await;

    let limits = Limits { stay: short, ..Limits::default() };
    let running = Running::start(with_limits(limits), CrowdLimits::default(), &["imap"]).await;
    let mut session = open(Protocol::Imap, running.ports[0], &trusting()).await.unwrap();
    come_in(&mut session, "SCRAM-SHA-256").await;
    running.diary.until("Left", 1).await;
}

#[tokio::test]
async fn messages_have_their_size() {
    let limits = Limits { message: 60, ..Limits::default() };
    let config =
        ServerConfig { plaintext: aiosasl::policy::Plaintext::Anywhere, ..with_limits(limits) };
    let running = Running::start(config, CrowdLimits::default(), &["imap"]).await;
    let mut stream = running.connect().await;
    let long = aiosasl::encoding::encode(format!("\0user\0{}", "a".repeat(60)).as_bytes());
    stream.write_all(format!("A AUTHENTICATE PLAIN {long}\r\n").as_bytes()).await.unwrap();
    hear(&mut stream, "A BAD").await;
    running.diary.until("out: imap clear PLAIN message-too-long", 1).await;
    stream.write_all("B AUTHENTICATE PLAIN AHVzZXIAcGVuY2ls\r\n".as_bytes()).await.unwrap();
    hear(&mut stream, "B OK").await;
    // No buffer grows beyond what such a message needs.
    let mut stream = running.connect().await;
    stream.write_all(&[b'a'; 2_000]).await.unwrap();
    assert!(hear_out(&mut stream).await.contains("* BYE"));
}

#[tokio::test]
async fn the_end_waits_for_exchanges_that_run_and_for_nothing_else() {
    let running = Running::start(open_config(), CrowdLimits::default(), &["imap"]).await;
    let port = running.ports[0];
    let (mut idle, mut asked) = (running.connect().await, running.connect().await);
    asked.write_all(b"A AUTHENTICATE SCRAM-SHA-256\r\n").await.unwrap();
    hear(&mut asked, "+").await;
    let diary = Arc::clone(&running.diary);
    let stopping = tokio::spawn(running.stop());
    hear_out(&mut idle).await;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err(), "nobody new");
    asked.write_all(b"*\r\n").await.unwrap();
    assert!(hear_out(&mut asked).await.contains("A BAD"), "its answer still comes");
    stopping.await.unwrap();
    assert_eq!(diary.count("Stopped"), 2);
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let running = Running::start(open_config(), CrowdLimits::default(), &["imap"]).await;
    let mut asked = running.connect().await;
    asked.write_all(b"A AUTHENTICATE SCRAM-SHA-256\r\n").await.unwrap();
    hear(&mut asked, "+").await;
    let took = running.stop().await;
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
    hear_out(&mut asked).await;
}

#[tokio::test]
async fn a_connection_keeps_its_certificate_and_the_next_one_gets_the_new() {
    let running = Running::start(tls_config(), CrowdLimits::default(), &["imaps"]).await;
    let old = Trust::Ca(crate::house::PKI.ca.clone());
    let (other_ca, chain, key) = other_pki();
    let options = |trust: &Trust| aiosasl_profiles::net::Options {
        tls: TlsMode::Implicit,
        trust: trust.clone(),
        ..Default::default()
    };
    let mut before = open(Protocol::Imap, running.ports[0], &options(&old)).await.unwrap();
    let tls = ServerTls::from_pem(&chain, &key, None).unwrap();
    running.swap.send_replace(Arc::new(open_config().with_tls(tls)));
    let refused = open(Protocol::Imap, running.ports[0], &options(&old)).await.unwrap_err();
    assert_eq!(refused.class, WireClass::Tls);
    let new = Trust::Ca(other_ca);
    let mut after = open(Protocol::Imap, running.ports[0], &options(&new)).await.unwrap();
    for session in [&mut before, &mut after] {
        come_in(session, "SCRAM-SHA-256-PLUS").await;
    }
}
