//! Frames of AMQP 0-9-1: a method of the connection, or something else.

use aiosasl::secret::Secret;

use super::{MAGIC, MAX_FRAME, Method, measure};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

const METHOD: u8 = 1;
const END: u8 = 0xce;

/// A header or a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The version that is spoken: `[0, 0, 9, 1]`.
    Header([u8; 4]),
    /// A method, on the channel of the connection itself.
    Method(Method),
    /// Something else: of this type, on this channel, with these octets.
    Other(u8, u16, Secret),
}

impl Message {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        if measure(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole frame"));
        }
        let mut from = Cursor::new(frame);
        if frame.starts_with(MAGIC) {
            from.u32()?;
            return from.array().map(Self::Header);
        }
        let kind = from.u8()?;
        let channel = from.u16()?;
        let content = from.counted_u32()?;
        if from.u8()? != END {
            return Err(WireError::protocol("expected the end of a frame"));
        }
        match (kind, channel) {
            (METHOD, 0) => Method::read(Cursor::new(content)).map(Self::Method),
            _ => Ok(Self::Other(kind, channel, Secret::new(content))),
        }
    }

    /// The message as octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a field is.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_FRAME);
        match self {
            Self::Header(version) => _ = frame.put(MAGIC).put(version),
            Self::Method(method) => {
                let content = frame.part(|to| method.write(to));
                frame.put(&[METHOD, 0, 0]).counted_u32(&content).put(&[END]);
            }
            Self::Other(kind, channel, content) => {
                frame.put(&[*kind]).put(&channel.to_be_bytes());
                frame.counted_u32(content.expose()).put(&[END]);
            }
        }
        frame.finish()
    }
}
