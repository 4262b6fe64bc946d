//! NNTP (RFC 3977, 4642, 4643): what SASL needs of it, both halves.
//!
//! ```text
//!   client::command, client::request  ──line──>  server::Command::parse, server::parse_response
//!   Reply::parse, client::hear        <──line──  server::challenge, server::success, server::failure
//! ```
//!
//! # Example: no octets are an equals sign, never an empty line
//!
//! ```
//! use aiosasl::message::{Challenge, ClientMessage, Response};
//! use aiosasl_profiles::nntp::{client, server};
//!
//! let empty = ClientMessage::Response(Response::empty());
//! assert_eq!(client::request(&empty).as_slice(), b"=\r\n");
//! assert_eq!(server::challenge(&Challenge::empty()).as_slice(), b"383 =\r\n");
//! ```

pub mod capability;
pub mod client;
mod reply;
pub mod server;

use aiosasl::{
    encoding::encoded_len,
    profile::{InitialResponse, Profile},
};

pub use reply::{Code, Reply, ReplyError, listed};

/// The longest line of an ordinary command, in octets with its CRLF (RFC 3977 section 3.1).
pub const MAX_COMMAND: usize = 512;

/// The longest line taken, in octets: the base64 of a message of 64 KiB, and room for a command around it.
pub const MAX_LINE: usize = encoded_len(Profile::FULL.max_message as usize) + 64;

/// The most lines taken of a list.
pub const MAX_LIST: usize = crate::capability_lines::MAX_LIST;

/// What NNTP can carry: everything; an initial response in a command of ordinary length, since not every server takes a
/// longer one (RFC 4643 section 2.4.2).
pub const PROFILE: Profile = Profile {
    // `AUTHINFO SASL ` + name + SP + base64 + CRLF within [`MAX_COMMAND`] octets.
    initial_response: InitialResponse::CarriedUpTo(495),
    ..Profile::FULL
};
