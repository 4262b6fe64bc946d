//! The words that all messages are made of: atoms, strings, parentheses (RFC 5804 section 4).

use std::fmt;

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use super::{MAX_MESSAGE, MAX_QUOTED, MAX_STRING};

/// The most words taken in one message.
const MAX_TOKENS: usize = 64;

/// Who says a message: the two write their literals differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A client that may also wait: `{12}`, and the octets follow when the server has said that they may (ACAP, RFC
    /// 2244 section 2.6.3). It writes as the other one does.
    AnyClient,
    /// `{12+}`, and the octets follow at once.
    Client,
    /// `{12}`, and so they do.
    Server,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A word without quotes, or a number.
    Atom(String),
    /// `)`
    Close,
    /// `(`
    Open,
    /// A string, whether quoted or literal: it may be a password's.
    String(Secret),
}

/// How far octets go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// They are a whole message.
    Whole(Vec<Token>),
    /// They end before a literal of this many octets, which come behind a line's ending, and behind which the line goes
    /// on.
    Wants(usize),
}

/// Takes a message apart; its last line has no ending, those before a literal have CRLF.
///
/// # Errors
///
/// [`ScanError`]; where the message ends is not known then, unless its octets end in no brace.
pub fn scan(message: &[u8], by: Sender) -> Result<Scanned, ScanError> {
    let mut tokens = Vec::new();
    let mut rest = message;
    // Whether a word may begin here.
    let mut apart = true;
    while let Some((first, after)) = rest.split_first() {
        if tokens.len() == MAX_TOKENS || message.len() > MAX_MESSAGE {
            return Err(ScanError::TooLong);
        }
        if !apart && !matches!(first, b' ' | b')') {
            return Err(ScanError::Unexpected);
        }
        apart = matches!(first, b' ' | b'(');
        let token;
        (token, rest) = match first {
            b' ' => {
                rest = after;
                continue;
            }
            b'(' => (Token::Open, after),
            b')' => (Token::Close, after),
            b'"' => quoted(after)?,
            b'{' => {
                let (count, after) = announced(after, by)?;
                if count > MAX_STRING {
                    return Err(ScanError::TooLong);
                }
                if after.is_empty() {
                    return Ok(Scanned::Wants(count));
                }
                let octets = after.strip_prefix(b"\r\n").ok_or(ScanError::Unexpected)?;
                let (octets, after) =
                    octets.split_at_checked(count).ok_or(ScanError::Unfinished)?;
                (Token::String(Secret::new(octets)), after)
            }
            _ => atom(rest)?,
        };
        tokens.push(token);
    }
    Ok(Scanned::Whole(tokens))
}

/// A string on the wire: quoted where it may be, else a literal; wiped on drop.
pub fn string(octets: &[u8], by: Sender) -> Zeroizing<Vec<u8>> {
    let is_plain = octets.len() <= MAX_QUOTED
        && !octets.iter().any(|octet| matches!(octet, 0 | b'\r' | b'\n'))
        && std::str::from_utf8(octets).is_ok();
    if !is_plain {
        return literal(octets, by);
    }
    let mut quoted = Zeroizing::new(Vec::with_capacity(2 * octets.len() + 2));
    quoted.push(b'"');
    for octet in octets {
        if matches!(octet, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*octet);
    }
    quoted.push(b'"');
    quoted
}

/// A string on the wire, as a literal; wiped on drop.
pub fn literal(octets: &[u8], by: Sender) -> Zeroizing<Vec<u8>> {
    let plus = match by {
        Sender::AnyClient | Sender::Client => "+",
        Sender::Server => "",
    };
    let announced = format!("{{{}{plus}}}\r\n", octets.len());
    Zeroizing::new([announced.as_bytes(), octets].concat())
}

/// What stands behind an opening quote, up to the closing one; and what follows.
fn quoted(octets: &[u8]) -> Result<(Token, &[u8]), ScanError> {
    let mut inside = Zeroizing::new(Vec::with_capacity(octets.len()));
    let mut rest = octets;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Ok((Token::String(Secret::new(&**inside)), after)),
            // Only these two need it; but there are servers that do it to others, too.
            [b'\\', octet, after @ ..] | [octet, after @ ..]
                if !matches!(octet, 0 | b'\r' | b'\n') =>
            {
                inside.push(*octet);
                after
            }
            [] => return Err(ScanError::Unfinished),
            _ => return Err(ScanError::Unexpected),
        };
    }
}

