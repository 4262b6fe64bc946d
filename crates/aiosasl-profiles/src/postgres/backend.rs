//! What a PostgreSQL server says before a client is in: authentication, errors, notices; the rest as octets.

use aiosasl::{message::Challenge, secret::Secret};

use super::{close, open};
use crate::{
    WireError,
    frame::{Cursor, Frame, MechanismList, Writer},
    printable,
};

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// How authentication goes on.
    Authentication(Authentication),
    /// What went wrong; the server hangs up.
    Error(Told),
    /// Something worth knowing.
    Notice(Told),
    /// Something else: of this tag, with these octets.
    Other(u8, Secret),
}

/// How authentication goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// The password, as it is.
    CleartextPassword,
    /// The password, hashed with this salt.
    Md5Password([u8; 4]),
    /// The client is in.
    Ok,
    /// Something that is not known here: of this number.
    Other(u32, Secret),
    /// An exchange by one of these.
    Sasl(MechanismList),
    /// A challenge.
    SaslContinue(Challenge),
    /// A mechanism's last words.
    SaslFinal(Challenge),
}

/// An error or a notice: its fields, each of one letter and words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told(Vec<(u8, String)>);

impl Backend {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let (tag, mut body) = open(frame)?;
        Ok(match tag {
            b'R' => Self::Authentication(Authentication::parse(body)?),
            b'E' => Self::Error(Told::parse(body)?),
            b'N' => Self::Notice(Told::parse(body)?),
            _ => Self::Other(tag, Secret::new(body.rest())),
        })
    }

    /// The message as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        match self {
            Self::Authentication(it) => close(b'R', |body| it.write(body)),
            Self::Error(told) => close(b'E', |body| told.write(body)),
            Self::Notice(told) => close(b'N', |body| told.write(body)),
            Self::Other(tag, octets) => close(*tag, |body| _ = body.put(octets.expose())),
        }
    }
}

impl Authentication {
    fn parse(mut body: Cursor<'_>) -> Result<Self, WireError> {
        let number = body.u32()?;
        let it = match number {
            0 => Self::Ok,
            3 => Self::CleartextPassword,
            5 => Self::Md5Password(body.array()?),
            10 => Self::Sasl(list(&mut body)?),
            11 => Self::SaslContinue(Challenge::new(body.rest())),
            12 => Self::SaslFinal(Challenge::new(body.rest())),
            _ => Self::Other(number, Secret::new(body.rest())),
        };
        body.end()?;
        Ok(it)
    }

    fn write(&self, body: &mut Writer) {
        body.put(&self.number().to_be_bytes());
        match self {
            Self::CleartextPassword | Self::Ok => {}
            Self::Md5Password(salt) => _ = body.put(salt),
            Self::Other(_, octets) => _ = body.put(octets.expose()),
            Self::Sasl(names) => {
                for name in names.iter() {
                    body.put_with_nul(name);
                }
                body.put(&[0]);
            }
            Self::SaslContinue(words) | Self::SaslFinal(words) => _ = body.put(words.as_bytes()),
        }
    }

    fn number(&self) -> u32 {
        match self {
            Self::Ok => 0,
            Self::CleartextPassword => 3,
            Self::Md5Password(_) => 5,
            Self::Sasl(_) => 10,
            Self::SaslContinue(_) => 11,
            Self::SaslFinal(_) => 12,
            Self::Other(number, _) => *number,
        }
    }
}

fn list(body: &mut Cursor<'_>) -> Result<MechanismList, WireError> {
    let mut names = MechanismList::default();
    loop {
        match body.until_nul()? {
            [] => return Ok(names),
            name => names.push(name)?,
        }
    }
}

impl Told {
    /// The most fields; there are some twenty kinds.
    const MAX_FIELDS: usize = 64;

    /// An error with its code (SQLSTATE) and words.
    pub fn new(severity: &str, code: &str, message: &str) -> Self {
        let fields = [(b'S', severity), (b'V', severity), (b'C', code), (b'M', message)];
        Self(fields.map(|(letter, words)| (letter, words.to_owned())).into())
    }

    /// The field of this letter.
    pub fn field(&self, letter: u8) -> Option<&str> {
        self.0.iter().find(|(it, _)| *it == letter).map(|(_, words)| words.as_str())
    }

    /// The code (SQLSTATE), of five letters and digits.
    pub fn code(&self) -> &str {
        self.field(b'C').unwrap_or_default()
    }

    /// The words for people.
    pub fn message(&self) -> &str {
        self.field(b'M').unwrap_or_default()
    }

    fn parse(mut body: Cursor<'_>) -> Result<Self, WireError> {
        let mut fields = Vec::new();
        loop {
            match body.u8()? {
                0 => break,
                _ if fields.len() == Self::MAX_FIELDS => {
                    return Err(WireError::protocol("expected fewer fields in an error"));
                }
                letter => fields.push((letter, printable(body.until_nul()?))),
            }
        }
        body.end()?;
        Ok(Self(fields))
    }

    fn write(&self, body: &mut Writer) {
        for (letter, words) in &self.0 {
            body.put(&[*letter]).put_with_nul(words.as_bytes());
        }
        body.put(&[0]);
    }
}
