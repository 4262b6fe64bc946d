//! AMQP 0-9-1, as far as SASL: the methods of a connection that begins, both halves; never a socket.
//!
//! ```text
//!   HEADER, client::request    ──frame──>  Message::parse
//!   Message::parse, client::hear  <──frame──  server::start, server::answer
//! ```
//!
//! A response of no octets and none are the same: see [`FirstWord`](crate::FirstWord).
//!
//! # Example: that the connection is tuned means that the client is in
//!
//! ```
//! use aiosasl::{driver, message::ServerMessage};
//! use aiosasl_profiles::amqp091::{Message, Tune, client, server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let success = ServerMessage::Success { additional_data: None };
//! let message = Message::parse(&server::answer(&success, Tune::default())?)?;
//! assert_eq!(client::hear(&message)?, driver::Reply::Success(None));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod message;
mod method;
pub mod server;
mod table;

use aiosasl::profile::{Profile, SuccessData};

use crate::{WireError, frame::too_long};

pub use message::Message;
pub use method::{Close, Method, Start, StartOk, Tune};
pub use table::{Table, Value};

/// What AMQP 0-9-1 can carry: no data in a success; no initial response and an empty one are the same.
pub const PROFILE: Profile = Profile { success_data: SuccessData::AsChallenge, ..Profile::FULL };

/// What a client says first; a server that does not speak this version answers with its own.
pub const HEADER: &[u8; 8] = b"AMQP\0\0\x09\x01";

/// The longest frame taken or made, in octets: a response of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 4096;

/// What a header begins with; as a frame, it would be of a type that there is not.
const MAGIC: &[u8; 4] = b"AMQP";
/// The octets around a frame's content: type, channel and length before it, and one behind it.
const AROUND: usize = 8;

/// The length of a frame, or of a header.
///
/// # Errors
///
/// A [`WireError`] where it is more than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    if head.starts_with(MAGIC) {
        return Ok(Some(HEADER.len()));
    }
    let [_, _, _, a, b, c, d, ..] = head else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])) {
        Ok(length) if length <= MAX_FRAME - AROUND => Ok(Some(length + AROUND)),
        _ => Err(too_long(MAX_FRAME)),
    }
}
