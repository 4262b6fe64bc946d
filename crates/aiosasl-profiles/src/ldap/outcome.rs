//! What becomes of an operation: result codes and the words around them (RFC 4511 section 4.1.9, appendix A).

use super::ber::{self, ENUMERATED, OCTET_STRING};
use crate::{
    WireClass, WireError,
    frame::{Cursor, Writer},
};

/// The tag of referrals: where else one may ask. They are read over.
const REFERRAL: u8 = 0xa3;

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdapResult {
    /// In a number.
    pub code: ResultCode,
    /// How much of a name was found; mostly empty.
    pub matched: String,
    /// For people, as it came: make it [`printable`](crate::printable).
    pub message: String,
}

/// A result's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResultCode(pub u32);

impl ResultCode {
    /// It was done.
    pub const SUCCESS: Self = Self(0);
    /// Not now, or out of order.
    pub const OPERATIONS_ERROR: Self = Self(1);
    /// The message can't be understood.
    pub const PROTOCOL_ERROR: Self = Self(2);
    /// The mechanism is not supported.
    pub const AUTH_METHOD_NOT_SUPPORTED: Self = Self(7);
    /// Something stronger is wanted.
    pub const STRONGER_AUTH_REQUIRED: Self = Self(8);
    /// TLS is wanted.
    pub const CONFIDENTIALITY_REQUIRED: Self = Self(13);
    /// The exchange goes on.
    pub const SASL_BIND_IN_PROGRESS: Self = Self(14);
    /// Such credentials don't do here.
    pub const INAPPROPRIATE_AUTHENTICATION: Self = Self(48);
    /// The credentials are wrong.
    pub const INVALID_CREDENTIALS: Self = Self(49);
    /// Not with these rights: an authorization identity, in a bind.
    pub const INSUFFICIENT_ACCESS_RIGHTS: Self = Self(50);
    /// Too much to do.
    pub const BUSY: Self = Self(51);
    /// Not there.
    pub const UNAVAILABLE: Self = Self(52);
    /// The server does not want to.
    pub const UNWILLING_TO_PERFORM: Self = Self(53);
    /// The authorization identity is refused (RFC 4370 section 4).
    pub const AUTHORIZATION_DENIED: Self = Self(123);

    /// What it means where a bind is refused.
    pub fn class(self) -> WireClass {
        match self {
            Self::AUTH_METHOD_NOT_SUPPORTED => WireClass::Mechanism,
            Self::CONFIDENTIALITY_REQUIRED
            | Self::STRONGER_AUTH_REQUIRED
            | Self::UNWILLING_TO_PERFORM => WireClass::Policy,
            Self::INAPPROPRIATE_AUTHENTICATION | Self::INVALID_CREDENTIALS => {
                WireClass::Credentials
            }
            Self::AUTHORIZATION_DENIED | Self::INSUFFICIENT_ACCESS_RIGHTS => {
                WireClass::Authorization
            }
            Self::BUSY | Self::UNAVAILABLE => WireClass::Temporary,
            _ => WireClass::Protocol,
        }
    }
}

impl LdapResult {
    /// A result of ours.
    pub fn new(code: ResultCode, message: &str) -> Self {
        Self { code, matched: String::new(), message: message.to_owned() }
    }

    /// The error that it is, of this class.
    pub fn told(&self, class: WireClass) -> WireError {
        WireError::told(class, self.code.0.to_string(), &self.message)
    }

    pub(super) fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let code = ResultCode(ber::number(from, ENUMERATED)?);
        let matched = ber::text(from, OCTET_STRING)?;
        let message = ber::text(from, OCTET_STRING)?;
        ber::optional(from, REFERRAL)?;
        Ok(Self { code, matched, message })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put_number(to, ENUMERATED, self.code.0);
        ber::put(to, OCTET_STRING, self.matched.as_bytes());
        ber::put(to, OCTET_STRING, self.message.as_bytes());
    }
}
