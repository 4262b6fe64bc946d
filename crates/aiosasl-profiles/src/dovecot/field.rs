//! A line's fields: apart by tabs, and what may not stand in them escaped.

use std::{fmt, str};

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use super::MAX_LINE;
use crate::{WireError, printable};

/// The most fields of one line.
const MAX_FIELDS: usize = 256;

/// A field that has been read, its escapes undone.
pub(super) type Field = Zeroizing<Vec<u8>>;

/// Takes a line apart, its ending not included.
pub(super) fn split(line: &[u8]) -> Result<Vec<Field>, WireError> {
    if line.len() > MAX_LINE {
        return Err(too_long());
    }
    let mut parts = line.split(|octet| *octet == b'\t');
    // The command is a word of ours or theirs, and has no escapes: another one that turns into it is none.
    let command = parts.next().map(|word| Zeroizing::new(word.to_vec()));
    let parameters = parts.map(unescape).take(MAX_FIELDS);
    let fields: Vec<_> = command.into_iter().chain(parameters).collect();
    if fields.len() > MAX_FIELDS {
        return Err(WireError::protocol(format!("expected at most {MAX_FIELDS} fields in a line")));
    }
    Ok(fields)
}

/// Makes a line of fields, with its ending.
pub(super) fn join(fields: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let longest = fields.iter().map(|field| 2 * field.len() + 1).sum();
    // All at once: a line that grows would leave parts of a secret behind.
    let mut line = Zeroizing::new(Vec::with_capacity(longest));
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            line.push(b'\t');
        }
        escape(field, &mut line);
    }
    if line.len() > MAX_LINE || fields.len() > MAX_FIELDS {
        return Err(too_long());
    }
    line.push(b'\n');
    Ok(line)
}

fn too_long() -> WireError {
    WireError::protocol(format!("expected a line of at most {MAX_LINE} octets"))
}

fn escape(field: &[u8], line: &mut Vec<u8>) {
    for octet in field {
        match octet {
            0 => line.extend_from_slice(b"\x010"),
            1 => line.extend_from_slice(b"\x011"),
            b'\t' => line.extend_from_slice(b"\x01t"),
            b'\r' => line.extend_from_slice(b"\x01r"),
            b'\n' => line.extend_from_slice(b"\x01n"),
            other => line.push(*other),
        }
    }
}

fn unescape(field: &[u8]) -> Field {
    let mut read = Zeroizing::new(Vec::with_capacity(field.len()));
    let mut rest = field;
    loop {
        let (octet, after) = match rest {
            [] | [1] => return read,
            [1, b'0', after @ ..] => (0, after),
            [1, b'1', after @ ..] => (1, after),
            [1, b't', after @ ..] => (b'\t', after),
            [1, b'r', after @ ..] => (b'\r', after),
            [1, b'n', after @ ..] => (b'\n', after),
            // Of any other, the octet itself is meant.
            [1, octet, after @ ..] | [octet, after @ ..] => (*octet, after),
        };
        read.push(octet);
        rest = after;
    }
}

/// A number in decimal digits.
pub(super) fn number(field: &[u8]) -> Result<u32, WireError> {
    let digits = str::from_utf8(field).ok().filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| {
        WireError::protocol(format!("expected a number, found {}", printable(field)))
    })
}

/// Something that may or may not be said: a word, or a name and a value.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: `secured`, `rip`.
    pub name: String,
    /// Its value, where it has one.
    pub value: Option<Secret>,
}

impl Parameter {
    /// A word that says enough by itself.
    pub fn word(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }

    /// A name and a value.
    pub fn new(name: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), value: Some(Secret::new(value)) }
    }

    fn parse(field: &[u8]) -> Self {
        let at = field.iter().position(|octet| *octet == b'=');
        match at.and_then(|at| field.split_at_checked(at)) {
            Some((name, value)) => {
                let value = value.strip_prefix(b"=").unwrap_or(value);
                Self { name: printable(name), value: Some(Secret::new(value)) }
            }
            None => Self { name: printable(field), value: None },
        }
    }

    pub(super) fn to_field(&self) -> Field {
        Zeroizing::new(match &self.value {
            Some(value) => [self.name.as_bytes(), b"=", value.expose()].concat(),
            None => self.name.as_bytes().to_vec(),
        })
    }
}

/// Shows the name alone: the value may be a mechanism's message.
impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parameter").field(&self.name).finish()
    }
}

/// Parameters, in the order in which they were said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(pub Vec<Parameter>);

impl Parameters {
    pub(super) fn parse(fields: &[Field]) -> Self {
        Self(fields.iter().map(|field| Parameter::parse(field)).collect())
    }

    pub(super) fn to_fields(&self) -> Vec<Field> {
        self.0.iter().map(Parameter::to_field).collect()
    }

    /// Whether this word or name was said.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|it| it.name == name)
    }

    /// The value of this name, where it has one.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|it| it.name == name)?.value.as_ref().map(Secret::expose)
    }

    /// The value of this name, made [`printable`].
    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(printable)
    }
}

impl FromIterator<Parameter> for Parameters {
    fn from_iter<I: IntoIterator<Item = Parameter>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_in_a_field_is_escaped() {
        let line = join(&[b"A", b"a\tb\r\nc\x01d\0e", b""]).unwrap();
        assert_eq!(line.as_slice(), b"A\ta\x01tb\x01r\x01nc\x011d\x010e\t\n");
        let fields = split(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!(
            fields.iter().map(|it| it.as_slice()).collect::<Vec<_>>(),
            [&b"A"[..], b"a\tb\r\nc\x01d\0e", b"",]
        );
        let disguised = split(b"\x01OK\t\x01t").unwrap();
        let disguised: Vec<_> = disguised.iter().map(|field| field.as_slice()).collect();
        assert_eq!(disguised, [&b"\x01OK"[..], b"\t"]);
        assert_eq!(unescape(b"\x01x\x01").as_slice(), b"x");
    }

    #[test]
    fn lines_and_fields_are_bounded() {
        assert!(split(&[b'\t'; MAX_FIELDS]).is_err());
        assert!(split(&[b'\t'; MAX_FIELDS - 1]).is_ok());
        assert!(split(&vec![b'a'; MAX_LINE + 1]).is_err());
        assert!(join(&[&[b'\n'; MAX_LINE / 2 + 1]]).is_err());
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number(b"4294967295"), Ok(u32::MAX));
        for junk in [&b""[..], b"+1", b"-1", b"4294967296", b"1 ", b"0x1"] {
            assert!(number(junk).is_err(), "{junk:?}");
        }
    }

    #[test]
    fn values_stay_out_of_debug() {
        let all = Parameters::parse(&[unescape(b"pass=pencil"), unescape(b"nologin")]);
        assert_eq!((all.value("pass"), all.has("nologin")), (Some(&b"pencil"[..]), true));
        assert!(!format!("{all:?}").contains("pencil"));
    }
}
