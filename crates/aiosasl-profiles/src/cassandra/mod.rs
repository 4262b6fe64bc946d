//! Cassandra's native protocol, versions 3 and 4, as far as authentication: both halves; never a socket.
//!
//! ```text
//!   client::request      ──frame──>  Message::parse, Message::into_message
//!   Message::parse, client::hear  <──frame──  server::authenticate, server::answer
//! ```
//!
//! The server names the class of its authenticator, not a mechanism; what is to be said to which class, the caller
//! knows. Version 5 puts these frames into others after the startup; it is not spoken here.
//!
//! # Example: a success may have last words
//!
//! ```
//! use aiosasl::message::{Challenge, ServerMessage};
//! use aiosasl_profiles::cassandra::{Frame, Message, server};
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let success = ServerMessage::Success { additional_data: Some(Challenge::new(*b"v=")) };
//! let octets = server::answer(&success, 1)?;
//! let Frame { message, .. } = Frame::parse(&octets)?;
//! assert_eq!(message, Message::AuthSuccess(Some(Challenge::new(*b"v="))));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod message;
pub mod server;

use aiosasl::profile::Profile;

use crate::{
    WireError,
    frame::{self, Cursor, Writer, too_long},
};

pub use message::Message;

/// What Cassandra can carry: everything.
pub const PROFILE: Profile = Profile::FULL;

/// The longest frame taken or made, in octets: a message of 64 KiB, and room around it.
pub const MAX_FRAME: usize = PROFILE.max_message as usize + 256;

/// The version of the protocol that we write.
pub const VERSION: u8 = 4;

/// The octets of a head.
const HEAD: usize = 9;
/// Set in a version where a server speaks.
const FROM_SERVER: u8 = 0x80;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// A message, and whose and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who says it.
    pub sender: Sender,
    /// The version of the protocol: 3 or 4.
    pub version: u8,
    /// The number of a request, repeated in what answers it.
    pub stream: i16,
    /// What is said.
    pub message: Message,
}

/// The length of a frame: a head, and as many octets as it says.
///
/// # Errors
///
/// A [`WireError`] where they are more than [`MAX_FRAME`], or it is the head of another version.
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    if head.first().is_some_and(|version| !matches!(version & !FROM_SERVER, 3 | 4)) {
        return Err(WireError::protocol("expected version 3 or 4 of the protocol"));
    }
    let Some([.., a, b, c, d]) = head.first_chunk::<HEAD>() else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])) {
        Ok(length) if length <= MAX_FRAME - HEAD => Ok(Some(HEAD + length)),
        _ => Err(too_long(MAX_FRAME)),
    }
}

impl Frame {
    /// What a client says under this number.
    pub fn of_client(stream: i16, message: Message) -> Self {
        Self { sender: Sender::Client, version: VERSION, stream, message }
    }

    /// What a server says to the request of this number.
    pub fn of_server(stream: i16, message: Message) -> Self {
        Self { sender: Sender::Server, version: VERSION, stream, message }
    }

    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none, or has something before its message: it is compressed, traced or has warnings.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        if measure(octets)? != Some(octets.len()) {
            return Err(WireError::protocol("expected one whole frame"));
        }
        let mut rest = Cursor::new(octets);
        let (version, flags) = (rest.u8()?, rest.u8()?);
        if flags != 0 {
            return Err(WireError::protocol("expected a frame without flags"));
        }
        let (stream, opcode) = (rest.i16()?, rest.u8()?);
        rest.u32()?;
        let message = Message::parse(opcode, rest)?;
        let sender = if version & FROM_SERVER == 0 { Sender::Client } else { Sender::Server };
        Ok(Self { sender, version: version & !FROM_SERVER, stream, message })
    }

    /// The frame on the wire.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_octets(&self) -> Result<frame::Frame, WireError> {
        let mut body = Writer::new(MAX_FRAME - HEAD);
        self.message.write(&mut body);
        let body = body.finish()?;
        let mut frame = Writer::new(MAX_FRAME);
        let version = match self.sender {
            Sender::Client => self.version,
            Sender::Server => self.version | FROM_SERVER,
        };
        frame.put(&[version, 0]).put(&self.stream.to_be_bytes());
        frame.put(&[self.message.opcode()]).counted_u32(&body);
        frame.finish()
    }
}
