//! Strict base64 (RFC 4648 section 4): canonical, padded, no white space.

#[cfg(feature = "base64")]
use alloc::{string::String, vec::Vec};
use core::fmt;

#[cfg(feature = "base64")]
use base64ct::{Base64, Encoding as _};

/// Octets as base64.
#[cfg(feature = "base64")]
pub fn encode(octets: &[u8]) -> String {
    Base64::encode_string(octets)
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
    let fault = || Base64Error::of(text);
    Base64::decode_vec(core::str::from_utf8(text).map_err(|_| fault())?).map_err(|_| fault())
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
