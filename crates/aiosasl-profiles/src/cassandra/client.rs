//! The client's half of Cassandra: SASL messages to frames, and what a server's messages mean.

use aiosasl::{driver, message::ClientMessage};

use super::{Frame, Message};
use crate::{WireClass, WireError, frame};

/// The frame of a SASL message under this number. The mechanism is not named: the server has chosen. `None` for an
/// abort: the client hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(message: &ClientMessage, stream: i16) -> Result<Option<frame::Frame>, WireError> {
    let token = match message {
        ClientMessage::Authenticate { initial_response, .. } => initial_response.clone(),
        ClientMessage::Response(response) => Some(response.clone()),
        ClientMessage::Abort => return Ok(None),
    };
    Frame::of_client(stream, Message::AuthResponse(token)).to_octets().map(Some)
}

/// What a server's message says in an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(message: &Message) -> Result<driver::Reply, WireError> {
    match message {
        Message::AuthChallenge(it) => Ok(driver::Reply::Challenge(it.clone())),
        Message::AuthSuccess(words) => Ok(driver::Reply::Success(words.clone())),
        Message::Error { code, text } => Err(refusal(*code, text)),
        _ => Err(WireError::protocol("expected how the exchange goes on, found another message")),
    }
}

/// What an error means, by its code.
pub fn refusal(code: u32, text: &str) -> WireError {
    let class = match code {
        Message::BAD_CREDENTIALS => WireClass::Credentials,
        Message::UNAUTHORIZED => WireClass::Authorization,
        Message::IS_BOOTSTRAPPING | Message::OVERLOADED | Message::SERVER_ERROR => {
            WireClass::Temporary
        }
        _ => WireClass::Protocol,
    };
    WireError::told(class, format!("{code:#06x}"), text)
}
