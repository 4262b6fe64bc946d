//! The messages: a session is begun, and then there are requests with numbers, and what answers them.

use aiosasl::{
    message::{Challenge, Response},
    secret::Secret,
};

use super::{close, content};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

/// The number of requests that carry tokens.
const SASL: i32 = 102;
/// The number of the request that ends the session.
const CLOSE: i32 = -11;
/// The octets of a session's password.
const PASSWORD_LEN: usize = 16;

/// How a client begins a new session. It has no number of its own: it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectRequest {
    /// After how much silence the session is to be over, in milliseconds.
    pub timeout: i32,
}

/// What a server makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectResponse {
    /// After how much silence the session is over, in milliseconds; 0 where there is none.
    pub timeout: i32,
    /// The session's number.
    pub session: i64,
    /// What shows that a session is a client's own, when it comes back to it.
    pub password: Secret,
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// That the session end.
    Close {
        /// The number that the answer repeats.
        xid: i32,
    },
    /// Something else.
    Other {
        /// The number that the answer repeats.
        xid: i32,
        /// What it is about.
        opcode: i32,
    },
    /// A token.
    Sasl {
        /// The number that the answer repeats.
        xid: i32,
        /// What the mechanism says; empty where that is nothing.
        token: Response,
    },
}

/// What a server answers to a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number of the request.
    pub xid: i32,
    /// What became of it: [`error_code`](super::error_code).
    pub error: i32,
    /// A challenge, or last words; empty where there are none.
    pub token: Challenge,
}

impl ConnectRequest {
    /// Reads a whole frame: one of a new session.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        let (_version, _last_seen) = (from.i32()?, from.i64()?);
        let timeout = from.i32()?;
        let session = from.i64()?;
        from.counted_i32()?;
        optional_flag(from)?;
        if session != 0 {
            return Err(WireError::protocol("expected a client that wants a new session"));
        }
        Ok(Self { timeout })
    }

    /// The request as a frame.
    ///
    /// # Errors
    ///
    /// None in practice: it is short.
    pub fn to_frame(self) -> Result<Frame, WireError> {
        close(|to| {
            to.put(&0_i32.to_be_bytes()).put(&0_i64.to_be_bytes());
            to.put(&self.timeout.to_be_bytes()).put(&0_i64.to_be_bytes());
            // A server that can't write is not wanted.
            to.counted_u32(&[0; PASSWORD_LEN]).put(&[0]);
        })
    }
}

impl ConnectResponse {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        from.i32()?;
        let timeout = from.i32()?;
        let session = from.i64()?;
        let password = Secret::new(from.counted_i32()?.unwrap_or_default());
        optional_flag(from)?;
        Ok(Self { timeout, session, password })
    }

    /// The response as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        close(|to| {
            to.put(&0_i32.to_be_bytes()).put(&self.timeout.to_be_bytes());
            to.put(&self.session.to_be_bytes()).counted_u32(self.password.expose()).put(&[0]);
        })
    }
}

impl Request {
    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is no request.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        let (xid, opcode) = (from.i32()?, from.i32()?);
        match opcode {
            SASL => {
                let token = Response::new(from.counted_i32()?.unwrap_or_default());
                from.end()?;
                Ok(Self::Sasl { xid, token })
            }
            CLOSE => Ok(Self::Close { xid }),
            opcode => Ok(Self::Other { xid, opcode }),
        }
    }

    /// The request as a frame; something else has nothing behind its number.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let head = |to: &mut Writer, xid: i32, opcode: i32| {
            to.put(&xid.to_be_bytes()).put(&opcode.to_be_bytes());
        };
        close(|to| match self {
            Self::Close { xid } => head(to, *xid, CLOSE),
            Self::Other { xid, opcode } => head(to, *xid, *opcode),
            Self::Sasl { xid, token } => {
                head(to, *xid, SASL);
                to.counted_u32(token.as_bytes());
            }
        })
    }
}

impl Reply {
    /// Reads a whole frame; behind an error there is nothing that counts.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it answers no token.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        let xid = from.i32()?;
        from.i64()?;
        let error = from.i32()?;
        let token = match error {
            super::error_code::OK => {
                let token = Challenge::new(from.counted_i32()?.unwrap_or_default());
                from.end()?;
                token
            }
            _ => Challenge::empty(),
        };
        Ok(Self { xid, error, token })
    }

    /// The answer as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        close(|to| {
            // No change of the data goes with it.
            to.put(&self.xid.to_be_bytes()).put(&0_i64.to_be_bytes());
            to.put(&self.error.to_be_bytes());
            if self.error == super::error_code::OK {
                to.counted_u32(self.token.as_bytes());
            }
        })
    }
}

/// Whether a server that can't write will do: those before 3.4 do not know that there is such a thing.
fn optional_flag(mut from: Cursor<'_>) -> Result<(), WireError> {
    if !from.peek().is_empty() {
        from.u8()?;
    }
    from.end()
}
