//! How a bare exchange ended: one JSON object on stderr, and the status.

use aiosasl::{
    error::{Error, Failure as ServerFailure, FailureCode, Reason, Refusal},
    name::MechanismName,
};
use serde::Serialize;

use super::layer::{LayerFault, Negotiated};
use crate::status::{Failure, Status};

/// How it ended; every field is always there, and null where nothing is known.
#[derive(Debug, Serialize)]
pub(super) struct Verdict {
    result: &'static str,
    mechanism: String,
    #[serde(flatten)]
    known: Known,
    error: Option<Fault>,
    #[serde(skip)]
    status: Status,
}

/// What one side or the other knows at the end.
#[derive(Debug, Default, Serialize)]
pub(super) struct Known {
    /// Whose credentials they were.
    pub(super) authentication_id: Option<String>,
    /// As whom they act.
    pub(super) authorization_id: Option<String>,
    /// What somebody without a name chose to say (ANONYMOUS).
    pub(super) trace: Option<String>,
    /// The type of the channel binding.
    pub(super) channel_binding: Option<String>,
    /// Whether the server has proven itself; the client's to know.
    pub(super) server_verified: Option<bool>,
    /// The iteration count; the client's to know.
    pub(super) iterations: Option<u32>,
    /// What was put around all that followed.
    pub(super) security_layer: Option<Negotiated>,
    /// What was heard after the exchange.
    pub(super) received: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Fault {
    class: &'static str,
    code: &'static str,
    text: String,
}

impl Verdict {
    /// It ended well.
    pub(super) fn good(result: &'static str, known: Known) -> Self {
        Self { result, mechanism: String::new(), known, error: None, status: Status::Done }
    }

    fn bad(status: Status, class: &'static str, code: &'static str, text: &str) -> Self {
        let result = if status == Status::Refused { "refused" } else { "failed" };
        let error = Some(Fault { class, code, text: text.to_owned() });
        Self { result, mechanism: String::new(), known: Known::default(), error, status }
    }

    /// The client's exchange ended badly.
    pub(super) fn of_client(error: &Error) -> Self {
        let text = error.to_string();
        let (status, class) = match error {
            Error::Refused(Refusal { code, .. }) => by_code(*code),
            Error::Credentials(_) => (Status::Failed, "credentials"),
            Error::Peer(_) => (Status::Failed, "peer"),
            Error::Policy(_) => (Status::Failed, "policy"),
            _ => (Status::Failed, "mechanism"),
        };
        Self::bad(status, class, error.reason(), &text)
    }

    /// The server decided against the client.
    pub(super) fn of_server(failure: ServerFailure) -> Self {
        let (status, class) = by_code(failure.code);
        Self::bad(status, class, failure.code.as_str(), &failure.reason.to_string())
    }

    /// The peer is gone, or writes what nobody can read.
    pub(super) fn broken(failure: &Failure) -> Self {
        Self::bad(Status::Failed, "peer", "unreadable", &failure.text)
    }

    /// The peer went away when it was its turn.
    pub(super) fn ended(text: &str) -> Self {
        Self::bad(Status::Failed, "peer", "end-of-input", text)
    }

    /// The peer went away when it had all that it needs to decide.
    pub(super) fn silent_refusal() -> Self {
        let text = "the server ended the exchange without its proof";
        Self::bad(Status::Refused, "credentials", FailureCode::InvalidCredentials.as_str(), text)
    }

    /// The peer gave up.
    pub(super) fn aborted() -> Self {
        Self::bad(Status::Failed, "peer", "aborted", &Reason::Aborted.to_string())
    }

    /// It ended well, and what followed did not.
    pub(super) fn of_layer(fault: &LayerFault) -> Self {
        match fault {
            LayerFault::Ended => {
                Self::ended("the input ended where a line inside the layer should be")
            }
            LayerFault::Layer(error) => {
                Self::bad(Status::Failed, "peer", error.as_str(), &error.to_string())
            }
            LayerFault::Wire(failure) => Self::broken(failure),
        }
    }

    /// Adds who the client says that it is.
    pub(super) fn of_user(mut self, user: Option<String>, authorization: Option<String>) -> Self {
        self.known.authentication_id = user;
        self.known.authorization_id = authorization;
        self
    }

    /// Prints it.
    pub(super) fn print(mut self, mechanism: MechanismName) -> Status {
        self.mechanism = mechanism.to_string();
        match serde_json::to_string(&self) {
            Ok(json) => anstream::eprintln!("{json}"),
            Err(error) => anstream::eprintln!("aiosasl: {error}"),
        }
        self.status
    }
}

fn by_code(code: FailureCode) -> (Status, &'static str) {
    match code {
        FailureCode::AuthorizationDenied => (Status::Refused, "authorization"),
        code if code.concerns_credentials() => (Status::Refused, "credentials"),
        FailureCode::Temporary => (Status::Failed, "temporary"),
        FailureCode::EncryptionRequired | FailureCode::MechanismTooWeak => {
            (Status::Failed, "policy")
        }
        _ => (Status::Failed, "peer"),
    }
}
