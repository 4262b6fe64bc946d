//! The values that SASL's frames are made of (AMQP 1.0 part 1.6): a described list of few types, read without recursion.

use crate::{
    WireError,
    frame::{Cursor, MechanismList, Writer},
};

const DESCRIBED: u8 = 0x00;
const NULL: u8 = 0x40;
const LIST_0: u8 = 0x45;
const UBYTE: u8 = 0x50;
const SMALL_ULONG: u8 = 0x53;
const ULONG: u8 = 0x80;
const BINARY_8: u8 = 0xa0;
const STRING_8: u8 = 0xa1;
const SYMBOL_8: u8 = 0xa3;
const BINARY_32: u8 = 0xb0;
const STRING_32: u8 = 0xb1;
const SYMBOL_32: u8 = 0xb3;
const LIST_8: u8 = 0xc0;
const LIST_32: u8 = 0xd0;
const ARRAY_8: u8 = 0xe0;
const ARRAY_32: u8 = 0xf0;

/// Names of descriptors, which peers may use instead of numbers, in the order of these.
const NAMES: [&[u8]; 5] = [
    b"amqp:sasl-mechanisms:list",
    b"amqp:sasl-init:list",
    b"amqp:sasl-challenge:list",
    b"amqp:sasl-response:list",
    b"amqp:sasl-outcome:list",
];
/// The number of the first of them.
const FIRST: u64 = 0x40;

/// The fields of a list; those that are left out at its end are null.
pub(super) struct Fields<'a> {
    from: Cursor<'a>,
    left: u32,
}

/// Reads a described list: the number of its descriptor, and its fields.
pub(super) fn described<'a>(from: &mut Cursor<'a>) -> Result<(u64, Fields<'a>), WireError> {
    if from.u8()? != DESCRIBED {
        return Err(unexpected("a described value"));
    }
    let descriptor = match from.u8()? {
        SMALL_ULONG => from.u8()?.into(),
        ULONG => from.u64()?,
        SYMBOL_8 => named(from.counted_u8()?)?,
        SYMBOL_32 => named(from.counted_u32()?)?,
        _ => return Err(unexpected("a descriptor")),
    };
    let fields = match from.u8()? {
        LIST_0 => Fields { from: Cursor::new(b""), left: 0 },
        LIST_8 => {
            let mut from = Cursor::new(from.counted_u8()?);
            let left = from.u8()?.into();
            Fields { from, left }
        }
        LIST_32 => {
            let mut from = Cursor::new(from.counted_u32()?);
            let left = from.u32()?;
            Fields { from, left }
        }
        _ => return Err(unexpected("a list")),
    };
    Ok((descriptor, fields))
}

fn named(name: &[u8]) -> Result<u64, WireError> {
    let numbers = NAMES.iter().zip(FIRST..);
    let found = numbers.into_iter().find(|(it, _)| **it == name);
    found.map(|(_, number)| number).ok_or_else(|| unexpected("a descriptor of SASL"))
}

