//! ZooKeeper's protocol, as far as SASL: the session, tokens in requests of number 102, both halves; never a socket.
//!
//! ```text
//!   ConnectRequest::to_frame, client::request  ──frame──>  ConnectRequest::parse, Request::parse
//!   ConnectResponse::parse, client::hear       <──frame──  ConnectResponse::to_frame, server::answer
//! ```
//!
//! The mechanism is not named: it is that of the server's configuration. Nor is it told which token is the last one. An
//! absent token and an empty one are the same.
//!
//! # Example: a client without an initial response sends an empty token
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::zookeeper::{Request, client};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let start = ClientMessage::Authenticate { mechanism: "X".parse()?, initial_response: None };
//! let frame = client::request(&start, 1)?.expect("a frame");
//! assert_eq!(Request::parse(&frame)?, Request::Sasl { xid: 1, token: Response::empty() });
//! # Ok(())
//! # }
//! ```

pub mod client;
mod message;
pub mod server;

use aiosasl::profile::Profile;

use crate::{
    WireError,
    frame::{Frame, Writer, too_long},
};

pub use message::{ConnectRequest, ConnectResponse, Reply, Request};

/// What ZooKeeper can carry: everything, though no initial response and an empty one are the same.
pub const PROFILE: Profile = Profile::FULL;

/// The longest frame taken or made, in octets, its length included: a token of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 256;

/// What servers call themselves in `digest-uri` (RFC 2831 section 2.1.2), whatever their host is; the realm is the same.
pub const DIGEST_HOST: &str = "zk-sasl-md5";

/// The numbers of errors.
pub mod error_code {
    /// It was done.
    pub const OK: i32 = 0;
    /// The server is broken.
    pub const SYSTEM_ERROR: i32 = -1;
    /// The request can't be read.
    pub const MARSHALLING_ERROR: i32 = -5;
    /// There is no such request.
    pub const UNIMPLEMENTED: i32 = -6;
    /// It took too long.
    pub const OPERATION_TIMEOUT: i32 = -7;
    /// The request can't be meant.
    pub const BAD_ARGUMENTS: i32 = -8;
    /// Whoever asked may not.
    pub const NO_AUTH: i32 = -102;
    /// The session is over.
    pub const SESSION_EXPIRED: i32 = -112;
    /// The credentials are wrong, or anything else is.
    pub const AUTH_FAILED: i32 = -115;
    /// There is nothing to be had without SASL.
    pub const SASL_REQUIRED: i32 = -124;
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

/// What a frame has behind its length.
fn content(frame: &[u8]) -> Result<&[u8], WireError> {
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
