//! Items: words, numbers, strings, and lists of them; each ends with white space.

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use crate::{
    WireError,
    frame::{Frame, too_long},
};

/// The longest item taken, in octets.
pub const MAX_ITEM: usize = 65_536;

/// How deep lists may stand in one another.
const MAX_DEPTH: usize = 16;

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A list of items.
    List(Vec<Self>),
    /// A number.
    Number(u64),
    /// Octets, whatever they are.
    String(Secret),
    /// A word of letters, digits and hyphens that begins with a letter.
    Word(String),
}

/// What an item is made of.
enum Token<'a> {
    Open,
    Close,
    Leaf(Leaf<'a>),
}

enum Leaf<'a> {
    Number(u64),
    String(&'a [u8]),
    Word(&'a str),
}

impl Item {
    /// A string.
    pub fn string(octets: impl Into<Vec<u8>>) -> Self {
        Self::String(Secret::new(octets))
    }

    /// A word, which the caller knows to be one.
    pub fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// Reads one item, all of these octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where they are none, or more than one.
    pub fn parse(octets: &[u8]) -> Result<Self, WireError> {
        let mut rest = octets;
        let mut open: Vec<Vec<Self>> = Vec::new();
        loop {
            let Some((token, used)) = token(rest)? else { return Err(no_item("its end")) };
            rest = rest.get(used..).unwrap_or_default();
            let item = match token {
                Token::Open if open.len() < MAX_DEPTH => {
                    open.push(Vec::new());
                    continue;
                }
                Token::Open => return Err(no_item("fewer lists in lists")),
                Token::Close => Self::List(open.pop().ok_or_else(|| no_item("no end of a list"))?),
                Token::Leaf(Leaf::Number(number)) => Self::Number(number),
                Token::Leaf(Leaf::String(octets)) => Self::string(octets),
                Token::Leaf(Leaf::Word(word)) => Self::word(word),
            };
            match open.last_mut() {
                Some(list) => list.push(item),
                None if rest.iter().all(u8::is_ascii_whitespace) => return Ok(item),
                None => return Err(no_item("one item")),
            }
        }
    }

    /// The item's octets, with the space behind it.
    pub fn to_octets(&self) -> Frame {
        // At once: what grows leaves parts of a secret behind.
        let mut out = Zeroizing::new(Vec::with_capacity(self.room()));
        self.write(&mut out);
        out
    }

    /// The items of a list.
    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a word.
    pub fn as_word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    fn room(&self) -> usize {
        match self {
            Self::List(items) => 4 + items.iter().map(Self::room).sum::<usize>(),
            Self::Number(_) => 21,
            Self::String(octets) => octets.len() + 22,
            Self::Word(word) => word.len() + 1,
        }
    }

    fn write(&self, out: &mut Frame) {
        match self {
            Self::List(items) => {
                out.extend_from_slice(b"( ");
                for item in items {
                    item.write(out);
                }
                out.extend_from_slice(b") ");
            }
            Self::Number(number) => out.extend_from_slice(format!("{number} ").as_bytes()),
            Self::String(octets) => {
                out.extend_from_slice(format!("{}:", octets.len()).as_bytes());
                out.extend_from_slice(octets.expose());
                out.push(b' ');
            }
            Self::Word(word) => {
                out.extend_from_slice(word.as_bytes());
                out.push(b' ');
            }
        }
    }
}

/// The length of an item, with one octet of the white space behind it; `None` until it is there.
///
/// # Errors
///
/// A [`WireError`] where it is none, or longer than [`MAX_ITEM`].
pub fn measure(octets: &[u8]) -> Result<Option<usize>, WireError> {
    let (mut rest, mut depth, mut length) = (octets, 0_usize, 0_usize);
    while let Some((token, used)) = token(rest)? {
        rest = rest.get(used..).unwrap_or_default();
        length += used;
        depth = match token {
            Token::Open => depth + 1,
            Token::Close => depth.checked_sub(1).ok_or_else(|| no_item("no end of a list"))?,
            Token::Leaf(_) => depth,
        };
        if length > MAX_ITEM || depth > MAX_DEPTH {
            return Err(too_long(MAX_ITEM));
        }
        if depth == 0 {
            return Ok(Some(length));
        }
    }
    if octets.len() > MAX_ITEM { Err(too_long(MAX_ITEM)) } else { Ok(None) }
}

/// The next token, and how many octets it takes with white space around it; `None` until it is all there.
fn token(octets: &[u8]) -> Result<Option<(Token<'_>, usize)>, WireError> {
    let blank = octets.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let rest = octets.get(blank..).unwrap_or_default();
    let end = rest.iter().position(|octet| octet.is_ascii_whitespace() || *octet == b':');
    let Some(end) = end else {
        let is_short = rest.len() <= MAX_WORD;
        return if is_short { Ok(None) } else { Err(no_item("a shorter word")) };
    };
    let (word, rest) = rest.split_at(end);
    let token = match word {
        b"(" => Token::Open,
        b")" => Token::Close,
        [b'0'..=b'9', ..] if rest.starts_with(b":") => {
            let length = usize::try_from(number(word)?).unwrap_or(usize::MAX);
            if length > MAX_ITEM {
                return Err(too_long(MAX_ITEM));
            }
            let Some(octets) = rest.get(1..=length) else { return Ok(None) };
            let used = blank + end + 1 + length;
            return match rest.get(1 + length) {
                Some(space) if space.is_ascii_whitespace() => {
                    Ok(Some((Token::Leaf(Leaf::String(octets)), used + 1)))
                }
                Some(_) => Err(no_item("white space behind a string")),
                None => Ok(None),
            };
        }
        [b'0'..=b'9', ..] => Token::Leaf(Leaf::Number(number(word)?)),
        [b'a'..=b'z' | b'A'..=b'Z', tail @ ..] if tail.iter().copied().all(is_of_word) => {
            let word = std::str::from_utf8(word).map_err(|_| no_item("a word"))?;
            Token::Leaf(Leaf::Word(word))
        }
        _ => return Err(no_item("a word, a number, a string or a list")),
    };
    if rest.starts_with(b":") {
        return Err(no_item("white space behind a word"));
    }
    Ok(Some((token, blank + end + 1)))
}

/// The longest word or number taken, in octets.
const MAX_WORD: usize = 256;

/// Mechanisms' names are words, and some have what other words don't.
fn is_of_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_')
}

