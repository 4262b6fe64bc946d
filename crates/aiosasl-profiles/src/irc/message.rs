//! A line of IRC, whoever says it (RFC 1459 section 2.3.1, IRCv3 message-tags).

use std::fmt;

use zeroize::Zeroizing;

use super::MAX_PARAMETERS;

/// A message, without its tags.
#[derive(Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who says it; mostly, servers alone name themselves.
    pub source: Option<&'a [u8]>,
    /// A word, or the three digits of a numeric.
    pub command: &'a [u8],
    /// At most 15; only the last may be empty, have spaces, or begin with a colon.
    pub parameters: Vec<&'a [u8]>,
}

impl<'a> Message<'a> {
    /// Reads a line, its ending not included. Tags are skipped.
    ///
    /// # Errors
    ///
    /// [`MessageError`] where it is no message: an empty line is none, either.
    pub fn parse(line: &'a [u8]) -> Result<Self, MessageError> {
        if line.iter().any(|octet| matches!(octet, b'\0' | b'\r' | b'\n')) {
            return Err(MessageError::Control);
        }
        let rest = match line {
            [b'@', _, ..] => split_word(line).1,
            _ => line,
        };
        let (source, rest) = match rest.strip_prefix(b":") {
            Some(rest) => match split_word(rest) {
                ([], _) => return Err(MessageError::Source),
                (source, rest) => (Some(source), rest),
            },
            None => (None, rest),
        };
        let (command, rest) = split_word(rest);
        if !is_command(command) {
            return Err(MessageError::Command);
        }
        Ok(Self { source, command, parameters: parameters(rest) })
    }

    /// The line, with its ending; wiped on drop. What may not stand where it stands is left out: control characters
    /// everywhere, spaces and leading colons in all parameters but the last, and what is beyond the 15th.
    pub fn to_line(&self) -> Zeroizing<Vec<u8>> {
        let contents: usize = self.parameters.iter().map(|it| it.len() + 2).sum();
        let source = self.source.unwrap_or_default();
        // All at once: a line that grows would leave parts of a secret behind.
        let capacity = source.len() + self.command.len() + contents + 4;
        let mut line = Zeroizing::new(Vec::with_capacity(capacity));
        if !source.is_empty() {
            line.push(b':');
            line.extend_from_slice(&word(source.iter()));
            line.push(b' ');
        }
        line.extend_from_slice(&word(self.command.iter()));
        let count = self.parameters.len().min(MAX_PARAMETERS);
        for (at, parameter) in self.parameters.iter().take(count).enumerate() {
            line.push(b' ');
            if at + 1 < count {
                line.extend_from_slice(&middle(parameter));
                continue;
            }
            let kept = parameter.iter().copied().filter(|octet| is_text(*octet));
            let text: Zeroizing<Vec<u8>> = Zeroizing::new(kept.collect());
            let has_space = text.contains(&b' ') && count < MAX_PARAMETERS;
            if has_space || matches!(text.as_slice(), [] | [b':' | b' ', ..]) {
                line.push(b':');
            }
            line.extend_from_slice(&text);
        }
        line.extend_from_slice(b"\r\n");
        line
    }

    /// What a server's reply is about, where it is a numeric.
    pub fn numeric(&self) -> Option<Numeric> {
        match *self.command {
            [a, b, c] if self.command.iter().all(u8::is_ascii_digit) => {
                let digit = |octet: u8| u16::from(octet - b'0');
                Some(Numeric(digit(a) * 100 + digit(b) * 10 + digit(c)))
            }
            _ => None,
        }
    }

    /// Whether this is the command, in any case.
    pub fn is(&self, command: &str) -> bool {
        self.command.eq_ignore_ascii_case(command.as_bytes())
    }

    /// The last parameter: where a server's words stand.
    pub fn text(&self) -> &'a [u8] {
        self.parameters.last().copied().unwrap_or_default()
    }
}

/// Shows no parameter: one may be a mechanism's message.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("command", &crate::printable(self.command))
            .field("parameters", &self.parameters.len())
            .finish_non_exhaustive()
    }
}

/// A numeric reply (IRCv3 SASL 3.1, STARTTLS; RFC 1459 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Numeric(pub u16);

impl Numeric {
    /// `RPL_WELCOME`: the client is registered.
    pub const WELCOME: Self = Self(1);
    /// `ERR_INVALIDCAPCMD`.
    pub const INVALID_CAP_COMMAND: Self = Self(410);
    /// `ERR_INPUTTOOLONG`.
    pub const INPUT_TOO_LONG: Self = Self(417);
    /// `ERR_UNKNOWNCOMMAND`.
    pub const UNKNOWN_COMMAND: Self = Self(421);
    /// `ERR_NOMOTD`.
    pub const NO_MOTD: Self = Self(422);
    /// `ERR_NONICKNAMEGIVEN`.
    pub const NO_NICKNAME: Self = Self(431);
    /// `ERR_ERRONEUSNICKNAME`.
    pub const ERRONEOUS_NICKNAME: Self = Self(432);
    /// `ERR_NOTREGISTERED`.
    pub const NOT_REGISTERED: Self = Self(451);
    /// `ERR_NEEDMOREPARAMS`.
    pub const NEED_MORE_PARAMETERS: Self = Self(461);
    /// `ERR_ALREADYREGISTERED`.
    pub const ALREADY_REGISTERED: Self = Self(462);
    /// `RPL_STARTTLS`: TLS begins with the next octet.
    pub const START_TLS: Self = Self(670);
    /// `ERR_STARTTLS`.
    pub const START_TLS_FAILED: Self = Self(691);
    /// `RPL_LOGGEDIN`.
    pub const LOGGED_IN: Self = Self(900);
    /// `RPL_LOGGEDOUT`: the client is nobody in particular any more.
    pub const LOGGED_OUT: Self = Self(901);
    /// `ERR_NICKLOCKED`: the account is not to be used.
    pub const NICK_LOCKED: Self = Self(902);
    /// `RPL_SASLSUCCESS`.
    pub const SASL_SUCCESS: Self = Self(903);
    /// `ERR_SASLFAIL`.
    pub const SASL_FAIL: Self = Self(904);
    /// `ERR_SASLTOOLONG`.
    pub const SASL_TOO_LONG: Self = Self(905);
    /// `ERR_SASLABORTED`.
    pub const SASL_ABORTED: Self = Self(906);
    /// `ERR_SASLALREADY`.
    pub const SASL_ALREADY: Self = Self(907);
    /// `RPL_SASLMECHS`: the mechanisms that there are.
    pub const SASL_MECHANISMS: Self = Self(908);
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// Why a line is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError {
    /// No command, or one that is neither a word nor three digits.
    Command,
    /// A NUL, or a CR inside.
    Control,
    /// A colon and no source.
    Source,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Command => "expected a command of IRC, a word or three digits",
            Self::Control => "expected no control characters in a line of IRC",
            Self::Source => "expected a source after the colon of a line of IRC",
        })
    }
}

