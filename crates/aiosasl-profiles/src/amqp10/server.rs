//! The server's half of AMQP 1.0: frames to SASL messages, and what becomes of an exchange to frames.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, ServerMessage},
    name::MechanismName,
};

use super::{Message, OutcomeCode};
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
    Message::Mechanisms(mechanisms).to_frame()
}

/// What a message says in an exchange.
///
/// # Errors
///
/// [`FailureCode`]: why it says nothing there, or names no mechanism.
pub fn hear(message: Message) -> Result<ClientMessage, FailureCode> {
    match message {
        Message::Init { mechanism, initial_response, .. } => {
            let mechanism = MechanismName::parse_any_case(mechanism)
                .map_err(|_| FailureCode::MechanismUnknown)?;
            Ok(ClientMessage::Authenticate { mechanism, initial_response })
        }
        Message::Response(response) => Ok(ClientMessage::Response(response)),
        _ => Err(FailureCode::WrongState),
    }
}

/// The frame that says this.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage) -> Result<Frame, WireError> {
    match message {
        ServerMessage::Challenge(challenge) => Message::Challenge(challenge.clone()),
        ServerMessage::Success { additional_data } => {
            Message::Outcome { code: OutcomeCode::OK, additional_data: additional_data.clone() }
        }
        ServerMessage::Failure(code) => {
            Message::Outcome { code: failure(*code), additional_data: None }
        }
    }
    .to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> OutcomeCode {
    match code {
        FailureCode::PasswordTransitionNeeded | FailureCode::Temporary => OutcomeCode::SYS_TEMP,
        FailureCode::AccountDisabled
        | FailureCode::CredentialsExpired
        | FailureCode::EncryptionRequired
        | FailureCode::MechanismTooWeak => OutcomeCode::SYS_PERM,
        _ => OutcomeCode::AUTH,
    }
}
