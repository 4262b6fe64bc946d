//! Fields of Kafka's messages: texts and octets, classic and compact, and tags (KIP-482).

use crate::{
    WireError,
    frame::{Cursor, Writer},
};

/// How a version of a message spells its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// Lengths of two or four octets, and no tags.
    Classic,
    /// Lengths of as many octets as they need, and tags behind each structure.
    Flexible,
}

impl Spelling {
    pub(super) fn text(self, from: &mut Cursor<'_>) -> Result<Option<String>, WireError> {
        let octets = match self {
            Self::Classic => from.counted_i16()?,
            Self::Flexible => compact(from)?,
        };
        octets.map(text).transpose()
    }

    pub(super) fn octets<'a>(self, from: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
        let octets = match self {
            Self::Classic => from.counted_i32()?,
            Self::Flexible => compact(from)?,
        };
        octets.ok_or_else(|| WireError::protocol("expected octets, found null"))
    }

    /// The number of an array's elements.
    pub(super) fn count(self, from: &mut Cursor<'_>) -> Result<usize, WireError> {
        let count = match self {
            Self::Classic => usize::try_from(from.i32()?).ok(),
            Self::Flexible => number(from)?.checked_sub(1),
        };
        count.ok_or_else(|| WireError::protocol("expected an array, found null"))
    }

    /// Reads over tags: nothing that they say is wanted here.
    pub(super) fn tags(self, from: &mut Cursor<'_>) -> Result<(), WireError> {
        if self == Self::Flexible {
            for _ in 0..number(from)? {
                number(from)?;
                let length = number(from)?;
                from.take(length)?;
            }
        }
        Ok(())
    }

    pub(super) fn put_text(self, to: &mut Writer, text: Option<&str>) {
        match (self, text) {
            (Self::Classic, Some(text)) => {
                let length: i16 = to.count(text.len());
                to.put(&length.to_be_bytes()).put(text.as_bytes());
            }
            (Self::Classic, None) => _ = to.put(&(-1_i16).to_be_bytes()),
            (Self::Flexible, Some(text)) => put_compact(to, text.as_bytes()),
            (Self::Flexible, None) => put_number(to, 0),
        }
    }

    pub(super) fn put_octets(self, to: &mut Writer, octets: &[u8]) {
        match self {
            Self::Classic => _ = to.counted_u32(octets),
            Self::Flexible => put_compact(to, octets),
        }
    }

    pub(super) fn put_count(self, to: &mut Writer, count: usize) {
        match self {
            Self::Classic => {
                let count: i32 = to.count(count);
                to.put(&count.to_be_bytes());
            }
            Self::Flexible => put_number(to, count.saturating_add(1)),
        }
    }

    pub(super) fn put_tags(self, to: &mut Writer) {
        if self == Self::Flexible {
            put_number(to, 0);
        }
    }
}

/// Octets behind their number and one; 0 is null.
fn compact<'a>(from: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, WireError> {
    number(from)?.checked_sub(1).map(|length| from.take(length)).transpose()
}

fn put_compact(to: &mut Writer, octets: &[u8]) {
    put_number(to, octets.len().saturating_add(1));
    to.put(octets);
}

/// Seven bits an octet, the least first; at most five octets.
fn number(from: &mut Cursor<'_>) -> Result<usize, WireError> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let octet = from.u8()?;
        number |= u64::from(octet & 0x7f) << shift;
        if octet < 0x80 {
            let fits = u32::try_from(number).ok().and_then(|it| usize::try_from(it).ok());
            return fits.ok_or_else(|| WireError::protocol("expected a number of 32 bits"));
        }
    }
    Err(WireError::protocol("expected a number of at most five octets"))
}

fn put_number(to: &mut Writer, number: usize) {
    let mut rest: u32 = to.count(number);
    while rest >= 0x80 {
        let low: u8 = to.count(usize::from((rest & 0x7f) as u8));
        to.put(&[low | 0x80]);
        rest >>= 7;
    }
    let last: u8 = to.count(rest as usize);
    to.put(&[last]);
}

pub(super) fn text(octets: &[u8]) -> Result<String, WireError> {
    let text = std::str::from_utf8(octets).map(str::to_owned);
    text.map_err(|_| WireError::protocol("expected a text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_octets_as_they_need() {
        for (value, octets) in [
            (0, &b"\0"[..]),
            (127, b"\x7f"),
            (128, b"\x80\x01"),
            (16_384, b"\x80\x80\x01"),
            (0xffff_ffff, b"\xff\xff\xff\xff\x0f"),
        ] {
            let mut writer = Writer::new(9);
            put_number(&mut writer, value);
            assert_eq!(*writer.finish().unwrap(), octets);
            assert_eq!(number(&mut Cursor::new(octets)), Ok(value));
        }
        for octets in [&b"\xff\xff\xff\xff\x1f"[..], b"\x80\x80\x80\x80\x80\x01", b"\x80"] {
            assert!(number(&mut Cursor::new(octets)).is_err(), "{octets:?}");
        }
    }
}
