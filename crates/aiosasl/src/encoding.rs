//! Strict base64 (RFC 4648 section 4): canonical, padded, no white space.

use alloc::{string::String, vec::Vec};
use core::fmt;

#[cfg(feature = "base64")]
use base64ct::{Base64, Encoding as _};

#[cfg(feature = "base64")]
use crate::secret;

/// Octets as base64.
#[cfg(feature = "base64")]
pub fn encode(octets: &[u8]) -> String {
    Base64::encode_string(octets)
}

/// Appends octets as base64.
#[cfg(feature = "base64")]
pub fn encode_into(text: &mut Vec<u8>, octets: &[u8]) {
    let start = text.len();
    text.resize(start + encoded_len(octets.len()), 0);
    let room = text.get_mut(start..).unwrap_or_default();
    Base64::encode(octets, room).expect("the room has just been made to measure");
}

/// Appends the first `len` octets of the text itself as base64.
#[cfg(feature = "base64")]
pub fn encode_from_within(text: &mut Vec<u8>, len: usize) {
    let start = text.len();
    text.resize(start + encoded_len(len.min(start)), 0);
    let (before, room) = text.split_at_mut(start);
    let octets = before.get(..len).unwrap_or(before);
    Base64::encode(octets, room).expect("the room has just been made to measure");
}

/// The octets that the text stands for.
///
/// # Errors
///
/// [`Base64Error`]: foreign characters, misplaced padding, a wrong length and stray bits are all refused,
/// none is skipped.
#[cfg(feature = "base64")]
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64Error> {
    let text = text.as_ref();
    let padding = text.iter().rev().take_while(|octet| **octet == b'=').count();
    let mut octets = alloc::vec![0; (text.len() / 4 * 3).saturating_sub(padding)];
    decode_into(text, &mut octets).map(|_| octets)
}

/// The octets that the text stands for, in a room that is large enough; how many they are.
#[cfg(feature = "base64")]
pub(crate) fn decode_into(text: &[u8], room: &mut [u8]) -> Result<usize, Base64Error> {
    Base64::decode(text, room).map(<[u8]>::len).map_err(|_| Base64Error::of(text))
}

/// Whether the text is the base64 of these octets, in a time that depends on the lengths alone.
#[cfg(feature = "base64")]
pub fn encodes(text: &[u8], octets: &[u8]) -> bool {
    let mut room = [0; 64];
    text.len() == encoded_len(octets.len())
        && text.chunks(64).zip(octets.chunks(48)).fold(true, |fits, (text, octets)| {
            let encoded = Base64::encode(octets, &mut room).unwrap_or_default();
            fits & secret::equal(encoded.as_bytes(), text)
        })
}

/// How many characters that many octets become.
pub const fn encoded_len(octets: usize) -> usize {
    octets.div_ceil(3) * 4
}

/// Why text is no base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Base64Error {
    /// A character that is not of the alphabet.
    Alphabet,
    /// The length is no multiple of four.
    Length,
    /// The bits after the last octet are not zero.
    Noncanonical,
    /// `=` elsewhere than at the end, or too many of them.
    Padding,
}

impl Base64Error {
    #[cfg(feature = "base64")]
    fn of(text: &[u8]) -> Self {
        let foreign = |octet: &u8| !matches!(octet, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=');
        let body = text.iter().rposition(|octet| *octet != b'=').map_or(0, |last| last + 1);
        let padding = text.len() - body;
        if text.iter().any(foreign) {
            Self::Alphabet
        } else if text.iter().take(body).any(|octet| *octet == b'=') {
            Self::Padding
        } else if text.len() % 4 != 0 {
            Self::Length
        } else if padding > 2 {
            Self::Padding
        } else {
            Self::Noncanonical
        }
    }

    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alphabet => "base64-alphabet",
            Self::Length => "base64-length",
            Self::Noncanonical => "base64-noncanonical",
            Self::Padding => "base64-padding",
        }
    }
}

impl fmt::Display for Base64Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alphabet => "expected base64, found a character outside its alphabet",
            Self::Length => "expected base64, the length is no multiple of four",
            Self::Noncanonical => "expected canonical base64, the last character has stray bits",
            Self::Padding => "expected base64, '=' is misplaced",
        })
    }
}

impl core::error::Error for Base64Error {}

/// Octets as lower-case hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| DIGITS.get(usize::from(four & 15)).map_or('0', |it| char::from(*it));
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

/// Octets from pairs of lower- or upper-case hexadecimal digits; `None` for anything else.
pub fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}
