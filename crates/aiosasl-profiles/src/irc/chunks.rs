//! A message of an exchange as lines: base64 in chunks of 400 octets, the last one shorter (IRCv3 SASL 3.1).

use std::fmt;

use aiosasl::{
    encoding::{Base64Error, decode, encode},
    secret::Secret,
};
use zeroize::Zeroizing;

/// The longest chunk, in octets of base64; one that has as many is not the last.
pub const MAX_CHUNK: usize = 400;
/// The longest message taken, in octets of base64.
pub const MAX_BASE64: usize = 65_536;

/// The lines that say these octets, each with its ending; wiped on drop.
pub fn spell(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(encode(octets));
    let mut pieces: Vec<&[u8]> = base64.as_bytes().chunks(MAX_CHUNK).collect();
    if pieces.last().is_none_or(|last| last.len() == MAX_CHUNK) {
        pieces.push(b"+");
    }
    let lines: Vec<&[u8]> =
        pieces.into_iter().flat_map(|it| [b"AUTHENTICATE ".as_slice(), it, b"\r\n"]).collect();
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(lines.concat())
}

/// Chunks in, one message out. After that, and after an error, every chunk is one too many.
#[derive(Default)]
pub struct Chunks {
    base64: Zeroizing<Vec<u8>>,
    ended: bool,
}

/// What a chunk makes of those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The exchange is given up.
    Abort,
    /// The message is complete.
    Message(Secret),
    /// There is more to come.
    More,
}

impl Chunks {
    /// Takes the parameter of an `AUTHENTICATE`.
    ///
    /// # Errors
    ///
    /// [`ChunkError`]: the exchange is to be ended with it.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Heard, ChunkError> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(ChunkError::DataAfterEnd);
        }
        match chunk {
            b"*" => return Ok(Heard::Abort),
            b"+" => {}
            _ if chunk.len() > MAX_CHUNK => return Err(ChunkError::ChunkTooLong),
            _ if self.base64.len() + chunk.len() > MAX_BASE64 => return Err(ChunkError::TooLong),
            _ => self.append(chunk),
        }
        if chunk.len() == MAX_CHUNK {
            self.ended = false;
            return Ok(Heard::More);
        }
        let octets = decode(self.base64.as_slice()).map_err(ChunkError::Base64)?;
        Ok(Heard::Message(Secret::new(octets)))
    }

    /// Says that nothing follows.
    ///
    /// # Errors
    ///
    /// [`ChunkError::Incomplete`] where the message has not ended.
    pub fn finish(self) -> Result<(), ChunkError> {
        if self.ended { Ok(()) } else { Err(ChunkError::Incomplete) }
    }

    /// Whether a message has begun, and not ended.
    pub fn is_open(&self) -> bool {
        !self.ended && !self.base64.is_empty()
    }

    fn append(&mut self, chunk: &[u8]) {
        let needed = self.base64.len() + chunk.len();
        if needed > self.base64.capacity() {
            // Copied, so that what is left behind is wiped.
            let mut grown = Zeroizing::new(Vec::with_capacity(needed * 2));
            grown.extend_from_slice(&self.base64);
            self.base64 = grown;
        }
        self.base64.extend_from_slice(chunk);
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunks({} octets of base64)", self.base64.len())
    }
}

/// Why chunks make no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChunkError {
    /// All together, they are no base64.
    Base64(Base64Error),
    /// A chunk of more than [`MAX_CHUNK`] octets.
    ChunkTooLong,
    /// A chunk after the last one.
    DataAfterEnd,
    /// The last one is missing.
    Incomplete,
    /// More than [`MAX_BASE64`] octets, all together.
    TooLong,
}

impl ChunkError {
    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64(error) => error.as_str(),
            Self::ChunkTooLong => "chunk-too-long",
            Self::DataAfterEnd => "data-after-end",
            Self::Incomplete => "incomplete",
            Self::TooLong => "too-long",
        }
    }
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64(error) => error.fmt(f),
            Self::ChunkTooLong => write!(f, "expected chunks of at most {MAX_CHUNK} octets"),
            Self::DataAfterEnd => f.write_str("expected no chunk after the last one"),
            Self::Incomplete => f.write_str("expected a last chunk, shorter than the others"),
            Self::TooLong => write!(f, "expected a message of at most {MAX_BASE64} octets"),
        }
    }
}

impl std::error::Error for ChunkError {}
