//! As much of JSON (RFC 8259) as the error of an OAuth server needs: the strings of one object, all else checked and skipped.

use alloc::string::String;

/// How deep arrays and objects may lie in one another.
const MAX_DEPTH: u8 = 16;

/// Not JSON, or deeper than anybody needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotJson;

/// What an object has under a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing, or `null`.
    #[default]
    Absent,
    Text(String),
    /// Something else.
    Other,
}

/// The values of an object under these names; `None` where the text is JSON, and no object.
pub(super) fn parse<const N: usize>(
    text: &str,
    names: &[&str; N],
) -> Result<Option<[Value; N]>, NotJson> {
    let mut reader = Reader { rest: text, depth: 0 };
    reader.skip_space();
    let mut values = [const { None }; N];
    let is_object = reader.rest.starts_with('{');
    if is_object {
        reader.object(&mut |name, value| {
            let Some(at) = names.iter().position(|it| **it == name) else { return Ok(()) };
            match values.get_mut(at) {
                Some(slot @ None) => *slot = Some(value),
                // A name that comes twice means two things.
                _ => return Err(NotJson),
            }
            Ok(())
        })?;
    } else {
        reader.value()?;
    }
    reader.skip_space();
    if !reader.rest.is_empty() {
        return Err(NotJson);
    }
    Ok(is_object.then(|| values.map(Option::unwrap_or_default)))
}

struct Reader<'a> {
    rest: &'a str,
    depth: u8,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, NotJson> {
        self.skip_space();
        match self.rest.as_bytes().first() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{') => self.object(&mut |_, _| Ok(())).map(|()| Value::Other),
            Some(b'[') => self.array().map(|()| Value::Other),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Value::Other),
            _ if self.takes("null") => Ok(Value::Absent),
            _ if self.takes("true") || self.takes("false") => Ok(Value::Other),
            _ => Err(NotJson),
        }
    }

    fn object(
        &mut self,
        member: &mut dyn FnMut(String, Value) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.list('{', '}', &mut |reader| {
            reader.skip_space();
            let name = reader.string()?;
            reader.skip_space();
            reader.expect(':')?;
            let value = reader.value()?;
            member(name, value)
        })
    }

    fn array(&mut self) -> Result<(), NotJson> {
        self.list('[', ']', &mut |reader| reader.value().map(drop))
    }

    /// What stands between two marks, with commas.
    fn list(
        &mut self,
        open: char,
        close: char,
        item: &mut dyn FnMut(&mut Self) -> Result<(), NotJson>,
    ) -> Result<(), NotJson> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(NotJson);
        }
        self.skip_space();
        if self.expect(close).is_err() {
            loop {
                item(self)?;
                self.skip_space();
                if self.expect(',').is_err() {
                    break self.expect(close)?;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn string(&mut self) -> Result<String, NotJson> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                control if u32::from(control) < 0x20 => return Err(NotJson),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        Ok(match self.next()? {
            same @ ('"' | '\\' | '/') => same,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.four_digits()?;
                let units = if (0xd800..0xdc00).contains(&first) {
                    self.expect('\\')?;
                    self.expect('u')?;
                    [first, self.four_digits()?]
                } else {
                    [first, 0]
                };
                match char::decode_utf16(units).next() {
                    Some(Ok(character)) => character,
                    _ => return Err(NotJson),
                }
            }
            _ => return Err(NotJson),
        })
    }

    fn four_digits(&mut self) -> Result<u16, NotJson> {
        (0..4).try_fold(0, |number, _| {
            let digit = self.next()?.to_digit(16).and_then(|digit| u16::try_from(digit).ok());
            Ok(number << 4 | digit.ok_or(NotJson)?)
        })
    }

    /// `[-] int [frac] [exp]`
    fn number(&mut self) -> Result<(), NotJson> {
        self.takes("-");
        if !self.takes("0") {
            self.digits()?;
        }
        if self.takes(".") {
            self.digits()?;
        }
        if self.takes("e") || self.takes("E") {
            if !self.takes("+") {
                self.takes("-");
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let rest = self.rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if rest.len() == self.rest.len() {
            return Err(NotJson);
        }
        self.rest = rest;
        Ok(())
    }

    fn next(&mut self) -> Result<char, NotJson> {
        let mut characters = self.rest.chars();
        let next = characters.next().ok_or(NotJson)?;
        self.rest = characters.as_str();
        Ok(next)
    }

    fn expect(&mut self, mark: char) -> Result<(), NotJson> {
        self.rest = self.rest.strip_prefix(mark).ok_or(NotJson)?;
        Ok(())
    }

    fn takes(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }
}