/// The length that stands behind an opening brace; and what follows the closing one.
fn announced(octets: &[u8], by: Sender) -> Result<(usize, &[u8]), ScanError> {
    let count = octets.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, rest) = octets.split_at_checked(count).ok_or(ScanError::Unfinished)?;
    let end = match (by, rest) {
        (Sender::AnyClient, [b'+', ..]) | (Sender::Client, _) => b"+}".as_slice(),
        (Sender::AnyClient | Sender::Server, _) => b"}",
    };
    let rest = rest.strip_prefix(end).ok_or(ScanError::Unexpected)?;
    if digits.is_empty() {
        return Err(ScanError::Unexpected);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| ScanError::Unexpected)?;
    Ok((digits.parse().map_err(|_| ScanError::TooLong)?, rest))
}

fn atom(octets: &[u8]) -> Result<(Token, &[u8]), ScanError> {
    let is_atom = |octet: &u8| octet.is_ascii_graphic() && !b"\"(){\\}".contains(octet);
    let count = octets.iter().take_while(|octet| is_atom(octet)).count();
    let (atom, rest) = octets.split_at_checked(count).ok_or(ScanError::Unexpected)?;
    match std::str::from_utf8(atom) {
        Ok(atom) if !atom.is_empty() => Ok((Token::Atom(atom.to_owned()), rest)),
        _ => Err(ScanError::Unexpected),
    }
}

/// Why octets are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanError {
    /// Too many words, or octets.
    TooLong,
    /// An octet that may not stand where it does.
    Unexpected,
    /// The end where a string is not at its own.
    Unfinished,
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "expected a message of fewer words or octets",
            Self::Unexpected => "expected words and strings with a space between them",
            Self::Unfinished => "expected the end of a string before that of the message",
        })
    }
}

impl std::error::Error for ScanError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(octets: &[u8]) -> Token {
        Token::String(Secret::new(octets))
    }

    fn whole(message: &[u8]) -> Vec<Token> {
        match scan(message, Sender::Server) {
            Ok(Scanned::Whole(tokens)) => tokens,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn messages_are_words_and_strings() {
        let tokens = whole(b"NO (QUOTA/MAXSIZE 5) \"a \\\"b\\\" \\c\"");
        assert_eq!(
            tokens,
            [
                Token::Atom("NO".into()),
                Token::Open,
                Token::Atom("QUOTA/MAXSIZE".into()),
                Token::Atom("5".into()),
                Token::Close,
                text(b"a \"b\" c"),
            ]
        );
        assert_eq!(whole(b"{3}\r\na\r\n \"\""), [text(b"a\r\n"), text(b"")]);
        assert_eq!(whole(b""), []);
    }

    #[test]
    fn a_literal_is_waited_for() {
        let client = |message| scan(message, Sender::Client);
        assert_eq!(client(b"X {12+}"), Ok(Scanned::Wants(12)));
        assert_eq!(
            client(b"X {2+}\r\n{}"),
            Ok(Scanned::Whole(vec![Token::Atom("X".into()), text(b"{}")]))
        );
        assert_eq!(client(b"X {2+}\r\nab {3+}"), Ok(Scanned::Wants(3)));
        assert_eq!(client(b"X {2+}\r\na"), Err(ScanError::Unfinished));
        // The two write them differently, and what is the other's announces nothing.
        assert_eq!(client(b"X {12}"), Err(ScanError::Unexpected));
        assert_eq!(scan(b"{12+}", Sender::Server), Err(ScanError::Unexpected));
        assert_eq!(client(b"\"{12+}\""), Ok(Scanned::Whole(vec![text(b"{12+}")])));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for (message, error) in [
            (&b"\"a"[..], ScanError::Unfinished),
            (b"\"a\\", ScanError::Unfinished),
            (b"\"a\rb\"", ScanError::Unexpected),
            (b"\"a\"\"b\"", ScanError::Unexpected),
            (b"a\"b\"", ScanError::Unexpected),
            (b"a(b)", ScanError::Unexpected),
            (b"{}", ScanError::Unexpected),
            (b"{+}", ScanError::Unexpected),
            (b"{1}x", ScanError::Unexpected),
            (b"{99999999}", ScanError::TooLong),
            (b"{99999999999999999999999999}", ScanError::TooLong),
            (b"\xff", ScanError::Unexpected),
            (b"a\tb", ScanError::Unexpected),
        ] {
            assert_eq!(scan(message, Sender::Server), Err(error), "{message:?}");
        }
        assert_eq!(scan(&b"a ".repeat(65), Sender::Client), Err(ScanError::TooLong));
    }

    #[test]
    fn long_or_binary_strings_become_literals() {
        assert_eq!(string(b"a\"b", Sender::Client).as_slice(), b"\"a\\\"b\"");
        assert_eq!(string(b"a\nb", Sender::Client).as_slice(), b"{3+}\r\na\nb");
        assert_eq!(string(b"\xff", Sender::Server).as_slice(), b"{1}\r\n\xff");
        assert!(string(&[b'a'; 1024], Sender::Client).starts_with(b"\""));
        assert!(string(&[b'a'; 1025], Sender::Client).starts_with(b"{1025+}\r\n"));
    }
}
