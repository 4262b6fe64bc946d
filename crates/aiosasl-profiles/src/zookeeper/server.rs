//! The server's half of ZooKeeper: what becomes of an exchange, to frames. What the first token says is told by
//! [`FirstWord`](crate::FirstWord).

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ServerMessage},
};

use super::{Reply, error_code};
use crate::{WireError, frame::Frame};

/// The frame that answers the token of this number. After a failure the server hangs up.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn answer(message: &ServerMessage, xid: i32) -> Result<Frame, WireError> {
    let (error, token) = match message {
        ServerMessage::Challenge(it) => (error_code::OK, it.clone()),
        ServerMessage::Success { additional_data } => {
            (error_code::OK, additional_data.clone().unwrap_or_else(Challenge::empty))
        }
        ServerMessage::Failure(code) => (failure(*code), Challenge::empty()),
    };
    Reply { xid, error, token }.to_frame()
}

/// How a failure is spelled: coarse, and the same for every cause that must look the same.
pub const fn failure(code: FailureCode) -> i32 {
    use FailureCode as F;
    match code {
        F::BadEncoding | F::Malformed | F::TooLarge => error_code::MARSHALLING_ERROR,
        F::WrongState => error_code::BAD_ARGUMENTS,
        F::Temporary => error_code::SYSTEM_ERROR,
        _ => error_code::AUTH_FAILED,
    }
}
