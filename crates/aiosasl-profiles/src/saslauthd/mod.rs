//! saslauthd's protocol: a password to be checked, and what became of it; both halves, never a socket.
//!
//! ```text
//!   Request::to_frame  ──frame──>  Request::parse
//!   Reply::parse       <──frame──  Reply::to_frame
//! ```
//!
//! It carries no SASL: a server asks here whether a password that it was shown is right.
//!
//! # Example: whatever does not say `OK` lets nobody in
//!
//! ```
//! use aiosasl_profiles::{WireClass, saslauthd::Reply};
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! assert!(Reply::parse(b"\0\x02OK")?.into_result().is_ok());
//! let refused = Reply::parse(b"\0\x10NO wrong passwor")?.into_result().unwrap_err();
//! assert_eq!(refused.class, WireClass::Credentials);
//! # Ok(())
//! # }
//! ```

use aiosasl::{error::FailureCode, secret::Secret};

use crate::{
    WireClass, WireError,
    frame::{Cursor, Frame, Writer, too_long},
    printable,
};

/// The longest field taken or made, in octets.
pub const MAX_FIELD: usize = 4096;

/// The longest request taken or made, in octets.
pub const MAX_REQUEST: usize = 5 * (MAX_FIELD + 2);

/// A password to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whose it should be.
    pub login: String,
    /// The password.
    pub password: Secret,
    /// For which service: `imap`.
    pub service: String,
    /// In which realm; empty for the server's own.
    pub realm: String,
    /// From where the client came; servers of before Cyrus SASL 2.2 know no such field.
    pub client_address: Option<String>,
}

/// Whether requests of a connection have the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAddress {
    /// They end with the realm.
    #[default]
    Absent,
    /// It is the fifth field.
    Present,
}

impl Request {
    /// Reads a whole request.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none, or a name is no UTF-8.
    pub fn parse(frame: &[u8], client_address: ClientAddress) -> Result<Self, WireError> {
        let mut fields = Cursor::new(frame);
        let login = text(&mut fields)?;
        let password = Secret::new(field(&mut fields)?);
        let (service, realm) = (text(&mut fields)?, text(&mut fields)?);
        let client_address = match client_address {
            ClientAddress::Absent => None,
            ClientAddress::Present => Some(text(&mut fields)?),
        };
        fields.end()?;
        Ok(Self { login, password, service, realm, client_address })
    }

    /// The request on the wire.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where a field is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_REQUEST);
        let fields = [
            Some(self.login.as_bytes()),
            Some(self.password.expose()),
            Some(self.service.as_bytes()),
            Some(self.realm.as_bytes()),
            self.client_address.as_ref().map(String::as_bytes),
        ];
        for field in fields.into_iter().flatten() {
            if field.len() > MAX_FIELD {
                return Err(too_long(MAX_FIELD));
            }
            frame.counted_u16(field);
        }
        frame.finish()
    }
}

/// The length of a request without the client's address: four fields, each behind its own length.
///
/// # Errors
///
/// A [`WireError`] where a field is longer than [`MAX_FIELD`].
pub fn measure_request(head: &[u8]) -> Result<Option<usize>, WireError> {
    measure(head, 4)
}

/// The length of a request with the client's address: five fields, each behind its own length.
///
/// # Errors
///
/// A [`WireError`] where a field is longer than [`MAX_FIELD`].
pub fn measure_request_with_address(head: &[u8]) -> Result<Option<usize>, WireError> {
    measure(head, 5)
}

/// The length of a reply: one field behind its length.
///
/// # Errors
///
/// A [`WireError`] where it is longer than [`MAX_FIELD`].
pub fn measure_reply(head: &[u8]) -> Result<Option<usize>, WireError> {
    measure(head, 1)
}

fn measure(head: &[u8], fields: usize) -> Result<Option<usize>, WireError> {
    let mut rest = Some(head);
    let mut length = 0;
    for _ in 0..fields {
        let Some((count, after)) = rest.and_then(<[u8]>::split_first_chunk) else {
            return Ok(None);
        };
        let count = usize::from(u16::from_be_bytes(*count));
        if count > MAX_FIELD {
            return Err(too_long(MAX_FIELD));
        }
        length += 2 + count;
        rest = after.get(count..);
    }
    Ok(Some(length))
}

fn field<'a>(fields: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    match fields.counted_u16()? {
        field if field.len() > MAX_FIELD => Err(too_long(MAX_FIELD)),
        field => Ok(field),
    }
}

fn text(fields: &mut Cursor<'_>) -> Result<String, WireError> {
    let text = std::str::from_utf8(field(fields)?).map(str::to_owned);
    text.map_err(|_| WireError::protocol("expected a name in UTF-8"))
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `OK` or `NO`, and perhaps words behind it, made [`printable`].
    pub text: String,
}

impl Reply {
    /// The password is right.
    pub fn ok() -> Self {
        Self { text: "OK".to_owned() }
    }

    /// The password is not to be used, for this reason; coarse, and the same for every cause that must look the same.
    pub fn failure(code: FailureCode) -> Self {
        let text = match code {
            FailureCode::Temporary => "NO temporary failure",
            _ => "NO authentication failed",
        };
        Self { text: text.to_owned() }
    }

    /// Reads a whole reply.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut fields = Cursor::new(frame);
        let text = printable(field(&mut fields)?);
        fields.end()?;
        Ok(Self { text })
    }

    /// The reply on the wire.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        if self.text.len() > MAX_FIELD {
            return Err(too_long(MAX_FIELD));
        }
        let mut frame = Writer::new(MAX_FIELD + 2);
        frame.counted_u16(self.text.as_bytes());
        frame.finish()
    }

    /// What it says: nothing where the password is right.
    ///
    /// # Errors
    ///
    /// A [`WireError`]: of class [`Credentials`](WireClass::Credentials) where the server says `NO`, and of
    /// [`Protocol`](WireClass::Protocol) where it says neither that nor `OK`.
    pub fn into_result(self) -> Result<(), WireError> {
        match self.text.split_at_checked(2) {
            Some(("OK", rest)) if is_apart(rest) => Ok(()),
            Some(("NO", rest)) if is_apart(rest) => {
                Err(WireError::told(WireClass::Credentials, "NO", rest.trim_start()))
            }
            _ => Err(WireError::protocol("expected OK or NO")),
        }
    }
}

/// Whether what follows a word is not a part of it.
fn is_apart(rest: &str) -> bool {
    !rest.starts_with(|it: char| it.is_ascii_alphanumeric())
}
