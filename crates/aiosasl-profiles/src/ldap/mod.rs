//! LDAP (RFC 4511 and 4513), as far as SASL: bind, StartTLS, the root DSE's mechanisms, both halves; never a socket.
//!
//! ```text
//!   client::Exchange::request, Message::to_frame  ──message──>  Message::parse, server::hear
//!   Message::parse, client::Exchange::hear        <──message──  server::answer
//! ```
//!
//! # Example: absent credentials are not the same as empty ones
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::ldap::client::Exchange;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert!(Exchange::new(1).request(&none)?.ends_with(b"EXTERNAL"));
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert!(Exchange::new(1).request(&empty)?.ends_with(b"EXTERNAL\x04\0"));
//! # Ok(())
//! # }
//! ```

mod ber;
mod bind;
mod binding;
pub mod client;
mod extended;
mod message;
mod outcome;
mod search;
pub mod server;

use aiosasl::profile::Profile;

pub use ber::measure;
pub use bind::{Authentication, BindRequest, BindResponse};
pub use binding::{OPENLDAP, OPENLDAP_BINDING, openldap_binding};
pub use extended::{ExtendedRequest, ExtendedResponse, NOTICE_OF_DISCONNECTION, START_TLS};
pub use message::{Control, Criticality, Message, Operation};
pub use outcome::{LdapResult, ResultCode};
pub use search::{Attribute, SearchEntry, SearchRequest};

/// What LDAP can carry: everything.
pub const PROFILE: Profile = Profile::FULL;

/// The longest message taken or made, in octets: one of an exchange of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 1024;
