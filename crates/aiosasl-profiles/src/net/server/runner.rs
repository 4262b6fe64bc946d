//! A server with several entrances: it listens, lets in as many as there is room for, and stops in good order.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use aiosasl::driver::Store;
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    CrowdLimits, Departure, Entrance, SERVED, ServerConfig, ServerEvent, Visit, Watcher,
    crowd::{Crowd, Dismissal, Ticket},
    entrance::{serve, unserved},
};
use crate::{WireClass, WireError};

/// How long a client's last answer may take to leave, once its exchange is over and the server stops.
const SETTLING: Duration = Duration::from_millis(250);
/// How long to wait before accepting again, where the machine has no room: the first time, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// A server that listens already, and serves nobody yet.
///
/// # Example: one that runs until a signal
///
/// ```no_run
/// # async fn example<S: aiosasl::driver::Store + Send + Sync + 'static>(store: std::sync::Arc<S>) -> Result<(), aiosasl_profiles::WireError> {
/// use std::sync::Arc;
///
/// use aiosasl_profiles::net::{Protocol, server::{Entrance, Server, ServerConfig}};
/// use tokio::sync::watch;
///
/// let address = ([127, 0, 0, 1], 0).into();
/// let entrance = Entrance { protocol: Protocol::Imap, implicit_tls: false, address };
/// let server = Server::bind(&[entrance]).await?;
/// println!("listening on {}", server.entrances()[0].address);
/// let (_swap, config) = watch::channel(Arc::new(ServerConfig::new(aiosasl::mechanisms::ALL)));
/// let stop = std::future::pending();
/// server.run(config, move |_peer| Arc::clone(&store), Arc::new(()), stop).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    entrances: Vec<Entrance>,
    listeners: Vec<TcpListener>,
    crowd: CrowdLimits,
    grace: Duration,
}

impl Server {
    /// Listens at all of these.
    ///
    /// # Errors
    ///
    /// Class [`Connection`](WireClass::Connection) where one can't be had, [`Protocol`](WireClass::Protocol) where there
    /// is no server for its protocol.
    pub async fn bind(entrances: &[Entrance]) -> Result<Self, WireError> {
        let mut bound = Vec::new();
        let mut listeners = Vec::new();
        for entrance in entrances {
            if !SERVED.contains(&entrance.protocol) {
                return Err(unserved(entrance.protocol));
            }
            let listener = TcpListener::bind(entrance.address).await;
            let (listener, address) = listener
                .and_then(|it| it.local_addr().map(|address| (it, address)))
                .map_err(|error| {
                    let text = format!("can't listen on {}: {error}", entrance.address);
                    WireError::new(WireClass::Connection, text)
                })?;
            bound.push(Entrance { address, ..*entrance });
            listeners.push(listener);
        }
        let crowd = CrowdLimits::default();
        Ok(Self { entrances: bound, listeners, crowd, grace: Duration::from_secs(5) })
    }

    /// Lets in as many as this.
    pub fn with_crowd(mut self, limits: CrowdLimits) -> Self {
        self.crowd = limits;
        self
    }

    /// Gives running exchanges so long, once it stops; 5 seconds by itself.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Where it listens, with the ports that it got.
    pub fn entrances(&self) -> &[Entrance] {
        &self.entrances
    }

    /// Serves until `stop` ends; then nobody is accepted any more, connections without a running exchange are dropped,
    /// the others once their exchange is over, or the grace is. Returns when all are gone.
    ///
    /// Each connection gets what `config` is when it comes, and keeps it: so are certificates swapped. `stores` makes what
    /// answers a connection's questions, from the address of its peer.
    pub async fn run<S, W>(
        self,
        config: watch::Receiver<Arc<ServerConfig>>,
        stores: impl Fn(SocketAddr) -> Arc<S> + Send + Sync + 'static,
        watcher: Arc<W>,
        stop: impl Future<Output = ()>,
    ) where
        S: Store + Send + Sync + 'static,
        W: Watcher,
    {
        let (say, phase) = watch::channel(Phase::Open);
        let (alive, mut all_gone) = mpsc::channel(1);
        let crowd = Arc::new(Crowd::new(self.crowd));
        let reception =
            Arc::new(Reception { config, stores, watcher, crowd, phase, _alive: alive });
        let mut doors = JoinSet::new();
        for (entrance, listener) in self.entrances.into_iter().zip(self.listeners) {
            doors.spawn(Arc::clone(&reception).accept(entrance, listener));
        }
        drop(reception);
        stop.await;
        say.send_replace(Phase::Closing);
        while doors.join_next().await.is_some() {}
        if timeout(self.grace, all_gone.recv()).await.is_err() {
            say.send_replace(Phase::Closed);
            // Nothing but a store that blocks its thread can still be at work, and nobody waits for that.
            let _ = timeout(SETTLING, all_gone.recv()).await;
        }
    }
}

