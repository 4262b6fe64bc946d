//! SMTP, message submission and LMTP (RFC 2033, 4954, 5321, 6409): messages to bytes, both halves; never a socket.
//!
//! ```text
//!   client::spell  ──line──>  server::Command::parse, server::hear
//!   ReplyReader, client::hear  <──line──  server::challenge, server::success, server::failure
//! ```
//!
//! # Example: a refusal keeps its codes
//!
//! ```
//! use aiosasl_profiles::{Said, WireClass, smtp::{ReplyReader, client::hear}};
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let reply = ReplyReader::new().line(b"535 5.7.8 Authentication failed")?.expect("one line is all");
//! let error = hear(&reply, Said::Response).expect_err("it is a refusal");
//! assert_eq!(error.class, WireClass::Credentials);
//! assert_eq!(error.code.as_deref(), Some("535 5.7.8"));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod reply;
pub mod server;

pub use reply::{EnhancedCode, Reply, ReplyReader};

use aiosasl::{
    encoding::encoded_len,
    profile::{FirstChallenge, InitialResponse, Profile, SuccessData},
};

/// What SMTP can carry: no data with success, and an initial response only in a command of ordinary length.
pub const PROFILE: Profile = Profile {
    // `AUTH ` + name + SP + base64 + CRLF within [`MAX_COMMAND`] octets (RFC 4954 section 4).
    initial_response: InitialResponse::CarriedUpTo(504),
    success_data: SuccessData::AsChallenge,
    // Servers write words there: `334 Go on`.
    first_challenge: FirstChallenge::Ignored,
    max_message: 65_536,
    max_steps: 16,
};

/// Which of two protocols is spoken: as far as SASL, they differ in how a session is opened, and in nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// SMTP (RFC 5321): `EHLO`, or `HELO`.
    #[default]
    Smtp,
    /// LMTP (RFC 2033 section 4.1): `LHLO`.
    Lmtp,
}

impl Dialect {
    /// The command that opens a session, and asks what is offered.
    pub const fn hello(self) -> &'static str {
        match self {
            Self::Smtp => "EHLO",
            Self::Lmtp => "LHLO",
        }
    }

    /// What a server calls it in its greeting.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "ESMTP",
            Self::Lmtp => "LMTP",
        }
    }
}

/// The longest command, in octets with its CRLF (RFC 5321 section 4.5.3.1.4).
pub const MAX_COMMAND: usize = 512;

/// The longest line inside an exchange, in octets without its CRLF; RFC 4954 section 4 asks for 12288 at least.
pub const MAX_LINE: usize = encoded_len(PROFILE.max_message as usize) + "334 ".len();

/// The longest text of a reply, all lines together, in octets.
pub const MAX_REPLY: usize = MAX_LINE;

/// The most lines of a reply.
pub const MAX_REPLY_LINES: usize = 128;
