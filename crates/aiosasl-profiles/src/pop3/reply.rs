//! A server's line, to read and to write (RFC 1939 section 3, RFC 2449 section 8).

use std::fmt;

use zeroize::Zeroizing;

/// A line from the server, outside of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `+ `: it waits for a response; the octets are what follows, mostly base64.
    Continuation(&'a [u8]),
    /// What became of a command; or a greeting.
    Status(Status<'a>),
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status<'a> {
    /// In one word.
    pub sign: Sign,
    /// In a word for machines, without its brackets: `AUTH`, `SYS/TEMP`.
    pub code: Option<&'a [u8]>,
    /// In words for people, in no known encoding.
    pub text: &'a [u8],
}

/// The word that a status begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It was refused.
    Err,
    /// It was done.
    Ok,
}

impl Sign {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Err => "-ERR",
            Self::Ok => "+OK",
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        [Self::Err, Self::Ok].into_iter().find(|sign| sign.as_str().as_bytes() == word)
    }
}

impl<'a> Reply<'a> {
    /// Reads a line, its ending not included.
    ///
    /// # Errors
    ///
    /// [`ReplyError`] where it is none of the three forms.
    pub fn parse(line: &'a [u8]) -> Result<Self, ReplyError> {
        match line {
            [b'+'] => Ok(Self::Continuation(&[])),
            [b'+', b' ', rest @ ..] => Ok(Self::Continuation(rest)),
            _ => Status::parse(line).map(Self::Status).ok_or(ReplyError),
        }
    }

    /// The line, with its ending; wiped on drop.
    pub fn to_line(self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Continuation(octets) => [b"+ ".as_slice(), octets, b"\r\n"].concat(),
            Self::Status(status) => {
                let mut line = status.label();
                if !status.text.is_empty() {
                    line.push(b' ');
                    line.extend_from_slice(status.text);
                }
                line.extend_from_slice(b"\r\n");
                line
            }
        })
    }
}

impl<'a> Status<'a> {
    /// A status of ours.
    pub const fn new(sign: Sign, code: Option<&'static str>, text: &'static str) -> Self {
        let code = match code {
            Some(code) => Some(code.as_bytes()),
            None => None,
        };
        Self { sign, code, text: text.as_bytes() }
    }

    /// The word and the code, as they stood: `-ERR [AUTH]`.
    pub fn label(&self) -> Vec<u8> {
        let mut label = self.sign.as_str().as_bytes().to_vec();
        if let Some(code) = self.code {
            label.extend([b" [", code, b"]"].concat());
        }
        label
    }

    fn parse(line: &'a [u8]) -> Option<Self> {
        let (word, rest) = split_word(line);
        let sign = Sign::parse(word)?;
        let inside = rest.strip_prefix(b"[").and_then(|inner| {
            let end = inner.iter().position(|octet| *octet == b']')?;
            let (code, after) = inner.split_at_checked(end)?;
            // What is no word on its own is text that only looks like a code.
            match after.strip_prefix(b"]")? {
                [] => Some((code, [].as_slice())),
                [b' ', text @ ..] => Some((code, text)),
                _ => None,
            }
        });
        Some(match inside {
            Some((code, text)) => Self { sign, code: Some(code), text },
            None => Self { sign, code: None, text: rest },
        })
    }
}

/// A line of a list without the dot that hides another; `None` where it is the last one (RFC 1939 section 3).
pub fn listed(line: &[u8]) -> Option<&[u8]> {
    match line {
        b"." => None,
        [b'.', rest @ ..] => Some(rest),
        _ => Some(line),
    }
}

/// The first word of a line, and what follows the space after it.
pub(super) fn split_word(octets: &[u8]) -> (&[u8], &[u8]) {
    match octets.iter().position(|octet| *octet == b' ') {
        Some(at) => {
            let (word, rest) = octets.split_at(at);
            (word, rest.strip_prefix(b" ").unwrap_or(rest))
        }
        None => (octets, &[]),
    }
}

/// A line that is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyError;

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected '+', '+OK' or '-ERR' (RFC 1939 section 3)")
    }
}

impl std::error::Error for ReplyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_may_lack_their_space() {
        assert_eq!(Reply::parse(b"+ "), Ok(Reply::Continuation(b"")));
        assert_eq!(Reply::parse(b"+"), Ok(Reply::Continuation(b"")));
        assert_eq!(Reply::parse(b"+ YQ=="), Ok(Reply::Continuation(b"YQ==")));
    }

    #[test]
    fn statuses_may_have_a_code() {
        let err = |code, text| Ok(Reply::Status(Status { sign: Sign::Err, code, text }));
        assert_eq!(Reply::parse(b"-ERR [AUTH] no"), err(Some(b"AUTH"), b"no"));
        assert_eq!(Reply::parse(b"-ERR [SYS/TEMP]"), err(Some(b"SYS/TEMP"), b""));
        assert_eq!(Reply::parse(b"-ERR [AUTH no"), err(None, b"[AUTH no"));
        assert_eq!(Reply::parse(b"-ERR [a]b"), err(None, b"[a]b"));
        assert_eq!(Reply::parse(b"-ERR"), err(None, b""));
        for junk in [&b""[..], b"OK", b"+OKAY", b"-ERRno", b"+ok", b" +OK", b"220 smtp", b"* OK"] {
            assert_eq!(Reply::parse(junk), Err(ReplyError), "{junk:?}");
        }
    }

    #[test]
    fn a_list_ends_with_a_dot() {
        assert_eq!(listed(b"USER"), Some(&b"USER"[..]));
        assert_eq!(listed(b".."), Some(&b"."[..]));
        assert_eq!(listed(b"."), None);
        assert_eq!(listed(b""), Some(&b""[..]));
    }
}