/// Whether the server goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Open,
    /// What runs may come to its end.
    Closing,
    /// Nothing may go on.
    Closed,
}

/// What all connections share; the last one that goes drops it.
struct Reception<F, W> {
    config: watch::Receiver<Arc<ServerConfig>>,
    stores: F,
    watcher: Arc<W>,
    crowd: Arc<Crowd>,
    phase: watch::Receiver<Phase>,
    _alive: mpsc::Sender<Infallible>,
}

/// One connection, as its observer knows it.
struct Guest {
    visit: Visit,
    ticket: Ticket,
    /// Whether an exchange runs.
    engaged: AtomicBool,
    over: Notify,
}

impl<F, W, S> Reception<F, W>
where
    F: Fn(SocketAddr) -> Arc<S> + Send + Sync + 'static,
    S: Store + Send + Sync + 'static,
    W: Watcher,
{
    async fn accept(self: Arc<Self>, entrance: Entrance, listener: TcpListener) {
        let mut phase = self.phase.clone();
        let mut pause = PAUSE.0;
        loop {
            let accepted = select! {
                () = reached(&mut phase, Phase::Closing) => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause = PAUSE.0;
                    self.welcome(stream, Visit { entrance, peer, since: Instant::now() });
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    self.watcher.accept_failed(&entrance, &error);
                    self.crowd.shed();
                    let _ = timeout(pause, reached(&mut phase, Phase::Closing)).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
    }

    fn welcome(self: &Arc<Self>, stream: TcpStream, visit: Visit) {
        let (ticket, dismissal) = match self.crowd.admit(visit.peer.ip()) {
            Ok(admitted) => admitted,
            Err(full) => {
                return self.watcher.turned_away(&visit.entrance, visit.peer, full);
            }
        };
        let engaged = AtomicBool::new(false);
        let guest = Arc::new(Guest { visit, ticket, engaged, over: Notify::new() });
        let reception = Arc::clone(self);
        self.watcher.arrived(&visit);
        tokio::spawn(async move {
            let departure = reception.attend(stream, guest, dismissal).await;
            reception.watcher.left(&visit, &departure);
        });
    }

    async fn attend(
        self: &Arc<Self>,
        stream: TcpStream,
        guest: Arc<Guest>,
        dismissal: Dismissal,
    ) -> Departure {
        let Visit { entrance, peer, .. } = guest.visit;
        let config = self.config_for(&guest);
        let store = (self.stores)(peer);
        let mut phase = self.phase.clone();
        select! {
            biased;
            // Once somebody has authenticated, nobody can send the connection away any more: an error.
            Ok(()) = dismissal => Departure::Crowded,
            served = serve(entrance.protocol, stream, config, entrance.implicit_tls, store) => {
                match served {
                    Ok(_) => Departure::Left,
                    Err(error) => Departure::Failed(error),
                }
            }
            () = guest.stopped(&mut phase) => Departure::Stopped,
        }
    }

    /// What the server is told, for one connection: with an observer who knows which it is.
    fn config_for(self: &Arc<Self>, guest: &Arc<Guest>) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config.borrow());
        let (reception, guest, other) =
            (Arc::clone(self), Arc::clone(guest), config.observer.take());
        config.observer = Some(Arc::new(move |event: ServerEvent<'_>| {
            guest.hear(event);
            reception.watcher.heard(&guest.visit, event);
            if let Some(other) = &other {
                other(event);
            }
        }));
        Arc::new(config)
    }
}

impl Guest {
    fn hear(&self, event: ServerEvent<'_>) {
        match event {
            ServerEvent::Begun => self.engaged.store(true, Ordering::Release),
            ServerEvent::Over => {
                self.engaged.store(false, Ordering::Release);
                self.over.notify_one();
            }
            ServerEvent::Settled { end, .. } if end.result.is_ok() => self.ticket.let_in(),
            ServerEvent::Settled { .. } | ServerEvent::Tls(_) => {}
        }
    }

    /// Ends when the server stops and this connection has had its time.
    async fn stopped(&self, phase: &mut watch::Receiver<Phase>) {
        reached(phase, Phase::Closing).await;
        if !self.engaged.load(Ordering::Acquire) {
            return;
        }
        let over = async {
            while self.engaged.load(Ordering::Acquire) {
                self.over.notified().await;
            }
            sleep(SETTLING).await;
        };
        select! {
            () = over => {}
            () = reached(phase, Phase::Closed) => {}
        }
    }
}

/// Waits for a phase; a server that was dropped has come to its end.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    let _ = phase.wait_for(|it| *it >= wanted).await;
}

/// Whether the next connection may do better at once (accept(2) gives out what a new connection already suffers from).
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
        NetworkDown, NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
    )
}
