//! Dovecot's authentication protocol, versions 1.1 and 1.2, as its clients and its server speak it; never a socket.
//!
//! ```text
//!   client::hello, client::request  ──line──>  ClientLine::parse
//!   ServerLine::parse, client::Handshake, client::hear  <──line──  server::answer
//! ```
//!
//! One connection carries many exchanges, each under a number of the client's.
//!
//! # Example: no initial response is not the same as an empty one
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::dovecot::client::{Context, request};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let context = Context::new("smtp");
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert_eq!(request(1, &none, &context)?.as_slice(), b"AUTH\t1\tEXTERNAL\tservice=smtp\n");
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert_eq!(request(1, &empty, &context)?.as_slice(), b"AUTH\t1\tEXTERNAL\tservice=smtp\tresp==\n");
//! # Ok(())
//! # }
//! ```

pub mod client;
mod client_line;
mod field;
pub mod server;
mod server_line;

use aiosasl::{
    encoding::{decode, encode},
    profile::{Profile, SuccessData},
};
use zeroize::Zeroizing;

use crate::WireError;

pub use client_line::ClientLine;
pub use field::{Parameter, Parameters};
pub use server_line::ServerLine;

/// The longest line, in octets without its ending, as Dovecot has it.
pub const MAX_LINE: usize = 16_384;

/// What the protocol can carry: messages whose base64 fits into a line; a server's last words in a success only where
/// the client says that it takes them there (`final-resp-ok`), so they come as a challenge.
pub const PROFILE: Profile = Profile {
    success_data: SuccessData::AsChallenge,
    // Leaves a quarter of a line for what stands beside the base64 of one.
    max_message: 9_216,
    ..Profile::FULL
};

/// The version of the protocol that both ends must have: the first number.
pub const MAJOR: u32 = 1;
/// The version that we speak: the second number. A server that has a later one offers this one's lines.
pub const MINOR: u32 = 2;

/// A message inside a line: base64, `=` where it has no octets and must be told from none.
fn octets(base64: &[u8]) -> Result<Vec<u8>, WireError> {
    match base64 {
        b"" | b"=" => Ok(Vec::new()),
        _ => decode(base64).map_err(|error| WireError::protocol(format!("a message: {error}"))),
    }
}

fn base64(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(encode(octets).into_bytes())
}