impl<'a> Fields<'a> {
    pub(super) fn binary(&mut self) -> Result<Option<&'a [u8]>, WireError> {
        match self.next()? {
            NULL => Ok(None),
            BINARY_8 => self.from.counted_u8().map(Some),
            BINARY_32 => self.from.counted_u32().map(Some),
            _ => Err(unexpected("octets")),
        }
    }

    pub(super) fn string(&mut self) -> Result<Option<String>, WireError> {
        match self.next()? {
            NULL => Ok(None),
            STRING_8 => self.from.counted_u8().map(|it| Some(text(it))),
            STRING_32 => self.from.counted_u32().map(|it| Some(text(it))),
            _ => Err(unexpected("a text")),
        }
    }

    pub(super) fn symbol(&mut self) -> Result<String, WireError> {
        match self.next()? {
            SYMBOL_8 => self.from.counted_u8().map(text),
            SYMBOL_32 => self.from.counted_u32().map(text),
            _ => Err(unexpected("a symbol")),
        }
    }

    /// Symbols, of which one may stand alone.
    pub(super) fn symbols(&mut self) -> Result<MechanismList, WireError> {
        let mut list = MechanismList::default();
        let (mut array, count) = match self.next()? {
            NULL => return Ok(list),
            SYMBOL_8 => {
                list.push(self.from.counted_u8()?)?;
                return Ok(list);
            }
            SYMBOL_32 => {
                list.push(self.from.counted_u32()?)?;
                return Ok(list);
            }
            ARRAY_8 => {
                let mut array = Cursor::new(self.from.counted_u8()?);
                let count = array.u8()?;
                (array, u32::from(count))
            }
            ARRAY_32 => {
                let mut array = Cursor::new(self.from.counted_u32()?);
                let count = array.u32()?;
                (array, count)
            }
            _ => return Err(unexpected("symbols")),
        };
        let of = array.u8()?;
        for _ in 0..count {
            list.push(match of {
                SYMBOL_8 => array.counted_u8()?,
                SYMBOL_32 => array.counted_u32()?,
                _ => return Err(unexpected("an array of symbols")),
            })?;
        }
        array.end()?;
        Ok(list)
    }

    pub(super) fn ubyte(&mut self) -> Result<u8, WireError> {
        match self.next()? {
            UBYTE => self.from.u8(),
            _ => Err(unexpected("a number of one octet")),
        }
    }

    /// Says that no more fields are expected.
    pub(super) fn end(self) -> Result<(), WireError> {
        if self.left > 0 { Err(unexpected("no more fields")) } else { self.from.end() }
    }

    /// The type of the next field.
    fn next(&mut self) -> Result<u8, WireError> {
        match self.left.checked_sub(1) {
            None => Ok(NULL),
            Some(left) => {
                self.left = left;
                self.from.u8()
            }
        }
    }
}

/// Puts a described list of this many fields.
pub(super) fn put_described(
    to: &mut Writer,
    descriptor: u8,
    count: u8,
    write: impl FnOnce(&mut Writer),
) {
    to.put(&[DESCRIBED, SMALL_ULONG, descriptor]);
    let fields = to.part(write);
    if fields.len() < 255 {
        let length: u8 = to.count(fields.len() + 1);
        to.put(&[LIST_8, length, count]);
    } else {
        let length: u32 = to.count(fields.len() + 4);
        to.put(&[LIST_32]).put(&length.to_be_bytes()).put(&u32::from(count).to_be_bytes());
    }
    to.put(&fields);
}

pub(super) fn put_null(to: &mut Writer) {
    to.put(&[NULL]);
}

pub(super) fn put_ubyte(to: &mut Writer, number: u8) {
    to.put(&[UBYTE, number]);
}

pub(super) fn put_binary(to: &mut Writer, octets: &[u8]) {
    put_octets(to, [BINARY_8, BINARY_32], octets);
}

pub(super) fn put_string(to: &mut Writer, text: &str) {
    put_octets(to, [STRING_8, STRING_32], text.as_bytes());
}

pub(super) fn put_symbol(to: &mut Writer, name: &str) {
    put_octets(to, [SYMBOL_8, SYMBOL_32], name.as_bytes());
}

/// Puts an array of symbols, one of one element as well.
pub(super) fn put_symbols(to: &mut Writer, names: &MechanismList) {
    let is_short = names.iter().all(|name| name.len() < 256);
    let symbols = to.part(|to| {
        for name in names.iter() {
            if is_short {
                to.counted_u8(name);
            } else {
                to.counted_u32(name);
            }
        }
    });
    let of = if is_short { SYMBOL_8 } else { SYMBOL_32 };
    if symbols.len() < 254 {
        let length: u8 = to.count(symbols.len() + 2);
        let count: u8 = to.count(names.len());
        to.put(&[ARRAY_8, length, count, of]);
    } else {
        let length: u32 = to.count(symbols.len() + 5);
        let count: u32 = to.count(names.len());
        to.put(&[ARRAY_32]).put(&length.to_be_bytes()).put(&count.to_be_bytes()).put(&[of]);
    }
    to.put(&symbols);
}

fn put_octets(to: &mut Writer, [short, long]: [u8; 2], octets: &[u8]) {
    if octets.len() < 256 {
        to.put(&[short]).counted_u8(octets);
    } else {
        to.put(&[long]).counted_u32(octets);
    }
}

/// A text; what is not UTF-8 becomes U+FFFD.
fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn unexpected(expected: &str) -> WireError {
    WireError::protocol(format!("expected {expected}"))
}
