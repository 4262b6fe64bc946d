//! The part of BSON that a login needs: documents stay octets, in which values are looked up; it reads no deeper than
//! it is asked to.

use std::fmt;

use super::MAX_FRAME;
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

const DOUBLE: u8 = 0x01;
const TEXT: u8 = 0x02;
const DOCUMENT: u8 = 0x03;
const ARRAY: u8 = 0x04;
const BINARY: u8 = 0x05;
const BOOLEAN: u8 = 0x08;
const INT_32: u8 = 0x10;
const INT_64: u8 = 0x12;

/// The octets of a document that has nothing in it.
const EMPTY: [u8; 5] = [5, 0, 0, 0, 0];

/// A document: names and values, in order; wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Document(Frame);

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A list, as a document whose names are numbers.
    Array(Document),
    /// Octets.
    Binary(&'a [u8]),
    /// Yes or no.
    Boolean(bool),
    /// Another document.
    Document(Document),
    /// A number with a point.
    Double(f64),
    /// A number of 32 bits.
    Int32(i32),
    /// A number of 64 bits.
    Int64(i64),
    /// Something else: of this type.
    Other(u8),
    /// A text.
    Text(&'a str),
}

impl Document {
    /// Reads a document. Documents within it are not looked into.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let mut from = inside(octets)?;
        while !from.peek().is_empty() {
            element(&mut from)?;
        }
        Ok(Self(Frame::new(octets.to_vec())))
    }

    /// The value of this name; the first one, where there are several.
    pub fn get(&self, name: &str) -> Option<Value<'_>> {
        self.elements().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// The text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number of this name, whatever its type is.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            // Numbers that are not whole are of no use here.
            Some(Value::Double(number)) => {
                let whole = format!("{number:.0}").parse::<i64>().ok();
                whole.filter(|_| number.fract() == 0.0)
            }
            Some(Value::Int32(number)) => Some(number.into()),
            Some(Value::Int64(number)) => Some(number),
            _ => None,
        }
    }

    /// Whether this is yes, or a number other than 0.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(Value::Boolean(true)) || self.number(name).is_some_and(|it| it != 0)
    }

    /// The octets of this name; a text's, too, which some servers send instead.
    pub fn octets(&self, name: &str) -> Option<&[u8]> {
        match self.get(name) {
            Some(Value::Binary(octets)) => Some(octets),
            Some(Value::Text(text)) => Some(text.as_bytes()),
            _ => None,
        }
    }

    /// The document of this name.
    pub fn document(&self, name: &str) -> Option<Self> {
        match self.get(name) {
            Some(Value::Document(it)) => Some(it),
            _ => None,
        }
    }

    /// The name of the first value: that is the command, where the document is one.
    pub fn command(&self) -> &[u8] {
        self.elements().next().map(|(name, _)| name).unwrap_or_default()
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.elements().map(|(_, value)| value)
    }

    /// The document's octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn elements(&self) -> impl Iterator<Item = (&[u8], Value<'_>)> {
        let mut from = inside(&self.0).unwrap_or(Cursor::new(b""));
        // Each was read before, so that an error is the end alone.
        std::iter::from_fn(move || element(&mut from).ok())
    }
}

impl Default for Document {
    fn default() -> Self {
        Self(Frame::new(EMPTY.to_vec()))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} octets)", self.0.len())
    }
}

/// Makes a document.
#[derive(Debug)]
pub struct Builder(Writer);

impl Default for Builder {
    fn default() -> Self {
        Self(Writer::new(MAX_FRAME))
    }
}

impl Builder {
    /// Adds octets.
    pub fn binary(mut self, name: &str, octets: &[u8]) -> Self {
        let length: i32 = self.0.count(octets.len());
        self.name(BINARY, name).put(&length.to_le_bytes()).put(&[0]).put(octets);
        self
    }

    /// Adds yes or no.
    pub fn boolean(mut self, name: &str, value: bool) -> Self {
        self.name(BOOLEAN, name).put(&[value.into()]);
        self
    }

