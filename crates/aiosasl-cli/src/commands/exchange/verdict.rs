//! How a bare exchange ended: one JSON object on stderr, and the status.

use aiosasl::error::{Error, Failure as ServerFailure, FailureCode, Reason, Refusal};
use serde_json::{Map, Value, json};

use crate::status::{Failure, Status};

/// How it ended.
pub(super) struct Verdict {
    status: Status,
    result: &'static str,
    fields: Map<String, Value>,
    error: Value,
}

impl Verdict {
    /// It ended well.
    pub(super) fn good(result: &'static str) -> Self {
        Self { status: Status::Done, result, fields: Map::new(), error: Value::Null }
    }

    fn bad(status: Status, class: &str, code: &str, text: &str) -> Self {
        let result = if status == Status::Refused { "refused" } else { "failed" };
        let error = json!({ "class": class, "code": code, "text": text });
        Self { status, result, fields: Map::new(), error }
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

    /// Adds what is known.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Prints it.
    pub(super) fn print(self, mechanism: &str) -> Status {
        let mut object = json!({ "result": self.result, "mechanism": mechanism });
        if let Some(object) = object.as_object_mut() {
            object.extend(self.fields);
            object.insert("error".to_owned(), self.error);
        }
        anstream::eprintln!("{object}");
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
