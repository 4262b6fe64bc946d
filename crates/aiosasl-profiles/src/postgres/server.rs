//! The server's half of PostgreSQL: what it offers, what becomes of an exchange, and the first words of a session, to
//! frames.

use aiosasl::{error::FailureCode, message::ServerMessage, secret::Secret};

use super::{Authentication, Backend, Told, VERSION, close};
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

/// The frames of a session that begins: the settings, names and values, what a request to cancel would have to say, and that
/// queries are welcome.
///
/// # Errors
///
/// A [`WireError`] where a setting is too long, or has a NUL.
pub fn session(settings: &[(&str, &str)], process: u32, key: &Secret) -> Result<Frame, WireError> {
    let mut all = Frame::default();
    for (name, value) in settings {
        let setting = close(b'S', |body| {
            body.put_with_nul(name.as_bytes()).put_with_nul(value.as_bytes());
        })?;
        all = [all.as_slice(), &setting].concat().into();
    }
    let cancel = close(b'K', |body| _ = body.put(&process.to_be_bytes()).put(key.expose()))?;
    Ok([all.as_slice(), &cancel, &ready()?].concat().into())
}

/// The frame that welcomes queries, outside of any transaction.
///
/// # Errors
///
/// A [`WireError`] where it is too long, which it is not.
pub fn ready() -> Result<Frame, WireError> {
    close(b'Z', |body| _ = body.put(b"I"))
}

/// The frame that answers a query with no rows.
///
/// # Errors
///
/// As [`ready`].
pub fn no_rows() -> Result<Frame, WireError> {
    close(b'C', |body| _ = body.put_with_nul(b"SELECT 0"))
}

/// The frame that tells a client of a newer protocol what is spoken here: 3.0, and none of these options.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn negotiate(options: &[&str]) -> Result<Frame, WireError> {
    close(b'v', |body| {
        let count: u32 = body.count(options.len());
        body.put(&VERSION.to_be_bytes()).put(&count.to_be_bytes());
        for option in options {
            body.put_with_nul(option.as_bytes());
        }
    })
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
