//! ManageSieve (RFC 5804): what SASL needs of it, both halves.
//!
//! ```text
//!   client::command, client::request  ──message──>  server::Command::parse, server::parse_response
//!   Reply::parse, client::hear        <──message──  server::challenge, server::success, server::failure
//! ```
//!
//! A message is a line, and goes on behind each literal in it: [`scan`] tells where it ends.
//!
//! # Example: a success has the mechanism's last words with it
//!
//! ```
//! use aiosasl::{driver, message::Challenge};
//! use aiosasl_profiles::{Said, sieve::{Reply, client}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let reply = Reply::parse(b"OK (SASL \"dj0=\")")?;
//! let heard = client::hear(&reply, Said::Response)?;
//! assert_eq!(heard, driver::Reply::Success(Some(Challenge::new(*b"v="))));
//! # Ok(())
//! # }
//! ```

pub mod capability;
pub mod client;
mod reply;
mod scan;
pub mod server;

use aiosasl::{encoding::encoded_len, profile::Profile};

pub use reply::{Code, Condition, Reply, Status};
pub use scan::{ScanError, Scanned, Sender, Token, literal, scan, string};

/// What ManageSieve can carry: everything.
pub const PROFILE: Profile = Profile::FULL;

/// The longest string taken, in octets: the base64 of a message of 64 KiB.
pub const MAX_STRING: usize = encoded_len(PROFILE.max_message as usize);

/// The longest line taken, in octets: such a string, and room for a command around it.
pub const MAX_LINE: usize = MAX_STRING + 256;

/// The longest message taken, in octets, with all its lines and literals.
pub const MAX_MESSAGE: usize = 2 * MAX_LINE;

/// The longest string that is written in quotes, in octets; a longer one becomes a literal (RFC 5804 section 4).
pub const MAX_QUOTED: usize = 1024;
