//! How exchanges end: one line each on standard output, for programs or for people.

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use aiosasl::driver::{Entrant, Settled};
use aiosasl_profiles::net::{TlsInfo, server::Visit};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{
    decode::printable,
    output::outln,
    status::{Failure, Status},
};

/// How many lines may wait for a reader who is slow; a server that waited for it would serve nobody.
const WAITING: usize = 65_536;

/// How an exchange ended; every field is always there, and null where nothing is known.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    outcome: &'static str,
    protocol: &'static str,
    mechanism: Option<String>,
    authentication_id: Option<String>,
    authorization_id: Option<String>,
    channel_binding: Option<String>,
    tls: Option<Tls>,
    peer: String,
    code: Option<&'static str>,
    reason: Option<&'static str>,
    elapsed_ms: f64,
}

#[derive(Debug, Serialize)]
struct Tls {
    version: &'static str,
    cipher: String,
}

impl Report {
    pub(super) fn new(
        visit: &Visit,
        end: &Settled<'_>,
        tls: Option<&TlsInfo>,
        elapsed: Duration,
    ) -> Self {
        let entrant = end.result.as_ref().ok();
        let failure = end.result.as_ref().err();
        let name = |it: &Entrant<'_>| it.identity.authentication_id().map(ToString::to_string);
        Self {
            outcome: if entrant.is_some() { "authenticated" } else { "refused" },
            protocol: visit.entrance.protocol.name(),
            mechanism: end.mechanism.map(|it| it.to_string()),
            authentication_id: entrant.and_then(name),
            authorization_id: entrant
                .and_then(|it| it.authorization_id.map(|other| other.as_str().to_owned())),
            channel_binding: entrant
                .and_then(|it| it.channel_binding.map(|kind| kind.as_str().to_owned())),
            tls: tls.map(|it| Tls { version: it.version, cipher: it.cipher.clone() }),
            peer: visit.peer.to_string(),
            code: failure.map(|it| it.code.as_str()),
            reason: failure.map(|it| it.reason.as_str()),
            elapsed_ms: (elapsed.as_secs_f64() * 10_000.0).round() / 10.0,
        }
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| error.to_string())
    }

    fn to_text(&self) -> String {
        let colour = if self.reason.is_none() { AnsiColor::Green } else { AnsiColor::Red };
        let bold = Style::new().bold().fg_color(Some(colour.into()));
        let mechanism = self.mechanism.as_deref().unwrap_or("-");
        let who = match (&self.authentication_id, &self.authorization_id) {
            (Some(user), Some(other)) => format!("{user} as {other}"),
            (Some(user), None) => user.clone(),
            (None, _) if self.reason.is_none() => "anonymous".to_owned(),
            (None, _) => self.reason.unwrap_or_default().to_owned(),
        };
        let tls = match (&self.tls, &self.channel_binding) {
            (None, _) => "in the clear".to_owned(),
            (Some(tls), None) => format!("TLS {}", tls.version),
            (Some(tls), Some(kind)) => format!("TLS {}, {kind}", tls.version),
        };
        let Self { outcome, protocol, peer, elapsed_ms, .. } = self;
        let who = printable(&who);
        format!(
            "{bold}{outcome:<13}{bold:#}  {protocol:<10}  {mechanism:<18}  {who}  from {peer}, {tls}, {elapsed_ms} ms"
        )
    }
}

/// Whom the lines are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    People,
    Programs,
}

/// Writes lines to standard output, in a thread of its own.
pub(super) struct Lines {
    readers: Readers,
    sender: Option<SyncSender<String>>,
    writer: Option<JoinHandle<()>>,
    lost: AtomicU64,
}

impl Lines {
    /// # Errors
    ///
    /// A [`Failure`] where the machine gives no threads.
    pub(super) fn new(readers: Readers) -> Result<Self, Failure> {
        let (sender, lines) = sync_channel::<String>(WAITING);
        let writer = thread::Builder::new().name("lines".to_owned()).spawn(move || {
            for line in lines {
                outln!("{line}");
            }
        });
        let writer = writer.map_err(|error| {
            Failure::new(Status::Unreachable, format!("can't start a thread: {error}"))
        })?;
        Ok(Self { readers, sender: Some(sender), writer: Some(writer), lost: AtomicU64::new(0) })
    }

    /// Writes how an exchange ended.
    pub(super) fn report(&self, report: &Report) {
        self.write(match self.readers {
            Readers::People => report.to_text(),
            Readers::Programs => report.to_json(),
        });
    }

    pub(super) fn write(&self, line: String) {
        let Some(sender) = &self.sender else { return };
        if let Err(TrySendError::Full(_)) = sender.try_send(line) {
            if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::error!("standard output is not read: lines are lost");
            }
        }
    }
}

impl Drop for Lines {
    /// Waits until all is written.
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has written what it could.
            let _ = writer.join();
        }
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(lost, "lines were lost: standard output was not read");
        }
    }
}
