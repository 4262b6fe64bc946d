//! OP_MSG, the one kind of message that is spoken since MongoDB 3.6; and of those before it, what clients begin with until
//! they know the server.

use super::{Document, MAX_FRAME};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

const OP_MSG: i32 = 2013;
const OP_QUERY: i32 = 2004;
const OP_REPLY: i32 = 1;
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

    /// Whether a whole message is of the older kind: [`parse_query`](Self::parse_query).
    pub fn is_query(frame: &[u8]) -> bool {
        frame.get(12..HEADER) == Some(&OP_QUERY.to_le_bytes())
    }

    /// Reads a whole message of the older kind, which is a command.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse_query(frame: &[u8]) -> Result<Self, WireError> {
        if measure(frame)? != Some(frame.len()) || !Self::is_query(frame) {
            return Err(WireError::protocol("expected one whole message of the kind OP_QUERY"));
        }
        let mut from = Cursor::new(frame);
        from.i32_le()?;
        let request_id = from.i32_le()?;
        from.take(8)?;
        // Its flags; whose collection; how many documents to skip, and to return.
        from.i32_le()?;
        if !from.until_nul()?.ends_with(b".$cmd") {
            return Err(WireError::protocol("expected a command"));
        }
        from.take(8)?;
        Ok(Self { request_id, response_to: 0, body: Document::parse(from.rest())? })
    }

    /// The message as octets, for a client that has sent one of the older kind.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_reply(&self) -> Result<Frame, WireError> {
        const ONE_DOCUMENT: i32 = 1;
        let mut frame = Writer::new(MAX_FRAME);
        let body = self.body.as_bytes();
        let length: i32 = frame.count(body.len().saturating_add(HEADER + 20));
        // Behind the header: flags, a cursor of eight octets, where in it this starts, and how much this is.
        for number in
            [length, self.request_id, self.response_to, OP_REPLY, 0, 0, 0, 0, ONE_DOCUMENT]
        {
            frame.put(&number.to_le_bytes());
        }
        frame.put(body);
        frame.finish()
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
