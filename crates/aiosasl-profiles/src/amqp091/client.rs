//! The client's half of AMQP 0-9-1: SASL messages to methods, and what a server's methods mean.

use aiosasl::{
    driver,
    message::{ClientMessage, Response},
};

use super::{Close, Message, Method, StartOk, Table};
use crate::{WireClass, WireError, frame::Frame};

/// The message as a frame; `None` for an abort, which is to hang up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(message: &ClientMessage) -> Result<Option<Frame>, WireError> {
    let method = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => Method::StartOk(StartOk {
            properties: Table::of_client()?,
            mechanism: mechanism.as_str().to_owned(),
            response: initial_response.clone().unwrap_or_else(Response::empty),
            locale: "en_US".to_owned(),
        }),
        ClientMessage::Response(response) => Method::SecureOk(response.clone()),
        ClientMessage::Abort => return Ok(None),
    };
    Message::Method(method).to_frame().map(Some)
}

/// What a message says inside an exchange.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(message: &Message) -> Result<driver::Reply, WireError> {
    match message {
        Message::Method(Method::Secure(challenge)) => {
            Ok(driver::Reply::Challenge(challenge.clone()))
        }
        Message::Method(Method::Tune(_)) => Ok(driver::Reply::Success(None)),
        Message::Method(Method::Close(why)) => Err(refusal(why)),
        Message::Header(_) => Err(WireError::protocol("expected version 0-9-1 of the protocol")),
        _ => Err(WireError::protocol("expected how the exchange goes on")),
    }
}

/// Why a connection is closed. A server that does not tell just hangs up.
pub fn refusal(why: &Close) -> WireError {
    let class = match why.code {
        403 => WireClass::Credentials,
        530 => WireClass::Policy,
        320 | 506 | 541 => WireClass::Temporary,
        _ => WireClass::Protocol,
    };
    WireError::told(class, why.code.to_string(), &why.text)
}
