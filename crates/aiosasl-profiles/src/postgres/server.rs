//! The server's half of PostgreSQL: what it offers, and what becomes of an exchange, to frames.

use aiosasl::{error::FailureCode, message::ServerMessage};

use super::{Authentication, Backend, Told};
use crate::{
    WireError,
    frame::{Frame, MechanismList},
};

/// The frame that offers these mechanisms, the best one first.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn offer(mechanisms: MechanismList) -> Result<Frame, WireError> {
    Backend::Authentication(Authentication::Sasl(mechanisms)).to_frame()
}

/// The frames that say this: a success with last words takes two. After a failure the server hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage) -> Result<Frame, WireError> {
    let said = match message {
        ServerMessage::Challenge(words) => Authentication::SaslContinue(words.clone()),
        ServerMessage::Success { additional_data: None } => Authentication::Ok,
        ServerMessage::Success { additional_data: Some(words) } => {
            let words = Authentication::SaslFinal(words.clone());
            let words = Backend::Authentication(words).to_frame()?;
            let success = Backend::Authentication(Authentication::Ok).to_frame()?;
            return Ok([words.as_slice(), &success].concat().into());
        }
        ServerMessage::Failure(code) => return Backend::Error(failure(*code)).to_frame(),
    };
    Backend::Authentication(said).to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Told {
    use FailureCode as F;
    let (code, text) = match code {
        F::Aborted => ("08P01", "authentication cancelled"),
        F::AccountDisabled => ("28000", "the account is disabled"),
        F::AuthorizationDenied => ("28000", "not authorized"),
        F::BadEncoding | F::InitialResponseNotAllowed | F::Malformed => {
            ("08P01", "malformed authentication message")
        }
        F::CredentialsExpired => ("28000", "the credentials have expired"),
        F::EncryptionRequired => ("28000", "encryption required"),
        F::InvalidCredentials => ("28P01", "password authentication failed"),
        F::MechanismTooWeak => ("28000", "the authentication mechanism is too weak"),
        F::MechanismUnknown => ("28000", "no such authentication mechanism"),
        F::TooLarge => ("08P01", "authentication message too large"),
        F::WrongState => ("08P01", "unexpected authentication message"),
        _ => ("57P03", "temporary failure, try again later"),
    };
    Told::new("FATAL", code, text)
}
