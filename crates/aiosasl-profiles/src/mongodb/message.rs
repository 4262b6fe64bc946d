//! OP_MSG, the one kind of message that is spoken since MongoDB 3.6.

use super::{Document, MAX_FRAME};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

const OP_MSG: i32 = 2013;
/// The octets before the flags.
const HEADER: usize = 16;
/// Four octets behind the message, which are not looked at: TCP and TLS have their own.
const CHECKSUM_PRESENT: u32 = 1;
/// Flags that change what a message means, of which all must be known.
const REQUIRED: u32 = 0xffff;
/// A section that is one document.
const BODY: u8 = 0;

/// A message, from either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub request_id: i32,
    /// The number of the message that it answers; 0 for a request.
    pub response_to: i32,
    /// What it says.
    pub body: Document,
}

/// The length of a message, which counts itself.
///
/// # Errors
///
/// A [`WireError`] where it is less than a header, or more than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let Some(length) = head.first_chunk() else { return Ok(None) };
    match usize::try_from(i32::from_le_bytes(*length)) {
        Ok(length @ HEADER..=MAX_FRAME) => Ok(Some(length)),
        Ok(length) if length > MAX_FRAME => Err(too_long(MAX_FRAME)),
        _ => Err(WireError::protocol("expected a message of at least 16 octets")),
    }
}

impl Message {
    /// Reads a whole message.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none, or one of several parts, which no login has.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        if measure(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole message"));
        }
        let mut from = Cursor::new(frame);
        from.i32_le()?;
        let request_id = from.i32_le()?;
        let response_to = from.i32_le()?;
        if from.i32_le()? != OP_MSG {
            return Err(WireError::protocol("expected a message of the kind OP_MSG"));
        }
        let flags = from.u32_le()?;
        if flags & REQUIRED & !CHECKSUM_PRESENT != 0 || from.u8()? != BODY {
            return Err(WireError::protocol("expected a message of one document"));
        }
        let rest = from.rest();
        let body = match rest.split_last_chunk::<4>() {
            Some((body, _)) if flags & CHECKSUM_PRESENT != 0 => body,
            _ => rest,
        };
        Ok(Self { request_id, response_to, body: Document::parse(body)? })
    }

    /// The message as octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_FRAME);
        let body = self.body.as_bytes();
        let length: i32 = frame.count(body.len().saturating_add(HEADER + 5));
        for number in [length, self.request_id, self.response_to, OP_MSG, 0] {
            frame.put(&number.to_le_bytes());
        }
        frame.put(&[BODY]).put(body);
        frame.finish()
    }
}