    /// Adds a document.
    pub fn document(mut self, name: &str, document: &Document) -> Self {
        self.name(DOCUMENT, name).put(&document.0);
        self
    }

    /// Adds a number with a point.
    pub fn double(mut self, name: &str, number: f64) -> Self {
        self.name(DOUBLE, name).put(&number.to_le_bytes());
        self
    }

    /// Adds a number of 32 bits.
    pub fn int32(mut self, name: &str, number: i32) -> Self {
        self.name(INT_32, name).put(&number.to_le_bytes());
        self
    }

    /// Adds a text.
    pub fn text(mut self, name: &str, text: &str) -> Self {
        let length: i32 = self.0.count(text.len().saturating_add(1));
        self.name(TEXT, name).put(&length.to_le_bytes()).put(text.as_bytes()).put(&[0]);
        self
    }

    /// Adds a list of texts.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn texts(mut self, name: &str, texts: &[&str]) -> Result<Self, WireError> {
        let list = texts.iter().enumerate();
        let list = list.fold(Self::default(), |to, (at, text)| to.text(&at.to_string(), text));
        let list = list.finish()?;
        self.name(ARRAY, name).put(&list.0);
        Ok(self)
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a name has a NUL.
    pub fn finish(self) -> Result<Document, WireError> {
        let elements = self.0.finish()?;
        let mut document = Writer::new(MAX_FRAME);
        let length: i32 = document.count(elements.len().saturating_add(EMPTY.len()));
        document.put(&length.to_le_bytes()).put(&elements).put(&[0]);
        document.finish().map(Document)
    }

    fn name(&mut self, kind: u8, name: &str) -> &mut Writer {
        self.0.put(&[kind]).put_with_nul(name.as_bytes())
    }
}

/// The elements of a document, without what is around them.
fn inside(octets: &[u8]) -> Result<Cursor<'_>, WireError> {
    let mut from = Cursor::new(octets);
    let length = from.i32_le()?;
    match from.rest() {
        [elements @ .., 0] if usize::try_from(length) == Ok(octets.len()) => {
            Ok(Cursor::new(elements))
        }
        _ => Err(WireError::protocol("expected a document of the length that it tells")),
    }
}

/// The next element: its name and its value.
fn element<'a>(from: &mut Cursor<'a>) -> Result<(&'a [u8], Value<'a>), WireError> {
    let kind = from.u8()?;
    let name = from.until_nul()?;
    let value = match kind {
        DOUBLE => Value::Double(f64::from_le_bytes(from.array()?)),
        TEXT => Value::Text(text(from)?),
        DOCUMENT => Value::Document(Document(Frame::new(document(from)?.to_vec()))),
        ARRAY => Value::Array(Document(Frame::new(document(from)?.to_vec()))),
        BINARY => {
            let length = length(from, 0)?;
            from.u8()?;
            Value::Binary(from.take(length)?)
        }
        BOOLEAN => match from.u8()? {
            flag @ 0..=1 => Value::Boolean(flag == 1),
            _ => return Err(WireError::protocol("expected yes or no")),
        },
        INT_32 => Value::Int32(from.i32_le()?),
        INT_64 => Value::Int64(from.i64_le()?),
        _ => {
            skip(from, kind)?;
            Value::Other(kind)
        }
    };
    Ok((name, value))
}

/// Reads over a value that nobody wants here.
fn skip(from: &mut Cursor<'_>, kind: u8) -> Result<(), WireError> {
    match kind {
        // Undefined, null, and what is less or more than all others.
        0x06 | 0x0a | 0x7f | 0xff => {}
        // A name that is made of time and chance.
        0x07 => _ = from.take(12)?,
        // Times.
        0x09 | 0x11 => _ = from.take(8)?,
        // A regular expression and its options.
        0x0b => {
            from.until_nul()?;
            from.until_nul()?;
        }
        // A reference: a text and such a name.
        0x0c => {
            text(from)?;
            from.take(12)?;
        }
        // Code and symbols.
        0x0d | 0x0e => _ = text(from)?,
        // Code with a document.
        0x0f => {
            let length = length(from, 4)?;
            from.take(length)?;
        }
        // A decimal number.
        0x13 => _ = from.take(16)?,
        _ => return Err(WireError::protocol("expected a value of a known type")),
    }
    Ok(())
}

