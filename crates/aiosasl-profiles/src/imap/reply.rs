//! A server's line, to read and to write (RFC 9051 section 7).

use std::fmt;

use zeroize::Zeroizing;

/// A line from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `+ `: it waits for a response; the octets are what follows, mostly base64.
    Continuation(&'a [u8]),
    /// The answer to the command with this tag.
    Tagged {
        /// The command's tag.
        tag: &'a [u8],
        /// What became of it.
        condition: Condition<'a>,
    },
    /// `*` and a condition: news, a greeting, or a farewell.
    Untagged(Condition<'a>),
    /// `* CAPABILITY` and its list.
    Capability(&'a [u8]),
    /// `*` and anything else.
    Other(&'a [u8]),
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition<'a> {
    /// In one word.
    pub status: Status,
    /// In a word for machines, without its brackets: `AUTHENTICATIONFAILED`, `CAPABILITY IMAP4rev2 ...`.
    pub code: Option<&'a [u8]>,
    /// In words for people, in no known encoding.
    pub text: &'a [u8],
}

/// The word that a condition begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The command made no sense, or was given up.
    Bad,
    /// The server hangs up.
    Bye,
    /// It was refused.
    No,
    /// It was done.
    Ok,
    /// A greeting: whoever comes by this connection is authenticated already.
    PreAuth,
}

impl Status {
    const ALL: [Self; 5] = [Self::Bad, Self::Bye, Self::No, Self::Ok, Self::PreAuth];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "BAD",
            Self::Bye => "BYE",
            Self::No => "NO",
            Self::Ok => "OK",
            Self::PreAuth => "PREAUTH",
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().as_bytes().eq_ignore_ascii_case(word))
    }
}

impl<'a> Reply<'a> {
    /// Reads a line, its ending not included. A `+` without the space after it is tolerated.
    ///
    /// # Errors
    ///
    /// [`ReplyError`] where it is none of the three forms.
    pub fn parse(line: &'a [u8]) -> Result<Self, ReplyError> {
        match line {
            [b'+', b' ', rest @ ..] | [b'+', rest @ ..] => Ok(Self::Continuation(rest)),
            [b'*', b' ', rest @ ..] => Ok(Self::untagged(rest)),
            _ => {
                let (tag, rest) = split_word(line);
                match Condition::parse(rest) {
                    Some(condition) if !tag.is_empty() => Ok(Self::Tagged { tag, condition }),
                    _ => Err(ReplyError),
                }
            }
        }
    }

    /// The line, with its ending; wiped on drop.
    pub fn to_line(self) -> Zeroizing<Vec<u8>> {
        let mut line = Zeroizing::new(Vec::new());
        match self {
            Self::Continuation(octets) => line.extend([b"+ ".as_slice(), octets].concat()),
            Self::Tagged { tag, condition } => {
                line.extend_from_slice(tag);
                line.push(b' ');
                condition.write(&mut line);
            }
            Self::Untagged(condition) => {
                line.extend_from_slice(b"* ");
                condition.write(&mut line);
            }
            Self::Capability(list) => line.extend([b"* CAPABILITY ".as_slice(), list].concat()),
            Self::Other(octets) => line.extend([b"* ".as_slice(), octets].concat()),
        }
        line.extend_from_slice(b"\r\n");
        line
    }

    fn untagged(rest: &'a [u8]) -> Self {
        let (word, list) = split_word(rest);
        if word.eq_ignore_ascii_case(b"CAPABILITY") {
            return Self::Capability(list);
        }
        Condition::parse(rest).map_or(Self::Other(rest), Self::Untagged)
    }
}

impl<'a> Condition<'a> {
    /// A condition of ours.
    pub const fn new(status: Status, code: Option<&'static str>, text: &'static str) -> Self {
        let code = match code {
            Some(code) => Some(code.as_bytes()),
            None => None,
        };
        Self { status, code, text: text.as_bytes() }
    }

    /// The word and the code, as they stood: `NO [AUTHENTICATIONFAILED]`.
    pub fn label(&self) -> Vec<u8> {
        let mut label = self.status.as_str().as_bytes().to_vec();
        if let Some(code) = self.code {
            label.extend([b" [", code, b"]"].concat());
        }
        label
    }

    /// The list in its code, where that is one of capabilities.
    pub fn capabilities(&self) -> Option<&'a [u8]> {
        let (word, list) = split_word(self.code?);
        word.eq_ignore_ascii_case(b"CAPABILITY").then_some(list)
    }

    fn parse(octets: &'a [u8]) -> Option<Self> {
        let (word, rest) = split_word(octets);
        let status = Status::parse(word)?;
        let (code, text) = match rest {
            [b'[', inner @ ..] => match inner.iter().position(|octet| *octet == b']') {
                Some(end) => {
                    let (code, after) = inner.split_at_checked(end)?;
                    let after = after.strip_prefix(b"]").unwrap_or_default();
                    (Some(code), after.strip_prefix(b" ").unwrap_or(after))
                }
                None => (None, rest),
            },
            _ => (None, rest),
        };
        Some(Self { status, code, text })
    }

    fn write(&self, line: &mut Vec<u8>) {
        line.extend(self.label());
        line.push(b' ');
        line.extend_from_slice(self.text);
    }
}

/// What stands before the first space, and after it.
pub(super) fn split_word(octets: &[u8]) -> (&[u8], &[u8]) {
    match octets.iter().position(|octet| *octet == b' ') {
        Some(at) => {
            let (word, rest) = octets.split_at_checked(at).unwrap_or((octets, b""));
            (word, rest.strip_prefix(b" ").unwrap_or_default())
        }
        None => (octets, b""),
    }
}

/// A line is neither a continuation, nor untagged, nor tagged with a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyError;

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected '+', '*', or a tag with OK, NO or BAD (RFC 9051 section 7)")
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
        assert_eq!(Reply::parse(b"+YQ=="), Ok(Reply::Continuation(b"YQ==")));
        assert_eq!(Reply::parse(b"+  "), Ok(Reply::Continuation(b" ")));
    }

    #[test]
    fn conditions_may_have_a_code() {
        let no = |code, text| Reply::Tagged {
            tag: b"A1",
            condition: Condition { status: Status::No, code, text },
        };
        assert_eq!(Reply::parse(b"A1 no [EXPIRED] gone"), Ok(no(Some(b"EXPIRED"), b"gone")));
        assert_eq!(Reply::parse(b"A1 NO [EXPIRED]"), Ok(no(Some(b"EXPIRED"), b"")));
        assert_eq!(Reply::parse(b"A1 NO [EXPIRED gone"), Ok(no(None, b"[EXPIRED gone")));
        assert_eq!(Reply::parse(b"A1 NO"), Ok(no(None, b"")));
        assert_eq!(Reply::parse(b"* 3 EXISTS"), Ok(Reply::Other(b"3 EXISTS")));
        assert_eq!(Reply::parse(b"* CAPABILITY A B"), Ok(Reply::Capability(b"A B")));
        for junk in [&b""[..], b"A1", b"A1 YES ok", b" OK", b"220 smtp.example ESMTP", b"SSH-2.0-x"]
        {
            assert_eq!(Reply::parse(junk), Err(ReplyError), "{junk:?}");
        }
    }
}
