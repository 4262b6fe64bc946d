//! Why a login must fail although nothing is wrong with what the client says.

use crate::error::Reason;

/// Why a store lets nobody into an account, whatever is proven.
///
/// The client hears what it hears for a wrong password, after the same messages and the same work, so that nobody
/// learns of the account (RFC 4422 section 6); the log hears the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doom {
    /// The account's tokens are for other mechanisms than the one that the client uses.
    BoundToOtherMechanism,
    /// The account is disabled.
    Disabled,
    /// The account, or all of its credentials, have expired.
    Expired,
    /// There were too many failures of late, for this account or from where the client is.
    TooManyFailures,
    /// There is no such account, or it has no such credential: a decoy stands in its place.
    UnknownAccount,
}

impl Doom {
    /// The reason that the log hears.
    pub fn reason(self) -> Reason {
        match self {
            Self::BoundToOtherMechanism => Reason::TokenBoundToOtherMechanism,
            Self::Disabled => Reason::AccountDisabled,
            Self::Expired => Reason::CredentialsExpired,
            Self::TooManyFailures => Reason::TooManyFailures,
            Self::UnknownAccount => Reason::UnknownAccount,
        }
    }
}