fn text<'a>(from: &mut Cursor<'a>) -> Result<&'a str, WireError> {
    let length = length(from, 0)?;
    let text = from.take(length)?.strip_suffix(&[0]);
    let text = text.and_then(|text| std::str::from_utf8(text).ok());
    text.ok_or_else(|| WireError::protocol("expected a text in UTF-8 with its end"))
}

/// A document within another.
fn document<'a>(from: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    let all = from.peek();
    let rest = length(from, 4)?;
    from.take(rest)?;
    let whole = all.get(..rest.saturating_add(4)).unwrap_or_default();
    inside(whole).map(|_| whole)
}

/// A length, and how many octets of it are left where this many of it were read.
fn length(from: &mut Cursor<'_>, read: usize) -> Result<usize, WireError> {
    let length = usize::try_from(from.i32_le()?).ok();
    let left = length.and_then(|length| length.checked_sub(read));
    left.ok_or_else(|| WireError::protocol("expected a length that is not negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_behind_others() {
        let inner = Builder::default().boolean("yes", true).finish().unwrap();
        let document = Builder::default()
            .double("ok", 1.0)
            .text("text", "é")
            .binary("octets", &[0, 1])
            .document("inner", &inner)
            .texts("list", &["a", "b"])
            .unwrap()
            .int32("code", -18)
            .finish()
            .unwrap();
        let read = Document::parse(document.as_bytes()).unwrap();
        assert_eq!(read, document);
        assert!(read.is_true("ok") && !read.is_true("no"));
        assert_eq!(read.text("text"), Some("é"));
        assert_eq!(read.octets("octets"), Some([0, 1].as_slice()));
        assert!(read.document("inner").unwrap().is_true("yes"));
        assert_eq!(read.number("code"), Some(-18));
        let Some(Value::Array(list)) = read.get("list") else { panic!() };
        assert!(list.values().eq([Value::Text("a"), Value::Text("b")]));
        assert_eq!(read.command(), b"ok");
    }

    #[test]
    fn other_types_are_read_over() {
        for value in [
            &b"\x06"[..],
            b"\x07",
            b"\x09",
            b"\x0a",
            b"\x0b",
            b"\x0c",
            b"\x0d",
            b"\x0f",
            b"\x11",
            b"\x13",
            b"\xff",
        ] {
            let content: &[u8] = match value {
                b"\x07" => &[7; 12],
                b"\x09" | b"\x11" => &[7; 8],
                b"\x0b" => b"a\0i\0",
                b"\x0c" => b"\x02\0\0\0a\0abcdefghijkl",
                b"\x0d" => b"\x02\0\0\0a\0",
                b"\x0f" => b"\x08\0\0\0abcd",
                b"\x13" => &[7; 16],
                _ => b"",
            };
            let elements = [value, b"a\0", content, b"\x08z\0\x01"].concat();
            let length = u8::try_from(elements.len() + 5).unwrap();
            let octets = [&[length, 0, 0, 0], elements.as_slice(), &[0]].concat();
            assert!(Document::parse(&octets).unwrap().is_true("z"), "{value:?}");
        }
    }

    #[test]
    fn lengths_must_fit() {
        for octets in [
            &b"\x05\0\0\0"[..],
            b"\x06\0\0\0\0",
            b"\xff\xff\xff\xff\0",
            b"\x0d\0\0\0\x03a\0\x04\0\0\0\0\0",
            b"\x0e\0\0\0\x02a\0\0\0\0\0\0\0\0",
            b"\x08\0\0\0\x14a\0\0",
        ] {
            assert!(Document::parse(octets).is_err(), "{octets:?}");
        }
        let long = vec![0; MAX_FRAME];
        assert!(Builder::default().binary("a", &long).finish().is_err());
        assert!(Builder::default().boolean("a\0b", true).finish().is_err());
    }
}
