//! AMQP 1.0, as far as SASL: the header and the frames of its part 5.3, both halves; never a socket.
//!
//! ```text
//!   Message::HEADER, client::request  ──frame──>  Message::parse, server::hear
//!   Message::parse, client::hear      <──frame──  Message::HEADER, server::offer, server::answer
//! ```
//!
//! # Example: no initial response is not the same as an empty one
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::amqp10::client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert!(client::request(&none, None)?.unwrap().ends_with(b"EXTERNAL"));
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert!(client::request(&empty, None)?.unwrap().ends_with(b"EXTERNAL\xa0\0"));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod message;
pub mod server;
mod value;

use aiosasl::profile::Profile;

use crate::{WireError, frame::too_long};

pub use message::{Message, OutcomeCode};

/// What AMQP 1.0 can carry: everything, though see [`MIN_MAX_FRAME`].
pub const PROFILE: Profile = Profile::FULL;

/// The longest frame taken or made, in octets: a message of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 1024;

/// The longest frame that every peer takes, in octets: longer ones break the letter of the protocol (its part 5.3.1),
/// and many peers take them all the same.
pub const MIN_MAX_FRAME: usize = 512;

/// What a header begins with; as a length, it would be far too long.
const MAGIC: &[u8; 4] = b"AMQP";

/// The length of a frame, which counts itself; or of a header.
///
/// # Errors
///
/// A [`WireError`] where it is less than 8 octets, or more than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let Some(length) = head.first_chunk() else { return Ok(None) };
    if length == MAGIC {
        return Ok(Some(8));
    }
    match usize::try_from(u32::from_be_bytes(*length)) {
        Ok(length @ 8..=MAX_FRAME) => Ok(Some(length)),
        Ok(0..8) => Err(WireError::protocol("expected a frame of at least 8 octets")),
        _ => Err(too_long(MAX_FRAME)),
    }
}
