//! Authentication in HTTP/1.1 (RFC 9110 section 11): heads of messages, challenges and credentials, and how an exchange
//! goes through them; both halves, never a socket.
//!
//! ```text
//!   client::request                   ──head──>  RequestHead::parse, server::hear
//!   ResponseHead::parse, client::hear  <──head──  server::unauthorized, server::authenticated
//! ```
//!
//! Every step is a request, and every challenge a 401. Which schemes there are, and which mechanism each stands for, is
//! in one table ([`Scheme::ALL`]): SCRAM (RFC 7804), Basic (RFC 7617), Bearer (RFC 6750) and Negotiate (RFC 4559).
//! A scheme that is not in it is offered under its own name, and carried as SCRAM is.
//!
//! # Example: what a server asks for
//!
//! ```
//! use aiosasl_profiles::http::AuthField;
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let fields = AuthField::parse_list(r#"Negotiate, basic Realm="a, \"b\"", charset="UTF-8""#)?;
//! let [negotiate, basic] = &fields[..] else { panic!("expected two") };
//! assert_eq!(negotiate.scheme, "Negotiate");
//! assert_eq!(basic.parameter("realm").as_deref().map(String::as_str), Some(r#"a, "b""#));
//! # Ok(())
//! # }
//! ```

mod body;
pub mod client;
mod field;
mod head;
mod scheme;
pub mod server;

use aiosasl::profile::Profile;

pub use body::Framing;
pub use field::{AuthField, auth_info};
pub use head::{Head, MAX_HEAD, RequestHead, ResponseHead, measure, parse_trailer};
pub use scheme::{Form, Scheme};

/// What HTTP can carry: everything, but messages that fit a header.
pub const PROFILE: Profile = Profile { max_message: 32_768, ..Profile::FULL };
