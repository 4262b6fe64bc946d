//! The server's half of LDAP: requests to bind to SASL messages, and outcomes to answers.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response, ServerMessage},
    name::MechanismName,
    secret::Secret,
};

use super::{
    Authentication, BindRequest, BindResponse, LdapResult, Message, Operation, ResultCode,
};
use crate::{WireError, frame::Frame};

/// What a request to bind wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// To go on with the exchange, or to begin one where none is going on.
    Message(ClientMessage),
    /// To give up the exchange that is going on, without an answer to that, and to begin another one.
    Anew(ClientMessage),
    /// To come in by a name and a password; both empty is nobody. It gives up what is going on.
    Simple {
        /// As whom.
        name: String,
        /// The password. An empty one with a name proves nothing (RFC 4513 section 5.1.2).
        password: Secret,
    },
}

/// What a request means while an exchange by this mechanism is going on, or none (RFC 4513 section 5.2.1.2).
///
/// # Errors
///
/// [`FailureCode`]: why nothing begins.
pub fn hear(request: &BindRequest, going_on: Option<MechanismName>) -> Result<Heard, FailureCode> {
    if request.version != 3 {
        return Err(FailureCode::TooLarge);
    }
    let (name, credentials) = match &request.authentication {
        Authentication::Other(..) => return Err(FailureCode::MechanismUnknown),
        Authentication::Sasl { mechanism, credentials } => (mechanism, credentials.clone()),
        Authentication::Simple(password) => {
            let (name, password) = (request.name.clone(), password.clone());
            return Ok(Heard::Simple { name, password });
        }
    };
    match (MechanismName::parse_any_case(name), going_on) {
        (Ok(name), Some(mechanism)) if name == mechanism => {
            let response = credentials.unwrap_or_else(Response::empty);
            Ok(Heard::Message(ClientMessage::Response(response)))
        }
        (Ok(mechanism), going_on) => {
            let message = ClientMessage::Authenticate { mechanism, initial_response: credentials };
            Ok(if going_on.is_some() { Heard::Anew(message) } else { Heard::Message(message) })
        }
        (Err(_), Some(_)) if name.is_empty() => Ok(Heard::Message(ClientMessage::Abort)),
        (Err(_), _) => Err(FailureCode::MechanismUnknown),
    }
}

/// The answer to the request of this number.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(id: u32, message: &ServerMessage) -> Result<Frame, WireError> {
    let (result, server_credentials) = match message {
        ServerMessage::Challenge(words) => {
            (LdapResult::new(ResultCode::SASL_BIND_IN_PROGRESS, ""), Some(words.clone()))
        }
        ServerMessage::Success { additional_data } => {
            (LdapResult::new(ResultCode::SUCCESS, ""), additional_data.clone())
        }
        ServerMessage::Failure(code) => (failure(*code), None),
    };
    let response = BindResponse { result, server_credentials };
    Message::new(id, Operation::BindResponse(response)).to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> LdapResult {
    use FailureCode as F;
    let (code, text) = match code {
        F::Aborted => (ResultCode::AUTH_METHOD_NOT_SUPPORTED, "authentication cancelled"),
        F::AccountDisabled => (ResultCode::INVALID_CREDENTIALS, "the account is disabled"),
        F::AuthorizationDenied => (ResultCode::INSUFFICIENT_ACCESS_RIGHTS, ""),
        F::BadEncoding | F::TooLarge => (ResultCode::PROTOCOL_ERROR, ""),
        F::CredentialsExpired => (ResultCode::INVALID_CREDENTIALS, "the credentials have expired"),
        F::EncryptionRequired => (ResultCode::CONFIDENTIALITY_REQUIRED, ""),
        F::InitialResponseNotAllowed | F::InvalidCredentials | F::Malformed => {
            (ResultCode::INVALID_CREDENTIALS, "")
        }
        F::MechanismTooWeak => (ResultCode::STRONGER_AUTH_REQUIRED, ""),
        F::MechanismUnknown => (ResultCode::AUTH_METHOD_NOT_SUPPORTED, ""),
        F::PasswordTransitionNeeded => {
            (ResultCode::UNWILLING_TO_PERFORM, "a password transition is needed")
        }
        F::WrongState => (ResultCode::OPERATIONS_ERROR, ""),
        _ => (ResultCode::UNAVAILABLE, "temporary failure, try again later"),
    };
    LdapResult::new(code, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_mechanism_begins_anew_and_no_name_aborts() {
        let one: MechanismName = "ONE".parse().unwrap();
        let request = |name| BindRequest::sasl(name, None);
        let begin = |mechanism: &str| ClientMessage::Authenticate {
            mechanism: mechanism.parse().unwrap(),
            initial_response: None,
        };
        let response = ClientMessage::Response(Response::empty());
        for (name, going_on, expected) in [
            ("ONE", None, Ok(Heard::Message(begin("ONE")))),
            ("ONE", Some(one), Ok(Heard::Message(response))),
            ("TWO", Some(one), Ok(Heard::Anew(begin("TWO")))),
            ("", Some(one), Ok(Heard::Message(ClientMessage::Abort))),
            ("", None, Err(FailureCode::MechanismUnknown)),
            ("no name", Some(one), Err(FailureCode::MechanismUnknown)),
        ] {
            assert_eq!(hear(&request(name), going_on), expected, "{name:?}");
        }
        assert!(hear(&BindRequest { version: 2, ..request("ONE") }, None).is_err());
    }
}
