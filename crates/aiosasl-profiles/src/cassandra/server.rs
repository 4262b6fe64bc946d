//! The server's half of Cassandra: what it wants, and what becomes of an exchange, to frames.

use aiosasl::{error::FailureCode, message::ServerMessage};

use super::{Frame, Message};
use crate::{WireError, frame};

/// The frame that wants the client to authenticate, to an authenticator of this class.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn authenticate(class: &str, stream: i16) -> Result<frame::Frame, WireError> {
    Frame::of_server(stream, Message::Authenticate(class.to_owned())).to_octets()
}

/// The frame that answers the request of this number.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage, stream: i16) -> Result<frame::Frame, WireError> {
    let message = match message {
        ServerMessage::Challenge(it) => Message::AuthChallenge(it.clone()),
        ServerMessage::Success { additional_data } => Message::AuthSuccess(additional_data.clone()),
        ServerMessage::Failure(code) => failure(*code),
    };
    Frame::of_server(stream, message).to_octets()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub fn failure(code: FailureCode) -> Message {
    use FailureCode as F;
    let (code, text) = match code {
        F::BadEncoding
        | F::InitialResponseNotAllowed
        | F::Malformed
        | F::TooLarge
        | F::WrongState => (Message::PROTOCOL_ERROR, "malformed authentication message"),
        F::Temporary => (Message::SERVER_ERROR, "temporary failure, try again later"),
        _ => (Message::BAD_CREDENTIALS, "authentication failed"),
    };
    Message::Error { code, text: text.to_owned() }
}
