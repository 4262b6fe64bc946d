//! D-Bus's authentication (D-Bus specification, "Authentication Protocol"): lines of ASCII, messages in hexadecimal
//! digits, both halves; never a socket.
//!
//! ```text
//!   C: NUL AUTH                          S: REJECTED mechanism mechanism ...
//!   C: AUTH mechanism [hex]              S: DATA [hex], OK guid, REJECTED ..., ERROR
//!   C: DATA [hex], CANCEL
//!   C: BEGIN
//! ```
//!
//! # Example: what a bus takes
//!
//! ```
//! use aiosasl_profiles::dbus::ServerLine;
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let ServerLine::Rejected(names) = ServerLine::parse(b"REJECTED EXTERNAL ANONYMOUS")? else {
//!     panic!("expected a list");
//! };
//! assert_eq!(names.len(), 2);
//! # Ok(())
//! # }
//! ```

pub mod client;
mod line;
pub mod server;

use aiosasl::profile::{Profile, SuccessData};

pub use line::{ClientLine, ServerLine};

/// What D-Bus can carry: everything, but a server's last words go into a challenge, and messages are as long as a line.
pub const PROFILE: Profile =
    Profile { success_data: SuccessData::AsChallenge, max_message: 8000, ..Profile::FULL };

/// The longest line taken, in octets: 16 KiB, as the usual bus takes.
pub const MAX_LINE: usize = 16_384;

/// What a client sends first: an octet that may carry its credentials.
pub const HELLO: &[u8] = b"\0";
