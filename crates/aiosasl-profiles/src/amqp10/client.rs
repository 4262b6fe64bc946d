//! The client's half of AMQP 1.0: SASL messages to frames, and what a server's frames mean.

use aiosasl::{driver, message::ClientMessage};

use super::{Message, OutcomeCode};
use crate::{WireError, frame::Frame};

/// The message as a frame, for this host; `None` for an abort, which is to hang up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(
    message: &ClientMessage,
    hostname: Option<&str>,
) -> Result<Option<Frame>, WireError> {
    let message = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => Message::Init {
            mechanism: mechanism.as_str().to_owned(),
            initial_response: initial_response.clone(),
            hostname: hostname.map(str::to_owned),
        },
        ClientMessage::Response(response) => Message::Response(response.clone()),
        ClientMessage::Abort => return Ok(None),
    };
    message.to_frame().map(Some)
}

/// What a message says inside an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(message: &Message) -> Result<driver::Reply, WireError> {
    match message {
        Message::Challenge(challenge) => Ok(driver::Reply::Challenge(challenge.clone())),
        Message::Outcome { code: OutcomeCode::OK, additional_data } => {
            Ok(driver::Reply::Success(additional_data.clone()))
        }
        Message::Outcome { code, .. } => Err(WireError::told(code.class(), code.0.to_string(), "")),
        _ => Err(WireError::protocol("expected how the exchange goes on")),
    }
}
