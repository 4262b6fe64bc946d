//! What Dovecot's authentication server says, a line each.

use aiosasl::{message::Challenge, secret::Secret};
use zeroize::Zeroizing;

use super::{Parameters, base64, field, octets};
use crate::{WireError, printable};

/// A server's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerLine {
    /// A challenge.
    Cont {
        /// The exchange's number.
        id: u32,
        /// What the mechanism says.
        challenge: Challenge,
    },
    /// What the server may be asked with for those who came in: nobody else is to know it.
    Cookie(Secret),
    /// The connection's number.
    Cuid(u32),
    /// The handshake is over.
    Done,
    /// Somebody may not come in.
    Fail {
        /// The exchange's number.
        id: u32,
        /// Why: `code`, `reason`, `user`.
        parameters: Parameters,
    },
    /// A mechanism that can be had.
    Mech {
        /// Its name, whatever that is.
        name: String,
        /// What is known of it: `plaintext`, `private`.
        parameters: Parameters,
    },
    /// Somebody came in.
    Ok {
        /// The exchange's number.
        id: u32,
        /// Who: `user`; and a mechanism's last words, `resp`.
        parameters: Parameters,
    },
    /// Something else, by its name.
    Other(String),
    /// The server's process.
    Spid(u32),
    /// The version of the protocol.
    Version {
        /// The first number, which both must have.
        major: u32,
        /// The second one.
        minor: u32,
    },
}

impl ServerLine {
    /// Reads a line, its ending not included.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where a known line has the wrong fields, or it is too long.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        let fields = field::split(line)?;
        let (name, rest) = fields.split_first().ok_or_else(unexpected)?;
        match (name.as_slice(), rest) {
            (b"CONT", [id, challenge]) => {
                let challenge = Challenge::new(octets(challenge)?);
                Ok(Self::Cont { id: field::number(id)?, challenge })
            }
            (b"COOKIE", [cookie]) => Ok(Self::Cookie(Secret::new(cookie.as_slice()))),
            (b"CUID", [cuid]) => field::number(cuid).map(Self::Cuid),
            (b"DONE", []) => Ok(Self::Done),
            (b"FAIL", [id, rest @ ..]) => {
                Ok(Self::Fail { id: field::number(id)?, parameters: Parameters::parse(rest) })
            }
            (b"MECH", [name, rest @ ..]) => {
                Ok(Self::Mech { name: printable(name), parameters: Parameters::parse(rest) })
            }
            (b"OK", [id, rest @ ..]) => {
                Ok(Self::Ok { id: field::number(id)?, parameters: Parameters::parse(rest) })
            }
            (b"SPID", [spid, ..]) => field::number(spid).map(Self::Spid),
            (b"VERSION", [major, minor, ..]) => {
                Ok(Self::Version { major: field::number(major)?, minor: field::number(minor)? })
            }
            (
                b"CONT" | b"COOKIE" | b"CUID" | b"DONE" | b"FAIL" | b"MECH" | b"OK" | b"SPID"
                | b"VERSION",
                _,
            ) => Err(unexpected()),
            (name, _) => Ok(Self::Other(printable(name))),
        }
    }

    /// The line, with its ending; wiped on drop.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let number = |number: &u32| number.to_string();
        match self {
            Self::Cont { id, challenge } => {
                field::join(&[b"CONT", number(id).as_bytes(), &base64(challenge.as_bytes())])
            }
            Self::Cookie(cookie) => field::join(&[b"COOKIE", cookie.expose()]),
            Self::Cuid(cuid) => field::join(&[b"CUID", number(cuid).as_bytes()]),
            Self::Done => field::join(&[b"DONE"]),
            Self::Fail { id, parameters } => with("FAIL", &number(id), parameters),
            Self::Mech { name, parameters } => with("MECH", name, parameters),
            Self::Ok { id, parameters } => with("OK", &number(id), parameters),
            Self::Other(name) => field::join(&[name.as_bytes()]),
            Self::Spid(spid) => field::join(&[b"SPID", number(spid).as_bytes()]),
            Self::Version { major, minor } => {
                field::join(&[b"VERSION", number(major).as_bytes(), number(minor).as_bytes()])
            }
        }
    }
}

fn with(name: &str, first: &str, parameters: &Parameters) -> Result<Zeroizing<Vec<u8>>, WireError> {
    let parameters = parameters.to_fields();
    let mut fields = vec![name.as_bytes(), first.as_bytes()];
    fields.extend(parameters.iter().map(|it| it.as_slice()));
    field::join(&fields)
}

fn unexpected() -> WireError {
    WireError::protocol("expected a line with other fields")
}
