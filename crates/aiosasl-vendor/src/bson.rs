//! As much of BSON 1.1 (bsonspec.org) as the messages of MONGODB-* need: flat documents of a few fields.

use alloc::{string::ToString as _, vec::Vec};
use core::str;

use aiosasl::error::Reason;

use crate::reason::{BAD_BSON, BAD_FIELD_TYPE, MISSING_FIELD};

/// The most fields that are read: far more than any message has.
const MAX_FIELDS: usize = 64;

const TEXT: u8 = 0x02;
const ARRAY: u8 = 0x04;
const BINARY: u8 = 0x05;
const INT32: u8 = 0x10;

/// A document in the making.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Vec::from([0; 4]))
    }

    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        self.head(TEXT, name);
        self.len(text.len() + 1);
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    pub(crate) fn binary(mut self, name: &str, octets: &[u8]) -> Self {
        self.head(BINARY, name);
        self.len(octets.len());
        self.0.push(0);
        self.0.extend_from_slice(octets);
        self
    }

    pub(crate) fn int32(mut self, name: &str, number: i32) -> Self {
        self.head(INT32, name);
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub(crate) fn texts<'a>(mut self, name: &str, texts: impl Iterator<Item = &'a str>) -> Self {
        self.head(ARRAY, name);
        let array = texts
            .enumerate()
            .fold(Self::new(), |array, (at, text)| array.text(&at.to_string(), text));
        self.0.extend(array.finish());
        self
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.push(0);
        let len = len(self.0.len()).to_le_bytes();
        if let Some(place) = self.0.first_chunk_mut() {
            *place = len;
        }
        self.0
    }

    fn head(&mut self, kind: u8, name: &str) {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
    }

    fn len(&mut self, octets: usize) {
        self.0.extend_from_slice(&len(octets).to_le_bytes());
    }
}

fn len(octets: usize) -> i32 {
    i32::try_from(octets).expect("credentials are no gigabytes")
}

/// A document's fields, each name once.
pub(crate) struct Document<'a>(Vec<(&'a str, Value<'a>)>);

enum Value<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Int32(i32),
    Array(&'a [u8]),
    /// Of a type that no message has: other fields may be anything.
    Other,
}

impl<'a> Document<'a> {
    /// A document that is all of these octets.
    pub(crate) fn parse(octets: &'a [u8]) -> Result<Self, Reason> {
        let (len, rest) = octets.split_first_chunk().ok_or(BAD_BSON)?;
        if usize::try_from(i32::from_le_bytes(*len)) != Ok(octets.len()) {
            return Err(BAD_BSON);
        }
        let mut rest = rest;
        let mut fields: Vec<(&str, Value<'_>)> = Vec::new();
        loop {
            let (kind, after) = rest.split_first().ok_or(BAD_BSON)?;
            if *kind == 0 {
                return if after.is_empty() { Ok(Self(fields)) } else { Err(BAD_BSON) };
            }
            let (name, after) = name(after)?;
            let (value, after) = value(*kind, after)?;
            if fields.len() == MAX_FIELDS || fields.iter().any(|(other, _)| *other == name) {
                return Err(BAD_BSON);
            }
            fields.push((name, value));
            rest = after;
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Reason> {
        self.maybe_text(name)?.ok_or(MISSING_FIELD)
    }

    pub(crate) fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, Reason> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(BAD_FIELD_TYPE),
        }
    }

    pub(crate) fn binary(&self, name: &str) -> Result<&'a [u8], Reason> {
        match self.get(name).ok_or(MISSING_FIELD)? {
            Value::Binary(octets) => Ok(octets),
            _ => Err(BAD_FIELD_TYPE),
        }
    }

    pub(crate) fn int32(&self, name: &str) -> Result<i32, Reason> {
        match self.get(name).ok_or(MISSING_FIELD)? {
            Value::Int32(number) => Ok(*number),
            _ => Err(BAD_FIELD_TYPE),
        }
    }

    /// The texts of an array, in its order; none where it is missing.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Reason> {
        let array = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(array)) => Self::parse(array)?,
            Some(_) => return Err(BAD_FIELD_TYPE),
        };
        let texts = array.0.into_iter().map(|(_, value)| match value {
            Value::Text(text) => Ok(text),
            _ => Err(BAD_FIELD_TYPE),
        });
        texts.collect()
    }

    fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}

/// A name up to its NUL, and what follows.
fn name(octets: &[u8]) -> Result<(&str, &[u8]), Reason> {
    let end = octets.iter().position(|octet| *octet == 0).ok_or(BAD_BSON)?;
    let (name, rest) = octets.split_at_checked(end).ok_or(BAD_BSON)?;
    let (_, rest) = rest.split_first().ok_or(BAD_BSON)?;
    Ok((str::from_utf8(name).map_err(|_| Reason::InvalidUtf8)?, rest))
}

/// A value of this type, and what follows.
fn value(kind: u8, octets: &[u8]) -> Result<(Value<'_>, &[u8]), Reason> {
    let fixed = |len| octets.split_at_checked(len).map(|(_, rest)| (Value::Other, rest));
    let found = match kind {
        TEXT => {
            let (len, rest) = split_len(octets)?;
            let (text, rest) = rest.split_at_checked(len).ok_or(BAD_BSON)?;
            let text = text.strip_suffix(&[0]).ok_or(BAD_BSON)?;
            let text = str::from_utf8(text).map_err(|_| Reason::InvalidUtf8)?;
            Some((Value::Text(text), rest))
        }
        BINARY => {
            let (len, rest) = split_len(octets)?;
            let (subtype, rest) = rest.split_first().ok_or(BAD_BSON)?;
            let (octets, rest) = rest.split_at_checked(len).ok_or(BAD_BSON)?;
            let value = if *subtype == 0 { Value::Binary(octets) } else { Value::Other };
            Some((value, rest))
        }
        INT32 => {
            let (number, rest) = octets.split_first_chunk().ok_or(BAD_BSON)?;
            Some((Value::Int32(i32::from_le_bytes(*number)), rest))
        }
        // A document's or an array's length counts itself.
        0x03 | ARRAY => {
            let (len, _) = split_len(octets)?;
            let (inner, rest) = octets.split_at_checked(len).ok_or(BAD_BSON)?;
            Some((if kind == ARRAY { Value::Array(inner) } else { Value::Other }, rest))
        }
        // null, boolean, and what has eight octets: double, date, timestamp, int64.
        0x0a => fixed(0),
        0x08 => fixed(1),
        0x01 | 0x09 | 0x11 | 0x12 => fixed(8),
        _ => return Err(BAD_FIELD_TYPE),
    };
    found.ok_or(BAD_BSON)
}

fn split_len(octets: &[u8]) -> Result<(usize, &[u8]), Reason> {
    let (len, rest) = octets.split_first_chunk().ok_or(BAD_BSON)?;
    let len = usize::try_from(i32::from_le_bytes(*len)).map_err(|_| BAD_BSON)?;
    Ok((len, rest))
}
