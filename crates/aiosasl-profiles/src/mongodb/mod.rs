//! MongoDB, as far as SASL: `hello`, `saslStart`, `saslContinue` in OP_MSG, both halves; never a socket.
//!
//! ```text
//!   client::hello, client::Exchange::request  ──message──>  Message::parse, server::Command::of
//!   Message::parse, client::Exchange::hear    <──message──  server::hello, server::answer
//! ```
//!
//! A payload of no octets and no initial response are the same: see [`FirstWord`](crate::FirstWord).
//!
//! BSON is read by hand here, and no deeper than it is asked for: the crate `bson` 3 brings some forty crates (serde, rand,
//! time, uuid, indexmap, bitvec, ...) for a login's seven types, builds a tree of what somebody sends who is not trusted yet,
//! and wipes no payload that it held (`docs/adr/0016-own-ber-and-bson.md`). Whoever queries a database has a client for that,
//! which takes the stream over.
//!
//! # Example: the last words come with the success
//!
//! ```
//! use aiosasl::{driver, message::{Challenge, ClientMessage, ServerMessage}};
//! use aiosasl_profiles::mongodb::{Message, client::Exchange, server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut exchange = Exchange::new("admin", 1);
//! let mechanism = "X".parse()?;
//! exchange.request(&ClientMessage::Authenticate { mechanism, initial_response: None })?;
//! let words = Some(Challenge::new(*b"v="));
//! let success = ServerMessage::Success { additional_data: words.clone() };
//! let answer = Message { request_id: 9, response_to: 1, body: server::answer(&success, 1)? };
//! assert_eq!(exchange.hear(&answer)?, driver::Reply::Success(words));
//! # Ok(())
//! # }
//! ```

mod bson;
pub mod client;
mod message;
pub mod server;

use aiosasl::profile::Profile;

pub use bson::{Builder, Document, Value};
pub use message::{Message, measure};

/// The database of users whom somebody else vouches for.
pub const EXTERNAL: &str = "$external";

/// The mechanism that has a command of its own, `authenticate`.
pub const X509: &str = "MONGODB-X509";

/// What MongoDB can carry: everything, though no initial response and an empty one are the same.
pub const PROFILE: Profile = Profile::FULL;

/// The longest message taken or made, in octets: a payload of 64 KiB, and room around it.
pub const MAX_FRAME: usize = 2 * PROFILE.max_message as usize;
