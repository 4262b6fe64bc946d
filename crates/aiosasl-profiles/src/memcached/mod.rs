//! memcached's binary protocol, as far as SASL: requests and responses, both halves; never a socket.
//!
//! ```text
//!   client::request  ──frame──>  Request::parse, Request::into_message
//!   Response::parse, client::hear  <──frame──  server::answer
//! ```
//!
//! The service's name is `memcached`; SASL is off unless the server was started with it.
//!
//! # Example: a request that starts an exchange carries the mechanism's name as its key
//!
//! ```
//! use aiosasl::message::ClientMessage;
//! use aiosasl_profiles::memcached::{Opcode, Request, client};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mechanism = "EXTERNAL".parse()?;
//! let start = ClientMessage::Authenticate { mechanism, initial_response: None };
//! let frame = client::request(&start, mechanism, 1)?.expect("a frame");
//! assert_eq!(Request::parse(&frame)?.opcode, Opcode::Authenticate);
//! # Ok(())
//! # }
//! ```

pub mod client;
mod frame;
pub mod server;

use aiosasl::profile::Profile;

pub use frame::{Opcode, Request, Response, Status, measure};

/// What memcached can carry: everything; an empty initial response is the same as none.
pub const PROFILE: Profile = Profile::FULL;

/// The longest frame taken or made, in octets: a message of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 512;