fn number(digits: &[u8]) -> Result<u64, WireError> {
    let all = digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| all);
    digits.and_then(|it| it.parse().ok()).ok_or_else(|| no_item("a number"))
}

fn no_item(what: &str) -> WireError {
    WireError::protocol(format!("expected {what} in an item of Subversion's protocol"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_read_as_it_was_written() {
        let octets = b"( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) 3:a\n) 0: ) ) ";
        let item = Item::parse(octets).unwrap();
        assert_eq!(item.to_octets().as_slice(), octets);
        assert_eq!(measure(octets).unwrap(), Some(octets.len()));
        for end in 0..octets.len() {
            assert_eq!(measure(&octets[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(Item::parse(b"5:token ").unwrap(), Item::string(*b"token"));
    }

    #[test]
    fn what_is_no_item_is_refused() {
        let deep = "( ".repeat(MAX_DEPTH + 1);
        for octets in [
            &b") "[..],
            b"+OK ",
            b"3:abcd ",
            b"9a ",
            b"word: ",
            b"99999999999999999999999 ",
            b"70000:a ",
            deep.as_bytes(),
        ] {
            assert!(measure(octets).is_err(), "{}", String::from_utf8_lossy(octets));
            assert!(Item::parse(octets).is_err());
        }
        assert!(Item::parse(b"a b ").is_err());
        assert!(Item::parse(b"( a ").is_err());
        assert!(measure(&[b'a'; 300]).is_err());
    }
}
