//! UTF-8 and ISO 8859-1: which of the two is said, and which is hashed (RFC 2831 section 2.1.2.1).

use alloc::{borrow::Cow, string::String, vec::Vec};

use zeroize::Zeroizing;

use crate::error::Reason;

/// In which character set a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// There is a directive `charset=utf-8`.
    Utf8,
    /// There is none.
    Latin1,
}

impl Charset {
    /// The character set that a directive names.
    pub(super) fn named(value: Option<&[u8]>) -> Result<Self, Reason> {
        match value {
            None => Ok(Self::Latin1),
            Some(name) if name.eq_ignore_ascii_case(b"utf-8") => Ok(Self::Utf8),
            Some(_) => Err(Reason::BadCharset),
        }
    }

    /// Octets as text.
    pub(super) fn decode(self, octets: &[u8]) -> Result<Cow<'_, str>, Reason> {
        match self {
            Self::Utf8 => utf8(octets).map(Cow::Borrowed),
            Self::Latin1 => Ok(octets.iter().copied().map(char::from).collect::<String>().into()),
        }
    }

    /// Whether the text can be said; for one that is hashed.
    pub(super) fn check(self, text: &str) -> Result<(), Reason> {
        match self {
            Self::Latin1 if text.chars().any(|it| it > '\u{ff}') => Err(Reason::NotLatin1),
            Self::Latin1 | Self::Utf8 => Ok(()),
        }
    }

    /// Text as octets.
    pub(super) fn encode(self, text: &str) -> Result<Cow<'_, [u8]>, Reason> {
        match self {
            Self::Utf8 => Ok(Cow::Borrowed(text.as_bytes())),
            Self::Latin1 if text.is_ascii() => Ok(Cow::Borrowed(text.as_bytes())),
            Self::Latin1 => latin1(text).map(Cow::Owned).ok_or(Reason::NotLatin1),
        }
    }
}

pub(super) fn utf8(octets: &[u8]) -> Result<&str, Reason> {
    core::str::from_utf8(octets).map_err(|_| Reason::InvalidUtf8)
}

/// What of a text is hashed: ISO 8859-1 where all of it fits, else UTF-8; each text for itself.
pub(super) fn hashed(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(latin1(text).unwrap_or_else(|| text.into()))
}

fn latin1(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for character in text.chars() {
        octets.push(u8::try_from(u32::from(character)).ok()?);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_converted_where_it_fits() {
        assert_eq!(**hashed("j\u{fc}rgen"), *b"j\xfcrgen");
        assert_eq!(**hashed("\u{43f}\u{fc}"), *"\u{43f}\u{fc}".as_bytes());
        assert_eq!(Charset::Latin1.decode(b"\xfc").as_deref(), Ok("\u{fc}"));
        assert_eq!(Charset::Latin1.encode("\u{20ac}"), Err(Reason::NotLatin1));
        assert_eq!(Charset::Utf8.decode(b"\xfc"), Err(Reason::InvalidUtf8));
    }
}
