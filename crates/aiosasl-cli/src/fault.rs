//! What went wrong between us and a server, sorted by whose fault it was: from errors to classes, and from classes to
//! exit statuses.

use std::{io, time::Duration};

use aiosasl::{
    driver::SaslError,
    error::{Error, FailureCode, Reason, Refusal},
};
use aiosasl_profiles::{WireClass, WireError};
use serde::Serialize;

use crate::status::Status;

/// What went wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    /// Whose fault it was.
    pub(crate) class: Class,
    /// The protocol's own code, or the exact reason as a stable word.
    pub(crate) code: Option<String>,
    /// In words.
    pub(crate) text: String,
    /// Whether it was found before anything was sent on the credentials' account.
    #[serde(skip)]
    is_local: bool,
}

/// Whose fault it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
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

impl Fault {
    fn new(class: Class, text: impl Into<String>) -> Self {
        Self { class, code: None, text: text.into(), is_local: false }
    }

    /// It was not done in time.
    pub(crate) fn timeout(limit: Duration) -> Self {
        Self::new(Class::Timeout, format!("not done after {} s", limit.as_secs_f64()))
    }

    /// Of a negotiation.
    pub(crate) fn of(error: &SaslError) -> Self {
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
        let text = match class {
            Class::Mechanism => "the server offers no mechanism that may be used here",
            _ => error.text(),
        };
        Self {
            class,
            code: error.exchange_error().map(|it| it.reason().to_owned()),
            text: text.to_owned(),
            is_local: matches!(error.exchange_error(), Some(Error::Credentials(_))),
        }
    }

    /// Of a protocol.
    pub(crate) fn of_wire(error: &WireError) -> Self {
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

    /// The command's exit status.
    pub(crate) fn status(&self) -> Status {
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
    pub(crate) fn as_str(self) -> &'static str {
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
