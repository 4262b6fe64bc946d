//! The question whose token it is, and its answer.

use alloc::boxed::Box;
use core::fmt;

use super::{Answer, Doom};
use crate::{
    credentials::Endpoint,
    error::{Failure, FailureCode, Reason},
    identity::{AuthenticationId, AuthorizationId},
    secret::Secret,
    token::TokenRefusal,
};

/// Asks whose token it is.
///
/// Whoever answers checks the token alone: its signature or its entry, its end, its audience and scope. As whom its owner
/// may act is asked later, with `Authorize`.
pub struct VerifyToken {
    token: Secret,
    scheme: TokenScheme,
    claimed: Option<AuthorizationId>,
    endpoint: Option<Endpoint>,
    told: TokenRefusal,
}

impl VerifyToken {
    /// A question about this token; for mechanisms in which the server sees it.
    pub fn new(token: Secret) -> Self {
        let (scheme, told) = (TokenScheme::Bearer, TokenRefusal::default());
        Self { token, scheme, claimed: None, endpoint: None, told }
    }

    /// The same, of a token that is shown by this scheme.
    pub fn shown_by(mut self, scheme: TokenScheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// The same, of a client that says who it is, or as whom it wants to act.
    pub fn claiming(mut self, identity: Option<AuthorizationId>) -> Self {
        self.claimed = identity;
        self
    }

    /// The same, of a client that says which server it means.
    pub fn meant_for(mut self, endpoint: Option<Endpoint>) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The same; where the token is refused, for whatever reason, the client is told this.
    pub fn telling(mut self, told: TokenRefusal) -> Self {
        self.told = told;
        self
    }

    /// The token, raw; empty where the client has none and asks what is wanted: it is refused then, whatever the verdict.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// By which scheme it is shown.
    pub fn scheme(&self) -> TokenScheme {
        self.scheme
    }

    /// Who the client says it is, or as whom it wants to act: the user of XOAUTH2, the authorization identity of
    /// OAUTHBEARER. It is no proof of anything.
    pub fn claimed(&self) -> Option<&AuthorizationId> {
        self.claimed.as_ref()
    }

    /// Which server the client means, where it says so. A token that was meant for another one is refused.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.endpoint.as_ref()
    }

    /// The verdict.
    pub fn answer(self, verdict: TokenVerdict) -> Answer {
        let reason = match verdict {
            TokenVerdict::Unavailable => return Answer::unavailable(FailureCode::Temporary),
            _ if self.token.is_empty() => Reason::NoToken,
            TokenVerdict::Accepted(identity) => return Answer::from_token(Ok(identity)),
            TokenVerdict::Doomed(doom) => doom.reason(),
            TokenVerdict::Refused => Reason::TokenRefused,
        };
        Answer::from_token(Err(RefusedToken {
            failure: Failure::credentials(reason),
            told: Box::new(self.told),
        }))
    }
}

impl fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyToken")
            .field("scheme", &self.scheme)
            .field("claimed", &self.claimed)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// By which scheme a token is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenScheme {
    /// The token itself (RFC 6750).
    Bearer,
    /// Not the token, but parameters that name it, and their signature (RFC 5849): for `POST` to `http://host:port/`, of the
    /// endpoint that the client means, with an empty body (RFC 7628 section 3.1.1). Timestamp and nonce are for whoever
    /// answers to check, too.
    Signed,
}

/// What the store thinks of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenVerdict {
    /// It is good, and this is whose it is.
    Accepted(AuthenticationId),
    /// Whether it is good or not, nobody gets in; the client hears the same as for a token that is not.
    Doomed(Doom),
    /// It is unknown, expired, revoked, or for somebody else; the client hears the same in each case.
    Refused,
    /// Nobody can tell now.
    Unavailable,
}

/// A refused token: what the mechanism ends with, and what it tells the client before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedToken {
    /// The end.
    pub failure: Failure,
    /// What the client is told.
    pub told: Box<TokenRefusal>,
}
