//! PostgreSQL's protocol 3, as far as SASL: requests for TLS, startup, authentication, both halves; never a socket.
//!
//! ```text
//!   Startup, client::request   ──frame──>  Startup::parse, Frontend::parse
//!   Backend::parse, client::Listener  <──frame──  server::offer, server::answer
//! ```
//!
//! # Example: no initial response is not the same as an empty one
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::postgres::client;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mechanism = "EXTERNAL".parse()?;
//! let none = ClientMessage::Authenticate { mechanism, initial_response: None };
//! assert!(client::request(&none)?.ends_with(b"EXTERNAL\0\xff\xff\xff\xff"));
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! assert!(client::request(&empty)?.ends_with(b"EXTERNAL\0\0\0\0\0"));
//! # Ok(())
//! # }
//! ```

mod backend;
pub mod client;
mod frontend;
pub mod server;
mod startup;

use aiosasl::{name::MechanismName, profile::Profile};

use crate::{
    WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

pub use backend::{Authentication, Backend, Told};
pub use frontend::{Awaited, Frontend};
pub use startup::{MAX_STARTUP, Startup, TlsAnswer, VERSION, measure_startup};

/// What PostgreSQL can carry: everything.
pub const PROFILE: Profile = Profile::FULL;

/// The name by which the protocol's own challenge of MD5 goes here, as a mechanism: the server says a salt of four octets, the
/// client answers with a hash in hexadecimal digits. It is no SASL on the wire: [`Authentication::Md5Password`].
pub const MD5: MechanismName = MechanismName::new("PG-MD5");

/// The name by which it goes here that a server lets somebody in by TLS's certificate, as a mechanism: nothing is said.
pub const CERTIFICATE: MechanismName = MechanismName::new("EXTERNAL");

/// The longest frame taken or made, in octets: a message of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 256;

/// The length of a frame: a tag, and four octets that count themselves and what follows.
///
/// # Errors
///
/// A [`WireError`] where that is less than themselves, or more than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let [_, length @ ..] = head else { return Ok(None) };
    let Some(length) = length.first_chunk() else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes(*length)) {
        Ok(length @ 4..MAX_FRAME) => Ok(Some(length + 1)),
        Ok(0..4) => Err(WireError::protocol("expected a length of at least 4 octets")),
        _ => Err(too_long(MAX_FRAME)),
    }
}

/// A frame's tag, and a cursor at the start of what follows its length.
fn open(frame: &[u8]) -> Result<(u8, Cursor<'_>), WireError> {
    let length = measure(frame)?;
    let mut cursor = Cursor::new(frame);
    let tag = cursor.u8()?;
    cursor.u32()?;
    if length != Some(frame.len()) {
        return Err(WireError::protocol("expected one whole frame"));
    }
    Ok((tag, cursor))
}

/// Makes a frame of a tag and what is written behind its length.
fn close(tag: u8, write: impl FnOnce(&mut Writer)) -> Result<Frame, WireError> {
    let mut body = Writer::new(MAX_FRAME - 5);
    write(&mut body);
    let body = body.finish()?;
    let mut frame = Writer::new(MAX_FRAME);
    let length: u32 = frame.count(body.len() + 4);
    frame.put(&[tag]).put(&length.to_be_bytes()).put(&body);
    frame.finish()
}
