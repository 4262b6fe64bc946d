//! What goes on at the server, as lines of results, metrics and logs.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use aiosasl::driver::Settled;
use aiosasl_profiles::net::{
    TlsInfo,
    server::{Departure, Entrance, Full, ServerEvent, Visit, Watcher},
};

use super::{
    metrics::Metrics,
    report::{Lines, Report},
};

/// Writes down all that it hears.
pub(super) struct Desk {
    pub(super) lines: Lines,
    pub(super) metrics: Arc<Metrics>,
}

impl Desk {
    fn settled(&self, visit: &Visit, end: &Settled<'_>, tls: Option<&TlsInfo>, elapsed: Duration) {
        self.metrics.settled(visit, end, elapsed);
        let (peer, protocol) = (visit.peer, visit.entrance.protocol.name());
        let mechanism = end.mechanism.map(|it| it.to_string());
        match &end.result {
            Ok(entrant) => {
                let user = entrant.identity.authentication_id().map(ToString::to_string);
                tracing::debug!(%peer, protocol, mechanism, user, ?elapsed, "authenticated");
            }
            Err(failure) => {
                let reason = failure.reason.as_str();
                tracing::debug!(%peer, protocol, mechanism, reason, ?elapsed, "refused");
            }
        }
        self.lines.report(&Report::new(visit, end, tls, elapsed));
    }
}

impl Watcher for Desk {
    fn arrived(&self, visit: &Visit) {
        self.metrics.arrived(visit);
        tracing::debug!(peer = %visit.peer, scheme = visit.entrance.scheme(), "a connection");
    }

    fn turned_away(&self, entrance: &Entrance, peer: SocketAddr, why: Full) {
        self.metrics.turned_away(entrance.protocol, why);
        tracing::warn!(%peer, scheme = entrance.scheme(), ?why, "turned away: all have authenticated");
    }

    fn heard(&self, visit: &Visit, event: ServerEvent<'_>) {
        match event {
            ServerEvent::Settled { end, tls, elapsed } => self.settled(visit, &end, tls, elapsed),
            ServerEvent::Tls(tls) => {
                tracing::debug!(peer = %visit.peer, version = tls.version, cipher = %tls.cipher, "TLS");
            }
            _ => {}
        }
    }

    fn left(&self, visit: &Visit, departure: &Departure) {
        self.metrics.left(visit, departure);
        let (peer, scheme) = (visit.peer, visit.entrance.scheme());
        match departure {
            Departure::Crowded => {
                tracing::debug!(%peer, scheme, "dropped: a newer connection needed its place");
            }
            Departure::Failed(error) => {
                tracing::debug!(%peer, scheme, %error, "a connection broke");
            }
            Departure::Left | Departure::Stopped => {
                tracing::debug!(%peer, scheme, ?departure, "a connection ended");
            }
        }
    }

    fn accept_failed(&self, entrance: &Entrance, error: &io::Error) {
        self.metrics.accept_failed();
        tracing::error!(scheme = entrance.scheme(), %error, "can't accept a connection: one that waits is dropped");
    }
}