impl std::error::Error for MessageError {}

fn parameters(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        let is_last = rest.starts_with(b":") || parameters.len() + 1 == MAX_PARAMETERS;
        if is_last {
            parameters.push(rest.strip_prefix(b":").unwrap_or(rest));
            break;
        }
        let (parameter, after) = split_word(rest);
        parameters.push(parameter);
        rest = after;
    }
    parameters
}

/// What stands before the first spaces, and what after them.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|octet| *octet == b' ').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let spaces = rest.iter().take_while(|octet| **octet == b' ').count();
    (word, rest.get(spaces..).unwrap_or_default())
}

fn is_command(word: &[u8]) -> bool {
    let is_word = !word.is_empty() && word.iter().all(u8::is_ascii_alphabetic);
    is_word || word.len() == 3 && word.iter().all(u8::is_ascii_digit)
}

/// What may stand in a parameter that is not the last one; a `*` for nothing, which would shift the others.
fn middle(parameter: &[u8]) -> Zeroizing<Vec<u8>> {
    let kept = parameter.iter().filter(|octet| is_text(**octet) && **octet != b' ');
    word(kept.skip_while(|octet| **octet == b':'))
}

fn word<'a>(octets: impl Iterator<Item = &'a u8>) -> Zeroizing<Vec<u8>> {
    let kept: Vec<u8> = octets.copied().filter(|octet| is_text(*octet) && *octet != b' ').collect();
    Zeroizing::new(if kept.is_empty() { b"*".to_vec() } else { kept })
}

fn is_text(octet: u8) -> bool {
    !matches!(octet, b'\0' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (Option<String>, String, Vec<String>) {
        let message = Message::parse(line.as_bytes()).unwrap();
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        let parameters = message.parameters.iter().map(|it| text(it)).collect();
        (message.source.map(text), text(message.command), parameters)
    }

    #[test]
    fn tags_source_command_and_parameters_are_told_apart() {
        for (line, source, command, parameters) in [
            ("PING", None, "PING", vec![]),
            ("AUTHENTICATE :+", None, "AUTHENTICATE", vec!["+"]),
            (":s.test 903 n :all is well", Some("s.test"), "903", vec!["n", "all is well"]),
            ("@a=b;c :s  CAP  *   LS * :x=y z ", Some("s"), "CAP", vec!["*", "LS", "*", "x=y z "]),
            ("USER u 0 * :", None, "USER", vec!["u", "0", "*", ""]),
            ("x a::b ::c", None, "x", vec!["a::b", ":c"]),
            ("x a ", None, "x", vec!["a"]),
        ] {
            let expected = parameters.into_iter().map(str::to_owned).collect();
            let expected = (source.map(str::to_owned), command.to_owned(), expected);
            assert_eq!(parts(line), expected, "{line}");
        }
        let (_, _, parameters) = parts("x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17");
        assert_eq!((parameters.len(), &*parameters[14]), (15, "15 16 :17"));
    }

    #[test]
    fn other_lines_are_refused() {
        use MessageError::{Command, Control, Source};
        for (line, expected) in [
            ("", Command),
            (" ", Command),
            (" PING", Command),
            ("@", Command),
            ("@a=b", Command),
            (":s", Command),
            (": PING", Source),
            ("12", Command),
            ("1234", Command),
            ("A1", Command),
            ("PING a\0b", Control),
            ("PING a\rb", Control),
        ] {
            assert_eq!(Message::parse(line.as_bytes()), Err(expected), "{line:?}");
        }
    }

    #[test]
    fn nobodys_words_become_a_line_of_their_own() {
        let parameters: Vec<&[u8]> = vec![b"a b", b":c", b"", b":d\r\nQUIT"];
        let message = Message { source: Some(b"s\r\n t"), command: b"X", parameters };
        assert_eq!(message.to_line().as_slice(), b":st X ab c * ::dQUIT\r\n");
    }

    #[test]
    fn parameters_stay_out_of_debug() {
        let message = Message::parse(b"AUTHENTICATE AHVzZXIAcGVuY2ls").unwrap();
        let shown = format!("{message:?}");
        assert!(shown.contains("AUTHENTICATE") && !shown.contains("AHVz"), "{shown}");
    }
}
