//! A server's message, to read and to write (RFC 5804 section 1.2).

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use super::{ScanError, Scanned, Sender, Token, scan, string};
use crate::printable;

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// What became of a command; or the end of a greeting.
    Condition(Condition),
    /// Strings: one is a challenge inside an exchange, one or two are a capability outside of it.
    Strings(Vec<Secret>),
}

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// In one word.
    pub status: Status,
    /// For machines.
    pub code: Option<Code>,
    /// For people.
    pub text: Option<String>,
}

/// What a condition says for machines (RFC 5804 section 1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Its name in capitals: `SASL`, `TRYLATER`.
    pub name: String,
    /// The string that goes with it, where one does; anything else is not kept.
    pub argument: Option<Secret>,
}

/// The word that a condition begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The server hangs up.
    Bye,
    /// It was refused.
    No,
    /// It was done.
    Ok,
}

impl Status {
    const ALL: [Self; 3] = [Self::Bye, Self::No, Self::Ok];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bye => "BYE",
            Self::No => "NO",
            Self::Ok => "OK",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(word))
    }
}

impl Reply {
    /// Reads a whole message, the ending of its last line not included.
    ///
    /// # Errors
    ///
    /// [`ScanError`] where it is neither of the two.
    pub fn parse(message: &[u8]) -> Result<Self, ScanError> {
        let Scanned::Whole(tokens) = scan(message, Sender::Server)? else {
            return Err(ScanError::Unfinished);
        };
        match tokens.split_first() {
            Some((Token::Atom(word), rest)) => {
                let status = Status::parse(word).ok_or(ScanError::Unexpected)?;
                Condition::parse(status, rest).map(Self::Condition)
            }
            Some((Token::String(_), _)) => tokens.into_iter().map(string_of).collect(),
            _ => Err(ScanError::Unexpected),
        }
    }

    /// The message, with its ending; wiped on drop.
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Condition(condition) => condition.to_message(),
            Self::Strings(strings) => {
                let strings: Vec<_> =
                    strings.iter().map(|it| string(it.expose(), Sender::Server)).collect();
                let mut message = Zeroizing::new(Vec::with_capacity(
                    strings.iter().map(|it| it.len() + 1).sum::<usize>() + 2,
                ));
                for (at, string) in strings.iter().enumerate() {
                    if at > 0 {
                        message.push(b' ');
                    }
                    message.extend_from_slice(string);
                }
                message.extend_from_slice(b"\r\n");
                message
            }
        }
    }
}

fn string_of(token: Token) -> Result<Secret, ScanError> {
    match token {
        Token::String(it) => Ok(it),
        _ => Err(ScanError::Unexpected),
    }
}

impl FromIterator<Secret> for Reply {
    fn from_iter<I: IntoIterator<Item = Secret>>(strings: I) -> Self {
        Self::Strings(strings.into_iter().collect())
    }
}

impl Condition {
    /// A condition of ours.
    pub fn new(status: Status, code: Option<Code>, text: &str) -> Self {
        Self { status, code, text: Some(text.to_owned()) }
    }

    /// The message, with its ending; wiped on drop.
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        let mut parts = vec![Zeroizing::new(self.status.as_str().as_bytes().to_vec())];
        if let Some(Code { name, argument }) = &self.code {
            parts.push(Zeroizing::new(format!(" ({name}").into_bytes()));
            if let Some(argument) = argument {
                parts.push(Zeroizing::new(b" ".to_vec()));
                parts.push(string(argument.expose(), Sender::Server));
            }
            parts.push(Zeroizing::new(b")".to_vec()));
        }
        if let Some(text) = &self.text {
            parts.push(Zeroizing::new(b" ".to_vec()));
            parts.push(string(text.as_bytes(), Sender::Server));
        }
        parts.push(Zeroizing::new(b"\r\n".to_vec()));
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_slice()).collect();
        Zeroizing::new(parts.concat())
    }

    /// The word and the code's name, as an error calls them: `NO (TRYLATER)`.
    pub fn label(&self) -> String {
        match &self.code {
            Some(code) => format!("{} ({})", self.status.as_str(), code.name),
            None => self.status.as_str().to_owned(),
        }
    }

    /// The words for people, made [`printable`].
    pub fn words(&self) -> String {
        printable(self.text.as_deref().unwrap_or_default().as_bytes())
    }

    fn parse(status: Status, tokens: &[Token]) -> Result<Self, ScanError> {
        let (code, rest) = match tokens.split_first() {
            Some((Token::Open, inside)) => {
                let (code, rest) = Code::parse(inside)?;
                (Some(code), rest)
            }
            _ => (None, tokens),
        };
        let text = match rest {
            [] => None,
            [Token::String(text)] => Some(String::from_utf8_lossy(text.expose()).into_owned()),
            _ => return Err(ScanError::Unexpected),
        };
        Ok(Self { status, code, text })
    }
}

impl Code {
    /// A code without a string.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), argument: None }
    }

    /// Reads what stands behind an opening parenthesis, up to the closing one; and gives what follows.
    pub(crate) fn parse(tokens: &[Token]) -> Result<(Self, &[Token]), ScanError> {
        let Some((Token::Atom(name), mut rest)) = tokens.split_first() else {
            return Err(ScanError::Unexpected);
        };
        let mut code = Self { name: name.to_ascii_uppercase(), argument: None };
        let mut depth = 1_usize;
        while depth > 0 {
            let (token, after) = rest.split_first().ok_or(ScanError::Unfinished)?;
            match token {
                Token::Open => depth += 1,
                Token::Close => depth -= 1,
                Token::String(it) if code.argument.is_none() => code.argument = Some(it.clone()),
                Token::Atom(_) | Token::String(_) => {}
            }
            rest = after;
        }
        Ok((code, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_may_have_a_code_and_words() {
        let no = |code: Option<&str>, text: Option<&str>| {
            Ok(Reply::Condition(Condition {
                status: Status::No,
                code: code.map(Code::new),
                text: text.map(str::to_owned),
            }))
        };
        assert_eq!(Reply::parse(b"no"), no(None, None));
        assert_eq!(Reply::parse(b"NO \"gone\""), no(None, Some("gone")));
        assert_eq!(Reply::parse(b"NO (trylater)"), no(Some("TRYLATER"), None));
        assert_eq!(Reply::parse(b"NO (a (b c) 5) {2}\r\nno"), no(Some("A"), Some("no")));
        let tagged = Reply::parse(b"NO (TAG {3}\r\n16\n) \"Done\"").unwrap();
        let Reply::Condition(tagged) = tagged else { panic!("{tagged:?}") };
        assert_eq!(tagged.code.unwrap().argument, Some(Secret::new(*b"16\n")));
        for junk in [
            &b""[..],
            b"YES",
            b"NO no",
            b"NO (",
            b"NO ()",
            b"NO (A",
            b"NO (\"A\")",
            b"NO \"a\" \"b\"",
            b"\"a\" b",
            b"(A)",
            b"* OK",
            b"+OK",
            b"{2}",
        ] {
            assert!(Reply::parse(junk).is_err(), "{junk:?}");
        }
    }
}
