//! A server's message, to read and to write (RFC 2244 section 6).

use aiosasl::secret::Secret;
use zeroize::Zeroizing;

use crate::{
    printable,
    sieve::{Code, ScanError, Scanned, Sender, Token, scan, string},
};

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `* ACAP`: the greeting, with what the server can do.
    Acap(Vec<Capability>),
    /// `+`: a challenge; or leave to send a literal.
    Continuation(Secret),
    /// What became of a command.
    Tagged {
        /// The command's tag.
        tag: String,
        /// How it stands.
        condition: Condition,
    },
    /// Something else that nobody asked for: how the server stands.
    Untagged(Condition),
}

/// Something that a server can do (RFC 2244 section 6.1.1): a name, and strings that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Its name in capitals: `SASL`, `STARTTLS`.
    pub name: String,
    /// The strings, made [`printable`].
    pub values: Vec<String>,
}

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// In one word.
    pub status: Status,
    /// For machines.
    pub code: Option<Code>,
    /// For people.
    pub text: String,
}

/// The word that a condition begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was not understood, or given up.
    Bad,
    /// The server hangs up.
    Bye,
    /// It was refused.
    No,
    /// It was done.
    Ok,
}

impl Status {
    const ALL: [Self; 4] = [Self::Bad, Self::Bye, Self::No, Self::Ok];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "BAD",
            Self::Bye => "BYE",
            Self::No => "NO",
            Self::Ok => "OK",
        }
    }

    fn parse(word: &str) -> Result<Self, ScanError> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str().eq_ignore_ascii_case(word)).ok_or(ScanError::Unexpected)
    }
}

impl Reply {
    /// Reads a whole message, the ending of its last line not included.
    ///
    /// # Errors
    ///
    /// [`ScanError`] where it is none of these.
    pub fn parse(message: &[u8]) -> Result<Self, ScanError> {
        let Scanned::Whole(tokens) = scan(message, Sender::Server)? else {
            return Err(ScanError::Unfinished);
        };
        match tokens.as_slice() {
            [Token::Atom(plus), Token::String(words)] if plus == "+" => {
                Ok(Self::Continuation(words.clone()))
            }
            [Token::Atom(star), Token::Atom(word), rest @ ..] if star == "*" => {
                if word.eq_ignore_ascii_case("ACAP") {
                    capabilities(rest).map(Self::Acap)
                } else {
                    Condition::parse(Status::parse(word)?, rest).map(Self::Untagged)
                }
            }
            [Token::Atom(tag), Token::Atom(word), rest @ ..] if is_tag(tag) => {
                let condition = Condition::parse(Status::parse(word)?, rest)?;
                Ok(Self::Tagged { tag: tag.clone(), condition })
            }
            _ => Err(ScanError::Unexpected),
        }
    }

    /// The message, with its ending; wiped on drop.
    pub fn to_message(&self) -> Zeroizing<Vec<u8>> {
        let mut parts = Parts::default();
        match self {
            Self::Acap(capabilities) => {
                parts.push(b"* ACAP");
                for Capability { name, values } in capabilities {
                    parts.push(b" (");
                    parts.push(name.as_bytes());
                    for value in values {
                        parts.push_string(value.as_bytes());
                    }
                    parts.push(b")");
                }
            }
            Self::Continuation(words) => {
                parts.push(b"+");
                parts.push_string(words.expose());
            }
            Self::Tagged { tag, condition } => {
                parts.push(tag.as_bytes());
                condition.write(&mut parts);
            }
            Self::Untagged(condition) => {
                parts.push(b"*");
                condition.write(&mut parts);
            }
        }
        parts.push(b"\r\n");
        parts.concat()
    }
}

/// Parts of a message, which are joined at once: a text that grows would leave parts of a secret behind.
#[derive(Default)]
struct Parts(Vec<Zeroizing<Vec<u8>>>);

impl Parts {
    fn push(&mut self, octets: &[u8]) {
        self.0.push(Zeroizing::new(octets.to_vec()));
    }

    fn push_string(&mut self, octets: &[u8]) {
        self.push(b" ");
        self.0.push(string(octets, Sender::Server));
    }

    fn concat(&self) -> Zeroizing<Vec<u8>> {
        let parts: Vec<&[u8]> = self.0.iter().map(|part| part.as_slice()).collect();
        Zeroizing::new(parts.concat())
    }
}

fn capabilities(mut tokens: &[Token]) -> Result<Vec<Capability>, ScanError> {
    let mut all = Vec::new();
    while let Some((Token::Open, inside)) = tokens.split_first() {
        let end = inside.iter().position(|token| *token == Token::Close);
        let end = end.ok_or(ScanError::Unfinished)?;
        let (Some((words, rest)), Some((Token::Atom(name), _))) =
            (inside.split_at_checked(end), inside.split_first())
        else {
            return Err(ScanError::Unexpected);
        };
        let values = words.iter().skip(1).map(|token| match token {
            Token::Atom(it) => Ok(it.clone()),
            Token::String(it) => Ok(printable(it.expose())),
            Token::Close | Token::Open => Err(ScanError::Unexpected),
        });
        let values = values.collect::<Result<_, _>>()?;
        all.push(Capability { name: name.to_ascii_uppercase(), values });
        tokens = rest.get(1..).unwrap_or_default();
    }
    if tokens.is_empty() { Ok(all) } else { Err(ScanError::Unexpected) }
}

impl Condition {
    /// A condition of ours.
    pub fn new(status: Status, code: Option<Code>, text: &str) -> Self {
        Self { status, code, text: text.to_owned() }
    }

    /// The word and the code's name, as an error calls them: `NO (TRYLATER)`.
    pub fn label(&self) -> String {
        match &self.code {
            Some(code) => format!("{} ({})", self.status.as_str(), code.name),
            None => self.status.as_str().to_owned(),
        }
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
            [] => String::new(),
            [Token::String(text)] => String::from_utf8_lossy(text.expose()).into_owned(),
            _ => return Err(ScanError::Unexpected),
        };
        Ok(Self { status, code, text })
    }

    fn write(&self, parts: &mut Parts) {
        parts.push(b" ");
        parts.push(self.status.as_str().as_bytes());
        if let Some(Code { name, argument }) = &self.code {
            parts.push(b" (");
            parts.push(name.as_bytes());
            if let Some(argument) = argument {
                parts.push_string(argument.expose());
            }
            parts.push(b")");
        }
        parts.push_string(self.text.as_bytes());
    }
}

/// A tag is made of printable ASCII without what has a meaning elsewhere (RFC 2244 section 8).
pub(super) fn is_tag(tag: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_graphic() && !b"(){%*\"\\+".contains(&octet);
    (1..=super::MAX_TAG).contains(&tag.len()) && tag.bytes().all(fits)
}
