//! The client's half of ZooKeeper: SASL messages to frames, and what a server's answers mean.

use aiosasl::{
    driver,
    message::{ClientMessage, Response},
};

use super::{Reply, Request, error_code};
use crate::{WireClass, WireError, frame::Frame};

/// The frame of a SASL message under this number; `None` for an abort: the client hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn request(message: &ClientMessage, xid: i32) -> Result<Option<Frame>, WireError> {
    let token = match message {
        ClientMessage::Authenticate { initial_response, .. } => {
            initial_response.clone().unwrap_or_else(Response::empty)
        }
        ClientMessage::Response(token) => token.clone(),
        ClientMessage::Abort => return Ok(None),
    };
    Request::Sasl { xid, token }.to_frame().map(Some)
}

/// What the answer to the request of this number says in an exchange. A token may be a challenge or last words: the
/// mechanism knows which, and an exchange takes either for a challenge. Without a token it is over.
///
/// # Errors
///
/// A [`WireError`] where the server refuses, or says what it may not.
pub fn hear(frame: &[u8], xid: i32) -> Result<driver::Reply, WireError> {
    let reply = Reply::parse(frame)?;
    if reply.xid != xid {
        return Err(WireError::protocol("expected the answer to the last request"));
    }
    if reply.error != error_code::OK {
        return Err(refusal(reply.error));
    }
    Ok(if reply.token.is_empty() {
        driver::Reply::Success(None)
    } else {
        driver::Reply::Challenge(reply.token)
    })
}

/// What an error means, by its number, in answer to a token.
pub fn refusal(error: i32) -> WireError {
    let (class, text) = match error {
        error_code::AUTH_FAILED => (WireClass::Credentials, "authentication failed"),
        // Who fails is told so where the server has nothing for those who have not authenticated.
        error_code::SASL_REQUIRED => (WireClass::Credentials, "SASL is required, and has failed"),
        error_code::NO_AUTH => (WireClass::Authorization, "not authorized"),
        error_code::UNIMPLEMENTED => (WireClass::Mechanism, "the server has no SASL"),
        error_code::SYSTEM_ERROR | error_code::OPERATION_TIMEOUT | error_code::SESSION_EXPIRED => {
            (WireClass::Temporary, "not now")
        }
        _ => (WireClass::Protocol, ""),
    };
    WireError::told(class, error.to_string(), text)
}
