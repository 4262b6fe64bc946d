//! How a login ended, sorted by whose fault it was: from errors to classes, and from classes to exit statuses.

use std::{io, time::Duration};

use aiosasl::{
    driver::{AuthenticationReport, Considered, Negotiated, NegotiationError, SaslError},
    error::{Error, FailureCode, Reason, Refusal},
};
use aiosasl_profiles::{WireClass, WireError};
use serde::Serialize;

use crate::status::Status;

/// How a login ended.
#[derive(Debug)]
pub(super) struct Verdict {
    /// What is known once the client is in, or why it isn't.
    pub(super) outcome: Result<AuthenticationReport, Fault>,
    /// What became of each mechanism.
    pub(super) considered: Vec<Considered>,
    /// How long it took, without the farewell.
    pub(super) elapsed: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub(super) struct Fault {
    /// Whose fault it was.
    pub(super) class: Class,
    /// The protocol's own code, or the exact reason as a stable word.
    pub(super) code: Option<String>,
    /// In words.
    pub(super) text: String,
    /// Whether it was found before anything was sent on the credentials' account.
    #[serde(skip)]
    is_local: bool,
}

/// Whose fault it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    Authorization,
    Connection,
    Credentials,
    Mechanism,
    Peer,
    Policy,
    Temporary,
    Timeout,
    Tls,
}

impl Verdict {
    /// Of a negotiation.
    pub(super) fn of(outcome: Result<Negotiated, NegotiationError>, elapsed: Duration) -> Self {
        let elapsed = Some(elapsed);
        match outcome {
            Ok(negotiated) => {
                let considered = negotiated.considered;
                Self { outcome: Ok(negotiated.report), considered, elapsed }
            }
            Err(error) => {
                let outcome = Err(Fault::of(&error.error));
                Self { outcome, considered: error.considered, elapsed }
            }
        }
    }

    /// There was no connection on which one could have begun.
    pub(super) fn unconnected(error: &WireError) -> Self {
        Self::lost(Fault::of_wire(error))
    }

    /// It was not done in time.
    pub(super) fn timeout(limit: Duration) -> Self {
        let text = format!("not done after {} s", limit.as_secs_f64());
        Self::lost(Fault::new(Class::Timeout, text))
    }

    /// The command's exit status.
    pub(super) fn status(&self) -> Status {
        match &self.outcome {
            Ok(_) => Status::Done,
            Err(fault) => fault.status(),
        }
    }

    /// How it ended, in one line.
    pub(super) fn summary(&self) -> String {
        match &self.outcome {
            Ok(report) => {
                let mut text = format!("authenticated by {}", report.mechanism);
                if report.server_verified {
                    text.push_str(", the server has proven itself");
                }
                if let Some(kind) = &report.channel_binding {
                    text.push_str(&format!(", bound by {kind}"));
                }
                text
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
        Self { outcome: Err(fault), considered: Vec::new(), elapsed: None }
    }
}

impl Fault {
    fn new(class: Class, text: impl Into<String>) -> Self {
        Self { class, code: None, text: text.into(), is_local: false }
    }

    fn of(error: &SaslError) -> Self {
        if let Some(error) = WireError::of(error) {
            return Self::of_wire(error);
        }
        let class = match error.exchange_error() {
            Some(Error::Credentials(_)) => Class::Credentials,
            Some(Error::Policy(Reason::MechanismUnavailable)) => Class::Mechanism,
            Some(Error::Policy(_)) => Class::Policy,
            Some(Error::Refused(Refusal { code, .. })) => of_code(*code),
            None if is_io(error) => Class::Connection,
            Some(_) | None => Class::Peer,
        };
        Self {
            class,
            code: error.exchange_error().map(|it| it.reason().to_owned()),
            text: error.text().to_owned(),
            is_local: matches!(error.exchange_error(), Some(Error::Credentials(_))),
        }
    }

    fn of_wire(error: &WireError) -> Self {
        let class = match error.class {
            WireClass::Authorization => Class::Authorization,
            WireClass::Connection => Class::Connection,
            WireClass::Credentials => Class::Credentials,
            WireClass::Mechanism => Class::Mechanism,
            WireClass::Policy => Class::Policy,
            WireClass::Aborted | WireClass::Protocol => Class::Peer,
            WireClass::Temporary => Class::Temporary,
            WireClass::Timeout => Class::Timeout,
            WireClass::Tls => Class::Tls,
        };
        Self { class, code: error.code.clone(), text: error.text.clone(), is_local: false }
    }

    fn status(&self) -> Status {
        match self.class {
            Class::Credentials if self.is_local => Status::Usage,
            Class::Authorization | Class::Credentials => Status::Refused,
            Class::Mechanism | Class::Peer | Class::Policy | Class::Temporary => Status::Failed,
            Class::Connection | Class::Timeout | Class::Tls => Status::Unreachable,
        }
    }
}

impl Class {
    /// The class as a stable word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Connection => "connection",
            Self::Credentials => "credentials",
            Self::Mechanism => "mechanism",
            Self::Peer => "peer",
            Self::Policy => "policy",
            Self::Temporary => "temporary",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
        }
    }
}

/// What the mechanism's own word of refusal means (SCRAM's `e=`).
fn of_code(code: FailureCode) -> Class {
    match code {
        FailureCode::AuthorizationDenied => Class::Authorization,
        _ if code.concerns_credentials() => Class::Credentials,
        FailureCode::Temporary => Class::Temporary,
        FailureCode::MechanismUnknown => Class::Mechanism,
        FailureCode::EncryptionRequired | FailureCode::MechanismTooWeak => Class::Policy,
        _ => Class::Peer,
    }
}

fn is_io(error: &SaslError) -> bool {
    error.opaque_error().is_some_and(|error| error.is::<io::Error>())
}
