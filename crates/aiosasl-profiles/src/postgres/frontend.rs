//! What a PostgreSQL client says behind its startup: passwords and messages of an exchange.

use aiosasl::{
    error::FailureCode,
    message::{ClientMessage, Response},
    name::MechanismName,
    secret::Secret,
};

use super::{close, open};
use crate::{WireError, frame::Frame};

/// A message from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frontend {
    /// Something else: of this tag, with these octets.
    Other(u8, Secret),
    /// A password, or its hash.
    Password(Secret),
    /// The request for an exchange.
    SaslInitialResponse {
        /// By which mechanism, whatever its name is.
        mechanism: Box<str>,
        /// Absent and empty are two things.
        data: Option<Response>,
    },
    /// The answer to a challenge.
    SaslResponse(Response),
    /// Good bye.
    Terminate,
}

/// What the server has asked for: the tag of three messages is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A password.
    Password,
    /// The request for an exchange.
    SaslInitialResponse,
    /// The answer to a challenge.
    SaslResponse,
}

impl Frontend {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8], awaited: Awaited) -> Result<Self, WireError> {
        let (tag, mut body) = open(frame)?;
        let message = match (tag, awaited) {
            (b'p', Awaited::Password) => Self::Password(Secret::new(body.until_nul()?)),
            (b'p', Awaited::SaslInitialResponse) => {
                let name = std::str::from_utf8(body.until_nul()?)
                    .map_err(|_| WireError::protocol("expected a mechanism's name"))?;
                let data = body.counted_i32()?.map(Response::new);
                Self::SaslInitialResponse { mechanism: name.into(), data }
            }
            (b'p', Awaited::SaslResponse) => Self::SaslResponse(Response::new(body.rest())),
            (b'X', _) => Self::Terminate,
            _ => Self::Other(tag, Secret::new(body.rest())),
        };
        body.end()?;
        Ok(message)
    }

    /// The message as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a NUL stands where none can.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        match self {
            Self::Other(tag, octets) => close(*tag, |body| _ = body.put(octets.expose())),
            Self::Password(password) => {
                close(b'p', |body| _ = body.put_with_nul(password.expose()))
            }
            Self::SaslInitialResponse { mechanism, data } => close(b'p', |body| {
                body.put_with_nul(mechanism.as_bytes());
                match data {
                    Some(data) => body.counted_u32(data.as_bytes()),
                    None => body.put(&(-1_i32).to_be_bytes()),
                };
            }),
            Self::SaslResponse(response) => close(b'p', |body| _ = body.put(response.as_bytes())),
            Self::Terminate => close(b'X', |_| {}),
        }
    }

    /// What it says in an exchange.
    ///
    /// # Errors
    ///
    /// [`FailureCode`]: why it says nothing there, or names no mechanism.
    pub fn into_message(self) -> Result<ClientMessage, FailureCode> {
        match self {
            Self::SaslInitialResponse { mechanism, data } => {
                let mechanism =
                    MechanismName::parse(&*mechanism).map_err(|_| FailureCode::MechanismUnknown)?;
                Ok(ClientMessage::Authenticate { mechanism, initial_response: data })
            }
            Self::SaslResponse(response) => Ok(ClientMessage::Response(response)),
            Self::Terminate => Ok(ClientMessage::Abort),
            Self::Other(..) | Self::Password(_) => Err(FailureCode::WrongState),
        }
    }
}
