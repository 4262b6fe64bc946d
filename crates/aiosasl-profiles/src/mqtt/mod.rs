//! MQTT 5's enhanced authentication: the packets that carry it, both halves; never a socket.
//!
//! ```text
//!   client::request            ──packet──>  Packet::parse, server::hear
//!   Packet::parse, client::hear  <──packet──  server::answer
//! ```
//!
//! An exchange begins with the connection, or again on one that is there ([`Start`]). The method is a mechanism's name,
//! and the same in all packets of an exchange.
//!
//! # Example: no initial response is not the same as an empty one
//!
//! ```
//! use aiosasl::message::{ClientMessage, Response};
//! use aiosasl_profiles::mqtt::{Packet, Start, client};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mechanism = "EXTERNAL".parse()?;
//! let empty = ClientMessage::Authenticate { mechanism, initial_response: Some(Response::empty()) };
//! let Packet::Auth(auth) = Packet::parse(&client::request(&empty, mechanism, &Start::Again)?)? else {
//!     panic!("expected AUTH");
//! };
//! assert_eq!(auth.properties.data, Some("".into()));
//! # Ok(())
//! # }
//! ```

pub mod client;
mod connect;
mod packet;
mod property;
pub mod server;

use aiosasl::profile::Profile;

use crate::{
    WireError,
    frame::{Cursor, Writer, too_long},
};

pub use connect::{Connect, Session, Will};
pub use packet::{Auth, ConnAck, Disconnect, Packet, Reason};
pub use property::Properties;

/// What MQTT can carry: everything, but messages of no more octets than two can count.
pub const PROFILE: Profile = Profile { max_message: 65_535, ..Profile::FULL };

/// The longest packet taken or made, in octets: a message of 64 KiB, and room around it.
pub const MAX_PACKET: usize = PROFILE.max_message as usize + 4096;

/// How an exchange begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// On a connection that is there: the client authenticates once more.
    Again,
    /// With this connection.
    Connect(Box<Connect>),
}

/// The length of a packet: an octet for its type, and a number of one to four octets that counts what follows.
///
/// # Errors
///
/// A [`WireError`] where that is more than [`MAX_PACKET`], or no such number.
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let Some((_, rest)) = head.split_first() else { return Ok(None) };
    let digits = rest.iter().take(4).take_while(|octet| **octet >= 0x80).count();
    if digits == rest.len() && digits < 4 {
        return Ok(None);
    }
    let mut cursor = Cursor::new(rest);
    match usize::try_from(number(&mut cursor)?) {
        Ok(length) if length <= MAX_PACKET - 5 => Ok(Some(2 + digits + length)),
        _ => Err(too_long(MAX_PACKET)),
    }
}

/// A number of one to four octets, seven bits each, the least first.
fn number(cursor: &mut Cursor<'_>) -> Result<u32, WireError> {
    let mut number = 0;
    for shift in [0, 7, 14, 21] {
        let octet = cursor.u8()?;
        number |= u32::from(octet & 0x7f) << shift;
        if octet < 0x80 {
            return Ok(number);
        }
    }
    Err(WireError::protocol("expected a number of at most four octets"))
}

/// Puts such a number; those that are put here are below the length of a packet.
fn put_number(writer: &mut Writer, number: usize) {
    let mut rest: u32 = writer.count(number);
    loop {
        let [.., low] = (rest & 0x7f).to_be_bytes();
        rest >>= 7;
        if rest == 0 {
            writer.put(&[low]);
            return;
        }
        writer.put(&[low | 0x80]);
    }
}

fn text(octets: &[u8]) -> Result<String, WireError> {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(WireError::protocol("expected text in UTF-8 without NUL")),
    }
}
