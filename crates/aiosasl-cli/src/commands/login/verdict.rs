//! How a login ended.

use std::time::Duration;

use aiosasl::{
    binding::BindingKind,
    driver::{AuthenticationReport, Considered, Negotiated, NegotiationError},
    error::Reason,
};
use aiosasl_profiles::{
    WireError,
    net::{Granted, Session, TlsInfo},
};
use serde::Serialize;

use crate::{
    fault::{Class, Fault},
    status::Status,
};

/// How a login ended.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What is known once the client is in, or why it isn't.
    pub(super) outcome: Result<AuthenticationReport, Fault>,
    /// What became of each mechanism.
    pub(super) considered: Vec<Considered>,
    /// The security layer around all that follows.
    pub(super) layer: Option<Layer>,
    /// What the server has said together with the success.
    pub(super) granted: Option<Granted>,
    /// How long it took, without the farewell.
    pub(super) elapsed: Option<Duration>,
}

/// A security layer that was negotiated.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Layer {
    /// 0 for nothing, 1 for integrity alone, else the bits of the key that keeps octets secret.
    pub(super) strength: u16,
    /// The largest buffer that the server takes, in octets.
    max_send: usize,
    /// The largest buffer that we take, in octets.
    max_receive: usize,
}

impl Verdict {
    /// Of a negotiation.
    pub(super) fn of(outcome: Result<Negotiated, NegotiationError>, elapsed: Duration) -> Self {
        let elapsed = Some(elapsed);
        match outcome {
            Ok(negotiated) => {
                let considered = negotiated.considered;
                Self {
                    outcome: Ok(negotiated.report),
                    considered,
                    layer: None,
                    granted: None,
                    elapsed,
                }
            }
            Err(error) => {
                let outcome = Err(Fault::of(&error.error));
                Self { outcome, considered: error.considered, layer: None, granted: None, elapsed }
            }
        }
    }

    /// There was no connection on which one could have begun.
    pub(super) fn unconnected(error: &WireError) -> Self {
        Self::lost(Fault::of_wire(error))
    }

    /// It was not done in time.
    pub(super) fn timeout(limit: Duration) -> Self {
        Self::lost(Fault::timeout(limit))
    }

    /// Adds why this connection has no binding of the type that is wanted, where that was the reason.
    pub(super) fn explain_binding(&mut self, wanted: Option<&BindingKind>, tls: Option<&TlsInfo>) {
        let Err(fault) = &mut self.outcome else { return };
        if fault.code.as_deref() != Some(Reason::UnsupportedChannelBindingType.as_str()) {
            return;
        }
        let Some(tls) = tls else {
            fault.text.push_str(": there is no TLS");
            return;
        };
        for (kind, why) in &tls.missing_bindings {
            if wanted == Some(kind) {
                fault.text = format!("{}: {kind}: {why}", fault.text);
            }
        }
    }

    /// Puts the layer that was negotiated around what follows: the farewell is the first to go through it.
    pub(super) fn protect(&mut self, session: &mut Session) {
        let Ok(report) = &mut self.outcome else { return };
        let Some(layer) = report.security_layer.take() else { return };
        self.layer = Some(Layer {
            strength: layer.strength(),
            max_send: layer.max_send(),
            max_receive: layer.max_receive(),
        });
        if let Err(error) = session.protect(layer) {
            self.outcome = Err(Fault::of_wire(&error));
        }
    }

    /// The command's exit status.
    pub(super) fn status(&self) -> Status {
        match &self.outcome {
            Ok(_) => Status::Done,
            Err(fault) => fault.status(),
        }
    }

    /// Whether it may go better later: nothing was said of the credentials.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(&self.outcome, Err(fault) if fault.class == Class::Temporary)
    }

    /// How it ended, in one line.
    pub(super) fn summary(&self) -> String {
        match &self.outcome {
            Ok(report) => {
                let AuthenticationReport { mechanism, channel_binding, .. } = report;
                let proven =
                    if report.server_verified { ", the server has proven itself" } else { "" };
                let bound = channel_binding.as_ref().map(|kind| format!(", bound by {kind}"));
                format!("authenticated by {mechanism}{proven}{}", bound.unwrap_or_default())
            }
            Err(fault) => format!("{}: {}", self.word(), fault.text),
        }
    }

    /// The result in one word.
    pub(super) fn word(&self) -> &'static str {
        match self.status() {
            Status::Done => "authenticated",
            Status::Refused => "refused",
            Status::Usage | Status::Failed | Status::Unreachable => "failed",
        }
    }

    fn lost(fault: Fault) -> Self {
        Self {
            outcome: Err(fault),
            considered: Vec::new(),
            layer: None,
            granted: None,
            elapsed: None,
        }
    }
}
