//! What the operating system tells a server: to stop, and to read its files again.

use crate::status::{Failure, Status};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Read the certificate and the accounts again (SIGHUP).
    Reload,
    /// Come to an end (SIGINT, SIGTERM).
    Stop,
}

/// The signals from here on.
#[cfg(unix)]
pub(super) struct Signals {
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// # Errors
    ///
    /// A [`Failure`] where they can't be had.
    pub(super) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| signal(kind).map_err(|error| failure(&error));
        Ok(Self {
            hang_up: on(SignalKind::hangup())?,
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.hang_up.recv() => Wish::Reload,
            _ = self.interrupt.recv() => Wish::Stop,
            _ = self.terminate.recv() => Wish::Stop,
        }
    }
}

/// The signals from here on: elsewhere there is only the one of the keyboard.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// # Errors
    ///
    /// None.
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self)
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Wish {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Wish::Stop,
            Err(error) => {
                tracing::error!("{}", failure(&error));
                std::future::pending().await
            }
        }
    }
}

fn failure(error: &std::io::Error) -> Failure {
    Failure::new(Status::Unreachable, format!("can't hear signals: {error}"))
}
