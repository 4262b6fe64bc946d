//! The same loops for programs without async: nothing is written twice, the futures are just ready at once.

use alloc::sync::Arc;
use core::{
    fmt,
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};
use std::task::Wake;

use super::{
    AuthenticationReport, Connection, Negotiated, NegotiationError, Reply, SaslError, SaslFailure,
    SaslMechanism, SaslStateMachine, Token,
};
use crate::{
    message::{Challenge, ClientMessage, Outcome, Response},
    name::MechanismName,
    profile::Profile,
    query::{Answer, Query},
    server::ServerExchange,
};

/// A protocol that SASL is used in, seen from the client: [`SaslInterface`](super::SaslInterface), without async.
pub trait SaslInterface {
    /// What the protocol can carry; everything, unless it says otherwise.
    fn profile(&self) -> Profile {
        Profile::FULL
    }

    /// Whether another exchange can be started after one that failed.
    fn is_usable(&self) -> bool {
        true
    }

    /// Starts an exchange by this mechanism, and waits for the server's answer.
    ///
    /// # Errors
    ///
    /// [`SaslError`], as [`SaslInterface`](super::SaslInterface) says.
    fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError>;

    /// Answers a challenge, and waits for the server's answer.
    ///
    /// # Errors
    ///
    /// [`SaslError`], as [`SaslInterface`](super::SaslInterface) says.
    fn respond(&mut self, payload: Response) -> Result<Reply, SaslError>;

    /// Gives up, and waits for the server's answer, which should be [`Reply::Failure`].
    ///
    /// # Errors
    ///
    /// [`SaslError`], as [`SaslInterface`](super::SaslInterface) says.
    fn abort(&mut self) -> Result<Reply, SaslError>;
}

/// Logs in by one mechanism, as [`authenticate`](super::authenticate).
///
/// # Errors
///
/// As there; and a [`SaslFailure`] with [`NotReady`] inside where a provider has to be waited for.
pub fn authenticate<I: SaslInterface>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanism: &dyn SaslMechanism,
    token: Token,
) -> Result<AuthenticationReport, SaslError> {
    let mut interface = AtOnce(interface);
    finish(super::authenticate(&mut interface, connection, mechanism, token))
        .unwrap_or_else(|not_ready| Err(not_ready.into()))
}

/// Tries one mechanism after the other, as [`negotiate`](super::negotiate).
///
/// # Example: aiosasl's loop without async
///
/// ```
/// use aiosasl::driver::{Connection, Negotiated, NegotiationError, Plain, Scram, blocking};
///
/// fn log_in<I: blocking::SaslInterface>(
///     interface: &mut I,
///     connection: &Connection<'_>,
/// ) -> Result<Negotiated, NegotiationError> {
///     let me = ("user", "pencil");
///     blocking::negotiate(interface, connection, &[&Scram::new(me), &Plain::new(me)])
/// }
/// ```
///
/// # Errors
///
/// As there; and a [`SaslFailure`] with [`NotReady`] inside where a provider has to be waited for.
pub fn negotiate<I: SaslInterface>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanisms: &[&dyn SaslMechanism],
) -> Result<Negotiated, NegotiationError> {
    let mut interface = AtOnce(interface);
    finish(super::negotiate(&mut interface, connection, mechanisms)).unwrap_or_else(|not_ready| {
        Err(NegotiationError { error: not_ready.into(), considered: [].into() })
    })
}

/// Runs a mechanism in a straight line, as [`SaslStateMachine::run`].
///
/// # Errors
///
/// As there; and a [`SaslFailure`] with [`NotReady`] inside where it waits for something else than the server.
pub fn run<I: SaslInterface, T>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanism: impl AsyncFnOnce(&mut SaslStateMachine) -> Result<T, SaslError>,
) -> Result<T, SaslError> {
    let mut interface = AtOnce(interface);
    finish(SaslStateMachine::run(&mut interface, connection, mechanism))
        .unwrap_or_else(|not_ready| Err(not_ready.into()))
}

/// Something that was called without async has to be waited for; it is the opaque error of a [`SaslFailure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotReady;

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a provider has to be waited for, which needs the async interface")
    }
}

impl core::error::Error for NotReady {}

impl From<NotReady> for SaslError {
    fn from(not_ready: NotReady) -> Self {
        use alloc::string::ToString as _;
        SaslFailure::with_opaque(not_ready.to_string(), not_ready).into()
    }
}

/// A protocol that SASL is used in, seen from the server: [`ServerInterface`](super::ServerInterface), without async.
pub trait ServerInterface {
    /// What the connection or the codec may fail with.
    type Error;

    /// Sends a challenge and waits for the client's answer to it.
    ///
    /// # Errors
    ///
    /// The connection's or the codec's.
    fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, Self::Error>;
}

/// Runs a server's exchange to its outcome, as [`serve`](super::serve); `store` answers the questions.
///
/// # Errors
///
/// The interface's error: nobody came in.
pub fn serve<I: ServerInterface>(
    exchange: ServerExchange,
    initial_response: Option<Response>,
    interface: &mut I,
    store: &(impl Fn(Query) -> Answer + Sync),
) -> Result<Outcome, I::Error> {
    let mut interface = AtOnce(interface);
    let store = AtOnce(store);
    finish(super::serve(exchange, initial_response, &mut interface, &store))
        .expect("the interface and the store, the only things waited for, are ready at once")
}

/// An async interface or store whose futures are ready at once.
struct AtOnce<T>(T);

impl<I: SaslInterface> super::SaslInterface for AtOnce<&mut I> {
    fn profile(&self) -> Profile {
        self.0.profile()
    }

    fn is_usable(&self) -> bool {
        self.0.is_usable()
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        self.0.initiate(mechanism, payload)
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        self.0.respond(payload)
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        self.0.abort()
    }
}

impl<I: ServerInterface> super::ServerInterface for AtOnce<&mut I> {
    type Error = I::Error;

    async fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, I::Error> {
        self.0.challenge(challenge)
    }
}

impl<S: Fn(Query) -> Answer + Sync> super::Store for AtOnce<&S> {
    async fn answer(&self, query: Query) -> Answer {
        (self.0)(query)
    }
}

/// Whether a future has asked to be polled again, which is the only sign of life that is waited for.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls a future to its end, as long as it goes on by itself: work in slices does, a wait for others does not.
fn finish<F: Future>(future: F) -> Result<F::Output, NotReady> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return Ok(output),
            Poll::Pending if woken.0.swap(false, Ordering::Relaxed) => {}
            Poll::Pending => return Err(NotReady),
        }
    }
}
