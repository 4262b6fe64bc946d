//! IMAP's own login: a name and a password, quoted where that is enough, else as literals (RFC 9051 sections 4.3, 6.2.3).

use zeroize::Zeroizing;

/// The longest literal that is not waited for where the server has `LITERAL-` alone, in octets (RFC 7888 section 5).
const MAX_MINUS: usize = 4096;

/// Which literals a server takes without having said that it waits for them (RFC 7888).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Literals {
    /// None: each is announced, and sent once the server has answered.
    #[default]
    Awaited,
    /// Short ones: it has said `LITERAL-`, or speaks IMAP4rev2, which includes it.
    ShortAtOnce,
    /// All: it has said `LITERAL+`.
    AtOnce,
}

/// The pieces of a LOGIN; after each but the last one the server has to say that it waits for more.
///
/// `None` where a string can't be said: it has a NUL in it.
pub fn login(
    tag: &str,
    name: &[u8],
    password: &[u8],
    literals: Literals,
) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    if name.contains(&0) || password.contains(&0) {
        return None;
    }
    let mut pieces = vec![Zeroizing::new([tag.as_bytes(), b" LOGIN"].concat())];
    for string in [name, password] {
        push(&mut pieces, b" ");
        if is_quotable(string) {
            push(&mut pieces, &quoted(string));
            continue;
        }
        let at_once = match literals {
            Literals::Awaited => false,
            Literals::ShortAtOnce => string.len() <= MAX_MINUS,
            Literals::AtOnce => true,
        };
        let plus = if at_once { "+" } else { "" };
        push(&mut pieces, format!("{{{}{plus}}}\r\n", string.len()).as_bytes());
        if !at_once {
            pieces.push(Zeroizing::default());
        }
        push(&mut pieces, string);
    }
    push(&mut pieces, b"\r\n");
    Some(pieces)
}

/// Adds to the last piece; the one that it had before is wiped.
fn push(pieces: &mut [Zeroizing<Vec<u8>>], octets: &[u8]) {
    if let Some(last) = pieces.last_mut() {
        *last = Zeroizing::new([last.as_slice(), octets].concat());
    }
}

/// ASCII without line ends: what IMAP4rev1 has for quoted strings, too.
fn is_quotable(string: &[u8]) -> bool {
    string.iter().all(|octet| octet.is_ascii() && !matches!(octet, b'\r' | b'\n'))
}

fn quoted(string: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut quoted = Zeroizing::new(Vec::with_capacity(string.len() * 2 + 2));
    quoted.push(b'"');
    for octet in string {
        if matches!(octet, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*octet);
    }
    quoted.push(b'"');
    quoted
}

/// The octets that follow a line, announced at its end: `{123}`, or `{123+}` where nobody waits to be asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal {
    /// How many.
    pub length: usize,
    /// Whether the client waits until it is told to go on.
    pub awaited: bool,
}

impl Literal {
    /// What a line announces, its ending not included.
    pub fn announced(line: &[u8]) -> Option<Self> {
        let inside = line.strip_suffix(b"}")?;
        let (inside, awaited) = match inside.strip_suffix(b"+") {
            Some(inside) => (inside, false),
            None => (inside, true),
        };
        let digits = inside.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
        let (before, digits) = inside.split_at_checked(inside.len().checked_sub(digits)?)?;
        if before.last() != Some(&b'{') || digits.is_empty() {
            return None;
        }
        // A number that nobody can count to is a length that nobody takes.
        let length = std::str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX);
        Some(Self { length, awaited })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, password: &str, literals: Literals) -> Vec<String> {
        let pieces = login("A1", name.as_bytes(), password.as_bytes(), literals).unwrap();
        pieces.iter().map(|it| String::from_utf8(it.to_vec()).unwrap()).collect()
    }

    #[test]
    fn ascii_is_quoted_and_the_rest_counted() {
        let plain = said("user", r#"a "b\"#, Literals::Awaited);
        assert_eq!(plain, ["A1 LOGIN \"user\" \"a \\\"b\\\\\"\r\n"]);
        assert_eq!(said("", "", Literals::Awaited), ["A1 LOGIN \"\" \"\"\r\n"]);
        let awaited = said("ü", "€", Literals::Awaited);
        assert_eq!(awaited, ["A1 LOGIN {2}\r\n", "ü {3}\r\n", "€\r\n"]);
        assert_eq!(said("ü", "€", Literals::AtOnce), ["A1 LOGIN {2+}\r\nü {3+}\r\n€\r\n"]);
        let long = "é".repeat(2049);
        assert_eq!(said("ü", &long, Literals::ShortAtOnce).len(), 2);
        assert_eq!(login("A1", b"a\0b", b"", Literals::AtOnce), None);
    }

    #[test]
    fn literals_are_announced_at_the_end_of_a_line() {
        let is = |line: &[u8]| Literal::announced(line).map(|it| (it.length, it.awaited));
        assert_eq!(is(b"A LOGIN {12}"), Some((12, true)));
        assert_eq!(is(b"A LOGIN {0+}"), Some((0, false)));
        assert_eq!(is(b"{99999999999999999999999}"), Some((usize::MAX, true)));
        for line in [&b""[..], b"{}", b"{+}", b"12}", b"{12}x", b"{1 2}", b"{12++}", b"{-1}"] {
            assert_eq!(is(line), None, "{line:?}");
        }
    }
}
