//! IMAP (RFC 9051 and 3501 section 6.2.2, RFC 4959, RFC 5530): what SASL needs of it, both halves.
//!
//! ```text
//!   client::command, client::request  ──line──>  server::Tagged::parse, server::parse_response
//!   client::hear      <──line──  server::answer, Reply::to_line
//! ```
//!
//! # Example: an empty initial response is not the same as none
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::imap::client;
//!
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert_eq!(client::request("A1", &none).as_slice(), b"A1 AUTHENTICATE EXTERNAL\r\n");
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert_eq!(client::request("A1", &empty).as_slice(), b"A1 AUTHENTICATE EXTERNAL =\r\n");
//! # Ok::<(), aiosasl::name::NameError>(())
//! ```

pub mod capability;
pub mod client;
mod login;
mod reply;
pub mod server;

use aiosasl::{
    encoding::encoded_len,
    profile::{FirstChallenge, InitialResponse, Profile, SuccessData},
};

pub use login::{Literal, Literals, login};
pub use reply::{Condition, Reply, ReplyError, Status};

/// The longest line taken, in octets: the base64 of a message of 64 KiB, and room for a command around it.
pub const MAX_LINE: usize = encoded_len(Profile::FULL.max_message as usize) + 256;

/// What IMAP can carry: no data in a success, and an initial response where the server has `SASL-IR` (RFC 4959).
pub const fn profile(sasl_ir: SaslIr) -> Profile {
    Profile {
        initial_response: match sasl_ir {
            SaslIr::Absent => InitialResponse::NotCarried,
            SaslIr::Present => InitialResponse::Carried,
        },
        success_data: SuccessData::AsChallenge,
        // Servers write words there, and some words happen to be base64.
        first_challenge: FirstChallenge::Ignored,
        ..Profile::FULL
    }
}

/// IMAP as a server of ours speaks it: with `SASL-IR`.
pub const PROFILE: Profile = profile(SaslIr::Present);

/// Whether a server takes an initial response with the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaslIr {
    /// It doesn't, or has not said so.
    #[default]
    Absent,
    /// It has said `SASL-IR`, or speaks IMAP4rev2, which includes it (RFC 9051 section 6.2.2).
    Present,
}
