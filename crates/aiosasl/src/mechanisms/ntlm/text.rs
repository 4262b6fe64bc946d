//! Names on the wire: UTF-16 in little-endian order, or ASCII where one end has nothing else.

use alloc::{string::String, vec::Vec};

use crate::error::Reason;

/// The octets of a text in UTF-16LE; none of it is left elsewhere.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    // As many units as octets at most, so that nothing moves.
    let mut octets = Vec::with_capacity(text.len() * 2);
    octets.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    octets
}

/// A name for a peer that has Unicode, or has not.
pub(super) fn write(text: &str, unicode: bool) -> Result<Vec<u8>, Reason> {
    if unicode {
        Ok(utf16(text))
    } else if text.is_ascii() {
        Ok(text.into())
    } else {
        Err(Reason::NoUnicode)
    }
}

/// A name of a peer that has Unicode, or has not.
pub(super) fn read(octets: &[u8], unicode: bool) -> Result<String, Reason> {
    if !unicode {
        let text = core::str::from_utf8(octets).ok().filter(|text| text.is_ascii());
        return text.map(Into::into).ok_or(Reason::NoUnicode);
    }
    let units = octets.chunks(2).map(|unit| match unit {
        [low, high] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    });
    let units: Option<Vec<u16>> = units.collect();
    String::from_utf16(&units.ok_or(Reason::InvalidUtf16)?).map_err(|_| Reason::InvalidUtf16)
}

/// In upper case as Windows has it: a character becomes one character, or stays.
pub(super) fn upper(text: &str) -> String {
    let one = |character: char| {
        let mut upper = character.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) => upper,
            _ => character,
        }
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_keeps_the_number_of_characters() {
        assert_eq!(upper("user\u{e9}\u{df}"), "USER\u{c9}\u{df}");
    }

    #[test]
    fn half_characters_are_refused() {
        assert_eq!(read(b"a\0b", true), Err(Reason::InvalidUtf16));
        assert_eq!(read(b"\x00\xd8", true), Err(Reason::InvalidUtf16));
        assert_eq!(read("\u{e9}".as_bytes(), false), Err(Reason::NoUnicode));
        assert_eq!(read(&utf16("\u{e9}\u{1f600}"), true).as_deref(), Ok("\u{e9}\u{1f600}"));
    }
}
