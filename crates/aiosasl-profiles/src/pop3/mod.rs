//! POP3 (RFC 1939, 2449, 2595, 3206, 5034): what SASL needs of it, both halves.
//!
//! ```text
//!   client::command, client::request  ──line──>  server::Command::parse, server::parse_response
//!   Reply::parse, client::hear        <──line──  server::challenge, server::SUCCESS, server::failure
//! ```
//!
//! # Example: an empty initial response is not the same as none
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::pop3::client;
//!
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert_eq!(client::request(&none).as_slice(), b"AUTH EXTERNAL\r\n");
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert_eq!(client::request(&empty).as_slice(), b"AUTH EXTERNAL =\r\n");
//! # Ok::<(), aiosasl::name::NameError>(())
//! ```

pub mod capability;
pub mod client;
mod reply;
pub mod server;

use aiosasl::{
    encoding::encoded_len,
    profile::{FirstChallenge, InitialResponse, Profile, SuccessData},
};

pub use reply::{Reply, ReplyError, Sign, Status, listed};

/// The longest command, in octets with its CRLF (RFC 2449 section 4).
pub const MAX_COMMAND: usize = 255;

/// The longest line taken, in octets: the base64 of a message of 64 KiB, and room for a command around it.
pub const MAX_LINE: usize = encoded_len(Profile::FULL.max_message as usize) + 64;

/// The most lines taken of a list.
pub const MAX_LIST: usize = crate::capability_lines::MAX_LIST;

/// What POP3 can carry: no data in a success; an initial response in a command of ordinary length, where the server
/// lists `SASL` among its capabilities (RFC 5034 section 3).
pub const fn profile(sasl: Sasl) -> Profile {
    Profile {
        initial_response: match sasl {
            Sasl::Unlisted => InitialResponse::NotCarried,
            // `AUTH ` + name + SP + base64 + CRLF within [`MAX_COMMAND`] octets (RFC 5034 section 4).
            Sasl::Listed => InitialResponse::CarriedUpTo(247),
        },
        success_data: SuccessData::AsChallenge,
        // Servers of before RFC 5034 may write words there.
        first_challenge: FirstChallenge::Ignored,
        ..Profile::FULL
    }
}

/// POP3 as a server of ours speaks it: with `SASL`.
pub const PROFILE: Profile = profile(Sasl::Listed);

/// Whether a server lists its mechanisms as a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sasl {
    /// It doesn't: it is of before RFC 2449, and knows `AUTH` by RFC 1734 at best.
    #[default]
    Unlisted,
    /// It does.
    Listed,
}

/// Whether a server marks refusals that concern the credentials with `[AUTH]` (RFC 3206 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthCodes {
    /// It has not said so.
    #[default]
    Unlisted,
    /// It does, so that refusals without a code do not concern them.
    Listed,
}
