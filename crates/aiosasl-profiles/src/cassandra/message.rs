//! What is said in a frame before a client is in; the rest as octets.

use aiosasl::{
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    secret::Secret,
};

use crate::{
    WireError,
    frame::{Cursor, Writer},
    printable,
};

/// A message, whoever says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A challenge.
    AuthChallenge(Challenge),
    /// The client's token: the first one, or an answer. Absent and empty are two things.
    AuthResponse(Option<Response>),
    /// The client is in.
    AuthSuccess(Option<Challenge>),
    /// The client must authenticate, to an authenticator of this class.
    Authenticate(String),
    /// Something went wrong.
    Error {
        /// What, as a number.
        code: u32,
        /// And in words, made [`printable`].
        text: String,
    },
    /// Something else: of this opcode, with these octets.
    Other(u8, Secret),
    /// The client needs not authenticate.
    Ready,
}

impl Message {
    /// The code of an error: the credentials are wrong.
    pub const BAD_CREDENTIALS: u32 = 0x0100;
    /// The code of an error: the server is overloaded.
    pub const OVERLOADED: u32 = 0x1001;
    /// The code of an error: the server is starting.
    pub const IS_BOOTSTRAPPING: u32 = 0x1002;
    /// The code of an error: something inside the server went wrong.
    pub const SERVER_ERROR: u32 = 0x0000;
    /// The code of an error: the client broke the protocol.
    pub const PROTOCOL_ERROR: u32 = 0x000a;
    /// The code of an error: the client may not do that.
    pub const UNAUTHORIZED: u32 = 0x2100;

    /// The number of its kind.
    pub fn opcode(&self) -> u8 {
        match self {
            Self::AuthChallenge(_) => 0x0e,
            Self::AuthResponse(_) => 0x0f,
            Self::AuthSuccess(_) => 0x10,
            Self::Authenticate(_) => 0x03,
            Self::Error { .. } => 0x00,
            Self::Other(opcode, _) => *opcode,
            Self::Ready => 0x02,
        }
    }

    pub(super) fn parse(opcode: u8, mut body: Cursor<'_>) -> Result<Self, WireError> {
        let message = match opcode {
            0x00 => {
                let (code, text) = (body.u32()?, printable(body.counted_u16()?));
                // What some errors say beside that.
                body.rest();
                Self::Error { code, text }
            }
            0x02 => Self::Ready,
            0x03 => {
                let class = std::str::from_utf8(body.counted_u16()?).map(str::to_owned);
                Self::Authenticate(class.map_err(|_| WireError::protocol("expected UTF-8"))?)
            }
            0x0e => Self::AuthChallenge(
                body.counted_i32()?.map_or_else(Challenge::empty, Challenge::new),
            ),
            0x0f => Self::AuthResponse(body.counted_i32()?.map(Response::new)),
            0x10 => Self::AuthSuccess(body.counted_i32()?.map(Challenge::new)),
            _ => Self::Other(opcode, Secret::new(body.rest())),
        };
        body.end()?;
        Ok(message)
    }

    pub(super) fn write(&self, body: &mut Writer) {
        let mut bytes = |octets: Option<&[u8]>| match octets {
            Some(octets) => _ = body.counted_u32(octets),
            None => _ = body.put(&(-1_i32).to_be_bytes()),
        };
        match self {
            Self::AuthChallenge(it) => bytes(Some(it.as_bytes())),
            Self::AuthResponse(it) => bytes(it.as_ref().map(Response::as_bytes)),
            Self::AuthSuccess(it) => bytes(it.as_ref().map(Challenge::as_bytes)),
            Self::Authenticate(class) => _ = body.counted_u16(class.as_bytes()),
            Self::Error { code, text } => {
                _ = body.put(&code.to_be_bytes()).counted_u16(text.as_bytes());
            }
            Self::Other(_, octets) => _ = body.put(octets.expose()),
            Self::Ready => {}
        }
    }

    /// What a client says in an exchange that has begun with the server's naming its authenticator: a token that is
    /// none is an empty one there.
    ///
    /// # Errors
    ///
    /// [`FailureCode::WrongState`] where it says nothing there.
    pub fn into_message(self) -> Result<ClientMessage, FailureCode> {
        match self {
            Self::AuthResponse(token) => {
                Ok(ClientMessage::Response(token.unwrap_or_else(Response::empty)))
            }
            _ => Err(FailureCode::WrongState),
        }
    }
}
