//! The packets of an exchange; of others, their first octet alone is known.

use aiosasl::secret::Secret;

use super::{Connect, MAX_PACKET, Properties, measure, number, put_number};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

/// A packet, whoever says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// The exchange goes on, begins again, or is over.
    Auth(Auth),
    /// What became of a connection.
    ConnAck(ConnAck),
    /// A connection is wanted.
    Connect(Box<Connect>),
    /// Good bye.
    Disconnect(Disconnect),
    /// Something else: its first octet, and what follows its length.
    Other(u8, Secret),
}

/// Why, or how, in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason(pub u8);

impl Reason {
    /// All is well.
    pub const SUCCESS: Self = Self(0x00);
    /// The exchange goes on.
    pub const CONTINUE: Self = Self(0x18);
    /// The client authenticates once more.
    pub const AGAIN: Self = Self(0x19);
    /// The packet is malformed.
    pub const MALFORMED_PACKET: Self = Self(0x81);
    /// The packet may not come now.
    pub const PROTOCOL_ERROR: Self = Self(0x82);
    /// The user's name or the password is wrong.
    pub const BAD_USER_NAME_OR_PASSWORD: Self = Self(0x86);
    /// The client may not come in.
    pub const NOT_AUTHORIZED: Self = Self(0x87);
    /// The server is not to be had.
    pub const SERVER_UNAVAILABLE: Self = Self(0x88);
    /// The server is busy.
    pub const SERVER_BUSY: Self = Self(0x89);
    /// The client has been banned.
    pub const BANNED: Self = Self(0x8a);
    /// No such method.
    pub const BAD_AUTHENTICATION_METHOD: Self = Self(0x8c);
    /// The packet is too large.
    pub const PACKET_TOO_LARGE: Self = Self(0x95);
    /// Too much of something.
    pub const QUOTA_EXCEEDED: Self = Self(0x97);
    /// Another server is to be used now.
    pub const USE_ANOTHER_SERVER: Self = Self(0x9c);
    /// Another server is to be used from now on.
    pub const SERVER_MOVED: Self = Self(0x9d);
    /// Too many connections.
    pub const CONNECTION_RATE_EXCEEDED: Self = Self(0x9f);

    /// Whether it says that something failed.
    pub fn is_failure(self) -> bool {
        self.0 >= 0x80
    }
}

/// AUTH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Whether the exchange goes on, begins again, or is over.
    pub reason: Reason,
    /// The method is always among them, unless there are none.
    pub properties: Properties,
}

/// CONNACK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnAck {
    /// Whether an earlier session goes on: 1 where it does, else 0.
    pub flags: u8,
    /// What became of the connection.
    pub reason: Reason,
    /// The properties.
    pub properties: Properties,
}

/// DISCONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnect {
    /// Why.
    pub reason: Reason,
    /// The properties.
    pub properties: Properties,
}

impl Packet {
    /// Reads a whole packet.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of MQTT 5.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        if measure(octets)? != Some(octets.len()) {
            return Err(WireError::protocol("expected one whole packet"));
        }
        let mut rest = Cursor::new(octets);
        let first = rest.u8()?;
        number(&mut rest)?;
        let packet = match first {
            0x10 => Self::Connect(Box::new(Connect::parse(&mut rest)?)),
            0x20 => {
                let (flags, reason) = (rest.u8()?, Reason(rest.u8()?));
                if flags > 1 {
                    return Err(WireError::protocol("expected other flags in CONNACK"));
                }
                let properties = Properties::parse(&mut rest)?;
                Self::ConnAck(ConnAck { flags, reason, properties })
            }
            0xe0 => {
                let (reason, properties) = reason(&mut rest)?;
                Self::Disconnect(Disconnect { reason, properties })
            }
            0xf0 => {
                let (reason, properties) = reason(&mut rest)?;
                Self::Auth(Auth { reason, properties })
            }
            _ => Self::Other(first, Secret::new(rest.rest())),
        };
        rest.end()?;
        Ok(packet)
    }

    /// The packet on the wire.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it, or a part of it, is too long.
    pub fn to_octets(&self) -> Result<Frame, WireError> {
        let mut rest = Writer::new(MAX_PACKET - 5);
        let first = match self {
            Self::Auth(Auth { reason, properties }) => {
                rest.put(&[reason.0]);
                properties.write(MAX_PACKET, &mut rest)?;
                0xf0
            }
            Self::ConnAck(ConnAck { flags, reason, properties }) => {
                rest.put(&[*flags, reason.0]);
                properties.write(MAX_PACKET, &mut rest)?;
                0x20
            }
            Self::Connect(connect) => {
                connect.write(&mut rest)?;
                0x10
            }
            Self::Disconnect(Disconnect { reason, properties }) => {
                rest.put(&[reason.0]);
                properties.write(MAX_PACKET, &mut rest)?;
                0xe0
            }
            Self::Other(first, octets) => {
                rest.put(octets.expose());
                *first
            }
        };
        let rest = rest.finish()?;
        let mut packet = Writer::new(MAX_PACKET);
        packet.put(&[first]);
        put_number(&mut packet, rest.len());
        packet.put(&rest);
        packet.finish()
    }
}

/// A reason and properties, which may both be left out where they say nothing.
fn reason(rest: &mut Cursor<'_>) -> Result<(Reason, Properties), WireError> {
    match rest.peek() {
        [] => Ok((Reason::SUCCESS, Properties::default())),
        [_] => Ok((Reason(rest.u8()?), Properties::default())),
        _ => Ok((Reason(rest.u8()?), Properties::parse(rest)?)),
    }
}
