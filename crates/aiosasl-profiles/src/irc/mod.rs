//! IRC (RFC 1459, IRCv3 capability negotiation and SASL 3.2): what SASL needs of it, both halves; never a socket.
//!
//! ```text
//!   client::Command, client::spell  ──line──>  server::Command::parse
//!   Message::parse, client::Listener  <──line──  server::Voice
//!   chunks: a message of an exchange as lines of 400 octets of base64, in both directions
//! ```
//!
//! # Example: a message whose last line is full says that it has ended
//!
//! ```
//! use aiosasl_profiles::irc::chunks;
//!
//! let lines = chunks::spell(&[7; 300]);
//! let lines: Vec<_> = lines.split(|octet| *octet == b'\n').collect();
//! assert_eq!(lines[0].len(), "AUTHENTICATE ".len() + 400 + 1);
//! assert_eq!(lines[1], b"AUTHENTICATE +\r");
//! ```

pub mod capability;
pub mod chunks;
pub mod client;
mod message;
pub mod server;

use aiosasl::profile::{FirstChallenge, InitialResponse, Profile, SuccessData};

pub use message::{Message, MessageError, Numeric};

/// What IRC can carry: neither an initial response nor data with a success; 64 KiB of base64 in one message.
pub const PROFILE: Profile = Profile {
    initial_response: InitialResponse::NotCarried,
    success_data: SuccessData::AsChallenge,
    first_challenge: FirstChallenge::MustBeEmpty,
    max_message: 49_152,
    max_steps: 16,
};

/// The longest message without its tags, in octets without its CRLF (RFC 1459 section 2.3).
pub const MAX_MESSAGE: usize = 510;

/// The longest line taken, in octets without its CRLF: a message and its tags (IRCv3 message-tags).
pub const MAX_LINE: usize = 8191 + MAX_MESSAGE;

/// The most parameters of a message (RFC 1459 section 2.3).
pub const MAX_PARAMETERS: usize = 15;
