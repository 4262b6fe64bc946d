//! The questions of mechanisms whose proof happens in a browser (RFC 6595, RFC 6616): where to, and who came back.

use alloc::boxed::Box;
use core::fmt;

use super::{Answer, TokenVerdict};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::{AuthenticationId, AuthorizationId},
};

/// Asks where the client's browser has to go.
#[derive(Debug)]
pub struct Redirect {
    provider: Box<str>,
}

impl Redirect {
    /// The question; `provider` is what the client says: the domain of its identity provider (RFC 6595 section 3.1), or
    /// its OpenID identifier (RFC 6616 section 3.1).
    pub fn new(provider: impl Into<Box<str>>) -> Self {
        Self { provider: provider.into() }
    }

    /// What the client says.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The URL to visit, with all that finds this exchange again; its syntax is checked by the mechanism.
    pub fn answer(self, url: impl Into<Box<str>>) -> Answer {
        Answer::from_redirect(Ok(url.into()))
    }

    /// That provider is not known, or not trusted here.
    pub fn refuse(self) -> Answer {
        Answer::from_redirect(Err(Failure::credentials(Reason::ProviderRefused)))
    }

    /// Nobody can tell now.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }
}

/// Asks who has come back from there.
pub struct Returned {
    url: Box<str>,
    claimed: Option<AuthorizationId>,
}

impl Returned {
    /// The question; `url` is the one that the client was sent to.
    pub fn new(url: impl Into<Box<str>>, claimed: Option<AuthorizationId>) -> Self {
        Self { url: url.into(), claimed }
    }

    /// Where the client was sent.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// As whom the client wants to act; no proof of anything.
    pub fn claimed(&self) -> Option<&AuthorizationId> {
        self.claimed.as_ref()
    }

    /// The verdict; `attributes` is what the provider tells of its user, as the mechanism's last words have it (the
    /// `sreg` pairs of RFC 6616 section 3.4), and may be empty.
    pub fn answer(self, verdict: TokenVerdict, attributes: impl Into<Box<str>>) -> Answer {
        match verdict {
            TokenVerdict::Accepted(identity) => {
                Answer::from_returned(Ok(Visitor { identity, attributes: attributes.into() }))
            }
            TokenVerdict::Doomed(doom) => {
                Answer::from_returned(Err(Failure::credentials(doom.reason())))
            }
            TokenVerdict::Refused => {
                Answer::from_returned(Err(Failure::credentials(Reason::ProviderRefused)))
            }
            TokenVerdict::Unavailable => Answer::unavailable(FailureCode::Temporary),
        }
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Returned").field("claimed", &self.claimed).finish_non_exhaustive()
    }
}

/// Somebody who came back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visitor {
    /// Who they are.
    pub identity: AuthenticationId,
    /// What the provider tells of them.
    pub attributes: Box<str>,
}
