//! Who is told what goes on at a server, and in which words.

use std::{io, net::SocketAddr, time::Instant};

use super::{Entrance, Full, ServerEvent};
use crate::WireError;

/// One connection to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visit {
    /// By which entrance.
    pub entrance: Entrance,
    /// From where.
    pub peer: SocketAddr,
    /// Since when.
    pub since: Instant,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Departure {
    /// It was dropped: a newer one needed its place, and nobody had authenticated on it.
    Crowded,
    /// It broke, before any exchange was decided.
    Failed(WireError),
    /// The client left, or had its share.
    Left,
    /// The server stops.
    Stopped,
}

/// Who is told what goes on at a server; by itself it doesn't care. Called in the middle of the work, so that it
/// should be quick.
pub trait Watcher: Send + Sync + 'static {
    /// A connection came.
    fn arrived(&self, visit: &Visit) {
        let _ = visit;
    }

    /// A connection was turned away at the entrance.
    fn turned_away(&self, entrance: &Entrance, peer: SocketAddr, why: Full) {
        let _ = (entrance, peer, why);
    }

    /// Something happened on a connection.
    fn heard(&self, visit: &Visit, event: ServerEvent<'_>) {
        let _ = (visit, event);
    }

    /// A connection ended.
    fn left(&self, visit: &Visit, departure: &Departure) {
        let _ = (visit, departure);
    }

    /// No connection could be accepted: mostly, the machine has no files left. The server goes on.
    fn accept_failed(&self, entrance: &Entrance, error: &io::Error) {
        let _ = (entrance, error);
    }
}

impl Watcher for () {}
