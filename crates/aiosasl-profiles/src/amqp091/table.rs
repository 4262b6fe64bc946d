//! Tables of names and values: what peers tell of themselves. They are kept as octets, and values are looked up.

use std::fmt;

use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

use super::MAX_FRAME;

const BOOLEAN: u8 = b't';
const LONG_STRING: u8 = b'S';
const TABLE: u8 = b'F';

/// That a client wants to hear why a login failed, rather than to be hung up on.
const FAILURE_CLOSE: &str = "authentication_failure_close";
const CAPABILITIES: &str = "capabilities";

/// A table, without its length; wiped on drop, since one mechanism's response is one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Table(Frame);

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Yes or no.
    Boolean(bool),
    /// Something else: of this type.
    Other(u8),
    /// Another table.
    Table(Table),
    /// Octets, mostly a text.
    Text(&'a [u8]),
}

impl Table {
    /// A table of texts.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where a name has more than 255 octets, or all are too long.
    pub fn of_texts(entries: &[(&str, &[u8])]) -> Result<Self, WireError> {
        let mut table = Writer::new(MAX_FRAME);
        for (name, text) in entries {
            table.counted_u8(name.as_bytes()).put(&[LONG_STRING]).counted_u32(text);
        }
        table.finish().map(Self)
    }

    /// What a client tells that wants to hear why a login failed: servers just hang up on others.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, which it is not.
    pub fn of_client() -> Result<Self, WireError> {
        let mut table = Writer::new(MAX_FRAME);
        let capabilities = table.part(|to| {
            to.counted_u8(FAILURE_CLOSE.as_bytes()).put(&[BOOLEAN, 1]);
        });
        table.counted_u8(CAPABILITIES.as_bytes()).put(&[TABLE]).counted_u32(&capabilities);
        table.finish().map(Self)
    }

    /// Reads a table, without its length. Tables within it are not looked into.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(octets);
        while !from.peek().is_empty() {
            entry(&mut from)?;
        }
        Ok(Self(Frame::new(octets.to_vec())))
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<Value<'_>> {
        let mut from = Cursor::new(&self.0);
        while let Ok((found, kind, value)) = entry(&mut from) {
            if found == name.as_bytes() {
                return Some(match (kind, value) {
                    (BOOLEAN, [flag]) => Value::Boolean(*flag != 0),
                    (LONG_STRING, text) => Value::Text(text),
                    (TABLE, octets) => {
                        Self::parse(octets).map_or(Value::Other(TABLE), Value::Table)
                    }
                    _ => Value::Other(kind),
                });
            }
        }
        None
    }

    /// Whether a client that tells this wants to hear why a login failed, or a server that tells it says why.
    pub fn has_failure_close(&self) -> bool {
        match self.get(CAPABILITIES) {
            Some(Value::Table(it)) => it.get(FAILURE_CLOSE) == Some(Value::Boolean(true)),
            _ => false,
        }
    }

    /// The table, without its length.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} octets)", self.0.len())
    }
}

/// The next entry: its name, the type of its value, and the value's octets.
fn entry<'a>(from: &mut Cursor<'a>) -> Result<(&'a [u8], u8, &'a [u8]), WireError> {
    let name = from.counted_u8()?;
    let kind = from.u8()?;
    let value = match kind {
        b'V' => from.take(0),
        BOOLEAN | b'b' | b'B' => from.take(1),
        b's' | b'u' | b'U' => from.take(2),
        b'I' | b'i' | b'f' => from.take(4),
        b'D' => from.take(5),
        b'L' | b'l' | b'd' | b'T' => from.take(8),
        LONG_STRING | b'x' | TABLE | b'A' => from.counted_u32(),
        _ => Err(WireError::protocol("expected a value of a known type")),
    }?;
    Ok((name, kind, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_behind_others() {
        let octets = b"\x01aV\x01bI\0\0\0\x01\x01cS\0\0\0\x02hi\x01dF\0\0\0\x04\x01et\x01";
        let table = Table::parse(octets).unwrap();
        assert_eq!(table.get("c"), Some(Value::Text(b"hi")));
        assert_eq!(table.get("b"), Some(Value::Other(b'I')));
        let Some(Value::Table(inner)) = table.get("d") else { panic!() };
        assert_eq!(inner.get("e"), Some(Value::Boolean(true)));
        assert_eq!(table.get("e"), None);
        for octets in [&b"\x01"[..], b"\x01a?", b"\x01aS\xff\xff\xff\xff", b"\x01at"] {
            assert!(Table::parse(octets).is_err(), "{octets:?}");
        }
        assert!(Table::of_client().unwrap().has_failure_close());
        assert!(!Table::default().has_failure_close());
    }
}
