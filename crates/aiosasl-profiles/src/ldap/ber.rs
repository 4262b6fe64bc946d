//! The part of BER that LDAP uses (RFC 4511 section 5.1): tags of one octet, definite lengths; it reads no deeper than
//! it is asked to.

use crate::{
    WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

use super::MAX_FRAME;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// A tag's five lowest bits all set: its number goes on in further octets. LDAP has none.
const LONG_TAG: u8 = 0x1f;

/// The length of a message: that of the sequence that it is.
///
/// # Errors
///
/// A [`WireError`] where it is no sequence of a definite length, or longer than [`MAX_FRAME`].
pub fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    let (first, rest) = match head {
        [] | [SEQUENCE] => return Ok(None),
        [SEQUENCE, first, rest @ ..] => (*first, rest),
        _ => return Err(WireError::protocol("expected an LDAP message")),
    };
    let more = usize::from(octets_of_length(first)?);
    let Some(octets) = rest.get(..more) else { return Ok(None) };
    let length = length(first, octets).saturating_add(2 + more);
    if length > MAX_FRAME { Err(too_long(MAX_FRAME)) } else { Ok(Some(length)) }
}

/// How many octets of a length follow its first one.
fn octets_of_length(first: u8) -> Result<u8, WireError> {
    match first {
        0..=0x7f => Ok(0),
        // More than necessary are allowed, and Active Directory always sends four.
        0x81..=0x84 => Ok(first - 0x80),
        _ => Err(WireError::protocol("expected a definite length of at most four octets")),
    }
}

fn length(first: u8, octets: &[u8]) -> usize {
    match octets {
        [] => first.into(),
        _ => octets.iter().fold(0, |length, octet| (length << 8) | usize::from(*octet)),
    }
}

/// The next element: its tag, and a cursor at the start of its content.
pub(super) fn element<'a>(from: &mut Cursor<'a>) -> Result<(u8, Cursor<'a>), WireError> {
    let tag = from.u8()?;
    if tag & LONG_TAG == LONG_TAG {
        return Err(WireError::protocol("expected a tag of one octet"));
    }
    let first = from.u8()?;
    let octets = from.take(octets_of_length(first)?.into())?;
    let content = from.take(length(first, octets))?;
    Ok((tag, Cursor::new(content)))
}

/// The content of the next element, which must have this tag.
pub(super) fn expect<'a>(from: &mut Cursor<'a>, tag: u8) -> Result<Cursor<'a>, WireError> {
    match element(from)? {
        (found, content) if found == tag => Ok(content),
        (found, _) => {
            let text = format!("expected an element of tag {tag:#04x}, found {found:#04x}");
            Err(WireError::protocol(text))
        }
    }
}

/// The content of the next element, where it has this tag; else nothing is read.
pub(super) fn optional<'a>(
    from: &mut Cursor<'a>,
    tag: u8,
) -> Result<Option<Cursor<'a>>, WireError> {
    if from.peek().first() == Some(&tag) { expect(from, tag).map(Some) } else { Ok(None) }
}

/// The octets of the next element, which must have this tag.
pub(super) fn octets<'a>(from: &mut Cursor<'a>, tag: u8) -> Result<&'a [u8], WireError> {
    expect(from, tag).map(|mut content| content.rest())
}

/// The text of the next element; what is not UTF-8 becomes U+FFFD.
pub(super) fn text(from: &mut Cursor<'_>, tag: u8) -> Result<String, WireError> {
    octets(from, tag).map(|octets| String::from_utf8_lossy(octets).into_owned())
}

/// The number of the next element: not negative, as all of LDAP's are (`maxInt`, RFC 4511 section 4.1.1).
pub(super) fn number(from: &mut Cursor<'_>, tag: u8) -> Result<u32, WireError> {
    let octets = octets(from, tag)?;
    match octets {
        [0..0x80, ..] if octets.len() <= 4 => {
            Ok(octets.iter().fold(0, |number, octet| (number << 8) | u32::from(*octet)))
        }
        _ => Err(WireError::protocol("expected a number from 0 to 2147483647")),
    }
}

/// Puts an element.
pub(super) fn put(to: &mut Writer, tag: u8, content: &[u8]) {
    to.put(&[tag]);
    let length: u32 = to.count(content.len());
    match length {
        0..0x80 => _ = to.counted_u8(content),
        0x80..0x100 => _ = to.put(&[0x81]).counted_u8(content),
        0x100..0x1_0000 => _ = to.put(&[0x82]).counted_u16(content),
        _ => _ = to.put(&[0x84]).counted_u32(content),
    }
}

/// Puts an element of elements.
pub(super) fn nest(to: &mut Writer, tag: u8, write: impl FnOnce(&mut Writer)) {
    let content: Frame = to.part(write);
    put(to, tag, &content);
}

/// Puts a number; one that LDAP has no room for does not fit.
pub(super) fn put_number(to: &mut Writer, tag: u8, number: u32) {
    let octets = number.to_be_bytes();
    let shortest: &[u8] = match &octets {
        [0, 0, 0, rest @ ..] if number < 0x80 => rest,
        [0, 0, rest @ ..] if number < 0x8000 => rest,
        [0, rest @ ..] if number < 0x80_0000 => rest,
        all => all,
    };
    if number >> 31 == 0 {
        put(to, tag, shortest);
    } else {
        // A fifth octet would be needed, and nobody reads it.
        to.count::<u8>(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new(MAX_FRAME);
        write(&mut writer);
        writer.finish().unwrap().to_vec()
    }

    #[test]
    fn lengths_are_definite_and_bounded() {
        for (head, expected) in [
            (&b""[..], None),
            (b"\x30", None),
            (b"\x30\x05", Some(7)),
            (b"\x30\x82\x01", None),
            (b"\x30\x82\x01\x00", Some(260)),
            (b"\x30\x84\0\0\0\x05", Some(11)),
        ] {
            assert_eq!(measure(head), Ok(expected), "{head:?}");
        }
        for head in [&b"\x31"[..], b"\x30\x80", b"\x30\x85", b"\x30\x84\xff\xff\xff\xff"] {
            assert!(measure(head).is_err(), "{head:?}");
        }
        assert!(element(&mut Cursor::new(b"\x04\x02a")).is_err());
        assert!(element(&mut Cursor::new(b"\x1f\x01a")).is_err());
    }

    #[test]
    fn numbers_have_the_fewest_octets() {
        for (value, octets) in [
            (0, &b"\x02\x01\0"[..]),
            (127, b"\x02\x01\x7f"),
            (128, b"\x02\x02\0\x80"),
            (0x7fff_ffff, b"\x02\x04\x7f\xff\xff\xff"),
        ] {
            assert_eq!(written(|it| put_number(it, INTEGER, value)), octets);
            assert_eq!(number(&mut Cursor::new(octets), INTEGER), Ok(value));
        }
        for octets in [&b"\x02\0"[..], b"\x02\x01\x80", b"\x02\x05\0\0\0\0\0"] {
            assert!(number(&mut Cursor::new(octets), INTEGER).is_err(), "{octets:?}");
        }
        let mut writer = Writer::new(MAX_FRAME);
        put_number(&mut writer, INTEGER, u32::MAX);
        assert!(writer.finish().is_err());
    }

    #[test]
    fn contents_of_every_length_arrive() {
        for length in [0, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![7; length];
            let octets = written(|it| put(it, OCTET_STRING, &content));
            let mut cursor = Cursor::new(&octets);
            assert_eq!(super::octets(&mut cursor, OCTET_STRING).unwrap(), content);
            assert!(cursor.end().is_ok());
        }
    }
}
