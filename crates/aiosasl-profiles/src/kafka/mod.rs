//! Kafka, as far as SASL: ApiVersions, SaslHandshake, SaslAuthenticate and raw tokens, both halves; never a socket.
//!
//! ```text
//!   client::Exchange, Request::to_frame  ──frame──>  Request::parse
//!   Reply::parse, client::Exchange::hear  <──frame──  server::handshake, server::answer
//! ```
//!
//! The request names the mechanism alone; the first token follows the answer. None and an empty one are the same.
//!
//! # Example: the first token waits for the answer to the handshake
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::kafka::{Versions, client::{Exchange, Heard}, server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut exchange = Exchange::new("cli", Versions::default(), 1);
//! let mechanism = "X".parse()?;
//! let initial_response = Some(Response::new(*b"token"));
//! exchange.request(&ClientMessage::Authenticate { mechanism, initial_response })?;
//! let answer = server::handshake(1, mechanism, &[mechanism])?;
//! let Heard::Send(frame) = exchange.hear(&answer)? else { panic!() };
//! assert!(frame.ends_with(b"token"));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod field;
mod reply;
mod request;
pub mod server;

use aiosasl::profile::Profile;

use crate::{
    WireError,
    frame::{Frame, Writer, too_long},
};

pub use reply::{ApiRange, Reply, ReplyBody};
pub use request::{Api, Request, RequestBody};

/// What Kafka can carry: everything, though no initial response and an empty one are the same.
pub const PROFILE: Profile = Profile::FULL;

/// The longest frame taken or made, in octets, its length included: a token of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 8192;

/// Which versions of the messages to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of the handshake: after 0, tokens travel as they are; after 1, in requests.
    pub handshake: i16,
    /// Of those requests: 0 to 2.
    pub authenticate: i16,
}

impl Default for Versions {
    /// Those that every broker of these years speaks: 1 and 1.
    fn default() -> Self {
        Self { handshake: 1, authenticate: 1 }
    }
}

/// The numbers of errors.
pub mod error_code {
    /// It was done.
    pub const NONE: i16 = 0;
    /// The mechanism is none of those that are enabled.
    pub const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
    /// Not now.
    pub const ILLEGAL_SASL_STATE: i16 = 34;
    /// The version is none of those that are spoken.
    pub const UNSUPPORTED_VERSION: i16 = 35;
    /// The credentials are wrong, or anything else is.
    pub const SASL_AUTHENTICATION_FAILED: i16 = 58;
}

/// The length of a frame: four octets that count what follows them.
///
/// # Errors
///
/// A [`WireError`] where that is negative, or the frame longer than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let Some(length) = head.first_chunk() else { return Ok(None) };
    match usize::try_from(i32::from_be_bytes(*length)) {
        Ok(length) if length <= MAX_FRAME - 4 => Ok(Some(length + 4)),
        Ok(_) => Err(too_long(MAX_FRAME)),
        Err(_) => Err(WireError::protocol("expected a length that is not negative")),
    }
}

/// A token on its own, as it travels after a handshake of version 0.
///
/// # Errors
///
/// A [`WireError`] where it is too long.
pub fn raw(token: &[u8]) -> Result<Frame, WireError> {
    let mut frame = Writer::new(MAX_FRAME);
    frame.counted_u32(token);
    frame.finish()
}

/// What a frame has behind its length.
///
/// # Errors
///
/// A [`WireError`] where it is not one whole frame.
pub fn content(frame: &[u8]) -> Result<&[u8], WireError> {
    match frame.split_at_checked(4) {
        Some((_, content)) if measure(frame)? == Some(frame.len()) => Ok(content),
        _ => Err(WireError::protocol("expected one whole frame")),
    }
}

/// Makes a frame of what is written behind its length.
fn close(write: impl FnOnce(&mut Writer)) -> Result<Frame, WireError> {
    let mut frame = Writer::new(MAX_FRAME);
    let content = frame.part(write);
    frame.counted_u32(&content);
    frame.finish()
}
