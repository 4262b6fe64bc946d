//! Lists of `name=value`, as both ends write and read them (RFC 2831 section 7.1).

use alloc::{borrow::Cow, vec::Vec};

use crate::error::Reason;

/// The directives of a message, in its order.
pub(super) struct Directives<'a>(Vec<(&'a [u8], Cow<'a, [u8]>)>);

impl<'a> Directives<'a> {
    /// Reads a message that is shorter than the limit, in octets. Quotes and backslashes are taken off the values.
    pub(super) fn parse(message: &'a [u8], limit: usize) -> Result<Self, Reason> {
        if message.len() >= limit {
            return Err(Reason::MessageTooLong);
        }
        if message.contains(&0) {
            return Err(Reason::Nul);
        }
        let mut found = Vec::new();
        let mut rest = skip(message, |octet| is_space(octet) || octet == b',');
        while !rest.is_empty() {
            let (name, after) = token(rest)?;
            let after = skip(after, is_space).strip_prefix(b"=").ok_or(Reason::BadDirective)?;
            let (value, after) = value(skip(after, is_space))?;
            found.push((name, value));
            let after = skip(after, is_space);
            if !(after.is_empty() || after.starts_with(b",")) {
                return Err(Reason::BadDirective);
            }
            rest = skip(after, |octet| is_space(octet) || octet == b',');
        }
        Ok(Self(found))
    }

    /// All values of a directive that may come many times.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        let named = self.0.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|(_, value)| &**value)
    }

    /// The value of a directive that may come once.
    pub(super) fn optional(
        &self,
        name: &'static str,
        duplicate: Reason,
    ) -> Result<Option<&[u8]>, Reason> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { Err(duplicate) } else { Ok(first) }
    }
}

fn value(from: &[u8]) -> Result<(Cow<'_, [u8]>, &[u8]), Reason> {
    match from.strip_prefix(b"\"") {
        Some(quoted) => unquote(quoted),
        None => token(from).map(|(value, rest)| (Cow::Borrowed(value), rest)),
    }
}

/// What stands before the closing quote, without backslashes, and what follows it.
fn unquote(from: &[u8]) -> Result<(Cow<'_, [u8]>, &[u8]), Reason> {
    let plain = from.iter().position(|octet| matches!(octet, b'"' | b'\\'));
    let (before, mut rest) = from.split_at(plain.ok_or(Reason::UnterminatedQuote)?);
    let mut value = Cow::Borrowed(before);
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Ok((value, rest)),
            [b'\\', octet, rest @ ..] | [octet, rest @ ..] => {
                value.to_mut().push(*octet);
                rest
            }
            [] => return Err(Reason::UnterminatedQuote),
        };
    }
}

fn token(from: &[u8]) -> Result<(&[u8], &[u8]), Reason> {
    let end = from.iter().position(|octet| !is_token(*octet)).unwrap_or(from.len());
    match from.split_at(end) {
        ([], _) => Err(Reason::BadDirective),
        split => Ok(split),
    }
}

fn skip(from: &[u8], what: impl Fn(u8) -> bool) -> &[u8] {
    let end = from.iter().position(|octet| !what(*octet)).unwrap_or(from.len());
    from.get(end..).unwrap_or_default()
}

fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+.^_`|~-".contains(&octet)
}

/// Writes a message.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// Adds `name=value`; the value is a token.
    pub(super) fn token(mut self, name: &str, value: &str) -> Self {
        self.begin(name);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// Adds `name="value"`.
    pub(super) fn quoted(mut self, name: &str, value: &[u8]) -> Self {
        self.begin(name);
        self.0.push(b'"');
        for octet in value {
            if matches!(octet, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(*octet);
        }
        self.0.push(b'"');
        self
    }

    /// The same with one more, where there is one.
    pub(super) fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn begin(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'=');
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_of_the_wild() {
        let read = |text: &'static str| {
            Directives::parse(text.as_bytes(), 2048)
                .map(|it| it.all("a").map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        assert_eq!(
            read(" , a = \"x\\\"y\" ,\r\n A=z,,"),
            Ok(vec![b"x\"y".to_vec(), b"z".to_vec()])
        );
        assert_eq!(read(""), Ok(Vec::new()));
        assert_eq!(read("a=\"\""), Ok(vec![Vec::new()]));
        for bad in ["a", "a=", "a=,", "=a", "a=\"x\" b=y", "a=b=c"] {
            assert_eq!(read(bad), Err(Reason::BadDirective), "{bad}");
        }
        for open in ["a=\"", "a=\"x", "a=\"x\\\"", "a=\"\\"] {
            assert_eq!(read(open), Err(Reason::UnterminatedQuote), "{open}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in proptest::collection::vec(1..=255_u8, 0..40), other in "[a-z0-9-]{1,9}") {
            let text = Writer::default().quoted("a", &value).token("b", &other).finish();
            let read = Directives::parse(&text, 2048).expect("our own");
            prop_assert_eq!(read.optional("a", Reason::BadDirective), Ok(Some(&*value)));
            prop_assert_eq!(read.optional("B", Reason::BadDirective), Ok(Some(other.as_bytes())));
        }

        #[test]
        fn nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Directives::parse(&octets, 2048);
        }
    }
}
