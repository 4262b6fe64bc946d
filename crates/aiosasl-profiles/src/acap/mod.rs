//! ACAP (RFC 2244): what SASL needs of it, both halves.
//!
//! ```text
//!   client::command, client::request  ──message──>  server::Tagged::parse, server::parse_response
//!   Reply::parse, client::hear        <──message──  server::challenge, server::success, server::failure
//! ```
//!
//! Messages are made as ManageSieve's are, by the same [`scan`](crate::sieve::scan); what a mechanism says stands in
//! them as it is, without base64.
//!
//! # Example: an empty initial response is not the same as none
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::acap::client;
//!
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert_eq!(client::request("a1", &none).as_slice(), b"a1 AUTHENTICATE \"EXTERNAL\"\r\n");
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert_eq!(client::request("a1", &empty).as_slice(), b"a1 AUTHENTICATE \"EXTERNAL\" \"\"\r\n");
//! # Ok::<(), aiosasl::name::NameError>(())
//! ```

pub mod client;
mod reply;
pub mod server;

use aiosasl::profile::Profile;

use crate::sieve;

pub use reply::{Capability, Condition, Reply, Status};

/// What ACAP can carry: everything, as it is.
pub const PROFILE: Profile = Profile::FULL;

/// The longest line taken, in octets.
pub const MAX_LINE: usize = sieve::MAX_LINE;

/// The longest message taken, in octets, with all its lines and literals.
pub const MAX_MESSAGE: usize = sieve::MAX_MESSAGE;

/// The longest tag taken, in octets (RFC 2244 section 8).
pub const MAX_TAG: usize = 32;
