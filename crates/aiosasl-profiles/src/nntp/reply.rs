//! A server's line, to read and to write (RFC 3977 section 3.2).

use std::fmt;

use zeroize::Zeroizing;

/// A line from the server, outside of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// What became of a command.
    pub code: Code,
    /// Base64 inside an exchange; else words for people, in no known encoding.
    pub text: &'a [u8],
}

/// A code of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The list of capabilities follows.
    pub const CAPABILITIES: Self = Self(101);
    /// The server is ready, and takes articles.
    pub const READY: Self = Self(200);
    /// The server is ready, and takes no articles.
    pub const READY_NO_POSTING: Self = Self(201);
    /// Good bye.
    pub const CLOSING: Self = Self(205);
    /// The client is in.
    pub const ACCEPTED: Self = Self(281);
    /// The client is in; the mechanism's last words.
    pub const ACCEPTED_WITH_DATA: Self = Self(283);
    /// The name was taken, now the password.
    pub const PASSWORD_REQUIRED: Self = Self(381);
    /// TLS begins with the next octet (RFC 4642 section 2.2).
    pub const CONTINUE_WITH_TLS: Self = Self(382);
    /// A challenge.
    pub const CHALLENGE: Self = Self(383);
    /// Not now, and the server hangs up.
    pub const UNAVAILABLE: Self = Self(400);
    /// Something inside the server went wrong.
    pub const INTERNAL_FAULT: Self = Self(403);
    /// The client must authenticate first.
    pub const AUTHENTICATION_REQUIRED: Self = Self(480);
    /// The credentials are wrong, or the exchange was given up.
    pub const REJECTED: Self = Self(481);
    /// What was said breaks the exchange's order.
    pub const OUT_OF_SEQUENCE: Self = Self(482);
    /// Encryption is needed, or a stronger mechanism.
    pub const ENCRYPTION_REQUIRED: Self = Self(483);
    /// No such command.
    pub const UNKNOWN_COMMAND: Self = Self(500);
    /// No such arguments.
    pub const SYNTAX: Self = Self(501);
    /// Not to be had, or not now: authenticated already.
    pub const UNAVAILABLE_COMMAND: Self = Self(502);
    /// No such mechanism.
    pub const UNSUPPORTED: Self = Self(503);
    /// No base64.
    pub const BAD_BASE64: Self = Self(504);
    /// TLS can't be had (RFC 4642 section 2.2).
    pub const NO_TLS: Self = Self(580);

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// Whether it says that something was refused: it begins with a 4 or a 5.
    pub fn is_refusal(self) -> bool {
        (400..600).contains(&self.0)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl<'a> Reply<'a> {
    /// A reply of ours.
    pub const fn new(code: Code, text: &'static str) -> Reply<'static> {
        Reply { code, text: text.as_bytes() }
    }

    /// Reads a line, its ending not included.
    ///
    /// # Errors
    ///
    /// [`ReplyError`] where it does not begin with a code from 100 to 599.
    pub fn parse(line: &'a [u8]) -> Result<Self, ReplyError> {
        let (digits, text) = line.split_at_checked(3).ok_or(ReplyError)?;
        let text = match text {
            [] => text,
            [b' ', text @ ..] => text,
            _ => return Err(ReplyError),
        };
        match digits {
            [a @ b'1'..=b'5', b, c] if b.is_ascii_digit() && c.is_ascii_digit() => {
                let digit = |octet: &u8| u16::from(octet - b'0');
                Ok(Self { code: Code(digit(a) * 100 + digit(b) * 10 + digit(c)), text })
            }
            _ => Err(ReplyError),
        }
    }

    /// The line, with its ending; wiped on drop.
    pub fn to_line(self) -> Zeroizing<Vec<u8>> {
        let code = self.code.to_string();
        let space: &[u8] = if self.text.is_empty() { b"" } else { b" " };
        Zeroizing::new([code.as_bytes(), space, self.text, b"\r\n"].concat())
    }
}

/// A line of a list without the dot that hides another; `None` where it is the last one (RFC 3977 section 3.1.1).
pub fn listed(line: &[u8]) -> Option<&[u8]> {
    match line {
        b"." => None,
        [b'.', rest @ ..] => Some(rest),
        _ => Some(line),
    }
}

/// A line that is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyError;

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a code of three digits (RFC 3977 section 3.2)")
    }
}

impl std::error::Error for ReplyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_begins_with_three_digits() {
        let reply = Reply::parse(b"281 ok then").unwrap();
        assert_eq!((reply.code, reply.text), (Code::ACCEPTED, b"ok then".as_slice()));
        let bare = Reply::parse(b"400").unwrap();
        assert_eq!((bare.code, bare.to_line().as_slice()), (Code::UNAVAILABLE, &b"400\r\n"[..]));
        assert!(bare.code.is_refusal() && !reply.code.is_refusal());
        for junk in [&b""[..], b"28", b"2810", b"28a ok", b"-81 ok", b"281-ok", b" 281", b"681 ok"]
        {
            assert_eq!(Reply::parse(junk), Err(ReplyError), "{junk:?}");
        }
    }

    #[test]
    fn a_list_ends_with_a_dot() {
        assert_eq!(listed(b"..x"), Some(&b".x"[..]));
        assert_eq!(listed(b"."), None);
    }
}
