//! The server's half of memcached: what it offers, and what becomes of an exchange, to frames.

use aiosasl::{error::FailureCode, message::ServerMessage, name::MechanismName, secret::Secret};

use super::{Opcode, Response, Status};
use crate::{WireError, frame::Frame};

/// The frame that lists these mechanisms.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn offer(mechanisms: &[MechanismName], opaque: u32) -> Result<Frame, WireError> {
    let names: Vec<&str> = mechanisms.iter().map(MechanismName::as_str).collect();
    let value = Secret::new(names.join(" "));
    Response { opcode: Opcode::ListMechanisms, status: Status::SUCCESS, value, opaque }.to_frame()
}

/// The frame that answers a request of this opcode and number.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage, opcode: Opcode, opaque: u32) -> Result<Frame, WireError> {
    let (status, value) = match message {
        ServerMessage::Challenge(it) => (Status::FURTHER_STEP, Secret::new(it.as_bytes())),
        ServerMessage::Success { additional_data: None } => {
            (Status::SUCCESS, Secret::new(*b"Authenticated"))
        }
        ServerMessage::Success { additional_data: Some(it) } => {
            (Status::SUCCESS, Secret::new(it.as_bytes()))
        }
        ServerMessage::Failure(code) => {
            let (status, text) = failure(*code);
            (status, Secret::new(text))
        }
    };
    Response { opcode, status, value, opaque }.to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub const fn failure(code: FailureCode) -> (Status, &'static str) {
    use FailureCode as F;
    match code {
        F::TooLarge => (Status::TOO_LARGE, "Too large"),
        F::Malformed | F::WrongState => (Status::INVALID_ARGUMENTS, "Invalid arguments"),
        F::Temporary => (Status::TEMPORARY_FAILURE, "Temporary failure"),
        _ => (Status::AUTHENTICATION_ERROR, "Auth failure."),
    }
}
