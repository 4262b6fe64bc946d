//! The frames: a head of 24 octets, then extras, a key and a value.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response as Words},
    name::MechanismName,
    secret::Secret,
};

use super::MAX_FRAME;
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

const REQUEST: u8 = 0x80;
const RESPONSE: u8 = 0x81;
/// The octets of a head.
const HEAD: usize = 24;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// An exchange by the mechanism that the key names.
    Authenticate,
    /// The list of mechanisms.
    ListMechanisms,
    /// Something else, by its number.
    Other(u8),
    /// The exchange goes on.
    Step,
}

impl Opcode {
    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Self::Authenticate => 0x21,
            Self::ListMechanisms => 0x20,
            Self::Other(number) => number,
            Self::Step => 0x22,
        }
    }
}

impl From<u8> for Opcode {
    fn from(number: u8) -> Self {
        match number {
            0x20 => Self::ListMechanisms,
            0x21 => Self::Authenticate,
            0x22 => Self::Step,
            _ => Self::Other(number),
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// It was done.
    pub const SUCCESS: Self = Self(0x0000);
    /// The value is too large.
    pub const TOO_LARGE: Self = Self(0x0003);
    /// The arguments make no sense.
    pub const INVALID_ARGUMENTS: Self = Self(0x0004);
    /// The client may not come in; or has not.
    pub const AUTHENTICATION_ERROR: Self = Self(0x0020);
    /// The value is a challenge.
    pub const FURTHER_STEP: Self = Self(0x0021);
    /// No such request: SASL is off.
    pub const UNKNOWN_COMMAND: Self = Self(0x0081);
    /// There is no memory left for it.
    pub const OUT_OF_MEMORY: Self = Self(0x0082);
    /// The server is busy.
    pub const BUSY: Self = Self(0x0085);
    /// Not now, perhaps later.
    pub const TEMPORARY_FAILURE: Self = Self(0x0086);
}

/// A client's frame; it has no extras, or they are of no interest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is wanted.
    pub opcode: Opcode,
    /// The mechanism's name, in an exchange.
    pub key: Secret,
    /// What the mechanism says, in an exchange.
    pub value: Secret,
    /// To be repeated with the response.
    pub opaque: u32,
}

/// A server's frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// To what it responds.
    pub opcode: Opcode,
    /// What became of that.
    pub status: Status,
    /// A list, a challenge, last words, or words for people.
    pub value: Secret,
    /// The request's.
    pub opaque: u32,
}

/// The length of a frame: a head, and as many octets as it says.
///
/// # Errors
///
/// A [`WireError`] where they are more than [`MAX_FRAME`], or it is the head of something else.
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    if head.first().is_some_and(|magic| !matches!(*magic, REQUEST | RESPONSE)) {
        return Err(WireError::protocol("expected a frame of memcached's binary protocol"));
    }
    let Some(head) = head.first_chunk::<HEAD>() else { return Ok(None) };
    let mut length = Cursor::new(head);
    length.take(8)?;
    match usize::try_from(length.u32()?) {
        Ok(length) if length <= MAX_FRAME - HEAD => Ok(Some(HEAD + length)),
        _ => Err(too_long(MAX_FRAME)),
    }
}

/// What both directions have.
struct Parts<'a> {
    opcode: Opcode,
    status: u16,
    opaque: u32,
    key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Parts<'a> {
    fn parse(frame: &'a [u8], expected: u8) -> Result<Self, WireError> {
        if measure(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole frame"));
        }
        let mut rest = Cursor::new(frame);
        if rest.u8()? != expected {
            return Err(WireError::protocol("expected a frame of the other direction"));
        }
        let opcode = Opcode::from(rest.u8()?);
        let (key_len, extras_len) = (rest.u16()?, rest.u8()?);
        // The type of data is always raw.
        rest.u8()?;
        let status = rest.u16()?;
        rest.u32()?;
        let opaque = rest.u32()?;
        // A version of the item, which nothing here has.
        rest.u64()?;
        rest.take(extras_len.into())?;
        let key = rest.take(key_len.into())?;
        Ok(Self { opcode, status, opaque, key, value: rest.rest() })
    }

    fn write(&self, magic: u8) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_FRAME);
        let key_len: u16 = frame.count(self.key.len());
        let body_len: u32 = frame.count(self.key.len() + self.value.len());
        frame.put(&[magic, self.opcode.number()]).put(&key_len.to_be_bytes()).put(&[0, 0]);
        frame.put(&self.status.to_be_bytes()).put(&body_len.to_be_bytes());
        frame.put(&self.opaque.to_be_bytes()).put(&[0; 8]).put(self.key).put(self.value);
        frame.finish()
    }
}

impl Request {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of a client's.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let Parts { opcode, opaque, key, value, .. } = Parts::parse(frame, REQUEST)?;
        Ok(Self { opcode, key: Secret::new(key), value: Secret::new(value), opaque })
    }

    /// The request as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let (key, value) = (self.key.expose(), self.value.expose());
        let parts = Parts { opcode: self.opcode, status: 0, opaque: self.opaque, key, value };
        parts.write(REQUEST)
    }

    /// What it says in an exchange. No value in a request that starts one is no initial response.
    ///
    /// # Errors
    ///
    /// [`FailureCode`]: why it says nothing there, or names no mechanism.
    pub fn into_message(self) -> Result<ClientMessage, FailureCode> {
        match self.opcode {
            Opcode::Authenticate => {
                let mechanism = MechanismName::parse_any_case(self.key.expose())
                    .map_err(|_| FailureCode::MechanismUnknown)?;
                let first = (!self.value.is_empty()).then(|| Words::new(self.value.expose()));
                Ok(ClientMessage::Authenticate { mechanism, initial_response: first })
            }
            Opcode::Step => Ok(ClientMessage::Response(Words::new(self.value.expose()))),
            Opcode::ListMechanisms | Opcode::Other(_) => Err(FailureCode::WrongState),
        }
    }
}

impl Response {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of a server's.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let Parts { opcode, status, opaque, value, .. } = Parts::parse(frame, RESPONSE)?;
        Ok(Self { opcode, status: Status(status), value: Secret::new(value), opaque })
    }

    /// The response as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let (status, value) = (self.status.0, self.value.expose());
        Parts { opcode: self.opcode, status, opaque: self.opaque, key: b"", value }.write(RESPONSE)
    }
}
