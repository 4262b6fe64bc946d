//! What a client of Dovecot's authentication says, a line each.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

use super::{Parameter, Parameters, base64, field, octets};
use crate::{WireError, printable};

/// A client's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientLine {
    /// The request for an exchange.
    Auth {
        /// The exchange's number.
        id: u32,
        /// By which mechanism, whatever its name is.
        mechanism: String,
        /// What else is known: `service` is always among them, `resp` never.
        parameters: Parameters,
        /// Absent and empty (`=`) are two things; an empty field is none, as older clients mean it.
        response: Option<Response>,
    },
    /// The exchange of this number is given up.
    Cancel(u32),
    /// The answer to a challenge.
    Cont {
        /// The exchange's number.
        id: u32,
        /// What the mechanism says.
        response: Response,
    },
    /// The client's process: a number that no other client of this server has.
    Cpid(u32),
    /// Something else, by its name.
    Other(String),
    /// The version of the protocol.
    Version {
        /// The first number, which both must have.
        major: u32,
        /// The second one.
        minor: u32,
    },
}

impl ClientLine {
    /// Reads a line, its ending not included.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where a known line has the wrong fields, or it is too long.
    pub fn parse(line: &[u8]) -> Result<Self, WireError> {
        let fields = field::split(line)?;
        let (name, rest) = fields.split_first().ok_or_else(unexpected)?;
        match (name.as_slice(), rest) {
            (b"AUTH", [id, mechanism, parameters @ ..]) => {
                auth(field::number(id)?, printable(mechanism), parameters)
            }
            (b"CANCEL", [id]) => field::number(id).map(Self::Cancel),
            (b"CONT", [id, response]) => {
                let response = Response::new(octets(response)?);
                Ok(Self::Cont { id: field::number(id)?, response })
            }
            (b"CPID", [pid, ..]) => field::number(pid).map(Self::Cpid),
            (b"VERSION", [major, minor, ..]) => {
                Ok(Self::Version { major: field::number(major)?, minor: field::number(minor)? })
            }
            (b"AUTH" | b"CANCEL" | b"CONT" | b"CPID" | b"VERSION", _) => Err(unexpected()),
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
            Self::Auth { id, mechanism, parameters, response } => {
                let id = number(id);
                let parameters = parameters.to_fields();
                let response = response.as_ref().map(resp);
                let mut fields = vec![b"AUTH".as_slice(), id.as_bytes(), mechanism.as_bytes()];
                fields.extend(parameters.iter().map(|it| it.as_slice()));
                // Behind everything else: whatever followed it would not be read.
                fields.extend(response.iter().map(|it| it.as_slice()));
                field::join(&fields)
            }
            Self::Cancel(id) => field::join(&[b"CANCEL", number(id).as_bytes()]),
            Self::Cont { id, response } => {
                field::join(&[b"CONT", number(id).as_bytes(), &base64(response.as_bytes())])
            }
            Self::Cpid(pid) => field::join(&[b"CPID", number(pid).as_bytes()]),
            Self::Other(name) => field::join(&[name.as_bytes()]),
            Self::Version { major, minor } => {
                field::join(&[b"VERSION", number(major).as_bytes(), number(minor).as_bytes()])
            }
        }
    }

    /// The number of its exchange, and what it says in it; `None` where it says nothing in any.
    pub fn into_message(self) -> Option<(u32, Result<ClientMessage, FailureCode>)> {
        match self {
            Self::Auth { id, mechanism, response, .. } => {
                let message = MechanismName::parse_any_case(&mechanism)
                    .map(|mechanism| ClientMessage::Authenticate {
                        mechanism,
                        initial_response: response,
                    })
                    .map_err(|_| FailureCode::MechanismUnknown);
                Some((id, message))
            }
            Self::Cancel(id) => Some((id, Ok(ClientMessage::Abort))),
            Self::Cont { id, response } => Some((id, Ok(ClientMessage::Response(response)))),
            Self::Cpid(_) | Self::Other(_) | Self::Version { .. } => None,
        }
    }
}

fn resp(response: &Response) -> field::Field {
    let base64 = base64(response.as_bytes());
    let shown = if base64.is_empty() { b"=" } else { base64.as_slice() };
    Zeroizing::new([b"resp=", shown].concat())
}

/// What follows the response is no parameter: it might be the user's.
fn auth(id: u32, mechanism: String, fields: &[field::Field]) -> Result<ClientLine, WireError> {
    let at = fields.iter().position(|field| field.starts_with(b"resp="));
    let (parameters, rest) = match at.and_then(|at| fields.split_at_checked(at)) {
        Some((parameters, [resp, ..])) => (parameters, resp.strip_prefix(b"resp=")),
        _ => (fields, None),
    };
    let response = match rest {
        None | Some(b"") => None,
        Some(base64) => Some(Response::new(octets(base64)?)),
    };
    let parameters = Parameters::parse(parameters);
    Ok(ClientLine::Auth { id, mechanism, parameters, response })
}

impl Parameter {
    /// Whether it would be taken for the initial response, which has its own place.
    pub(super) fn is_response(&self) -> bool {
        self.to_field().starts_with(b"resp=")
    }
}

fn unexpected() -> WireError {
    WireError::protocol("expected a line with other fields")
}
