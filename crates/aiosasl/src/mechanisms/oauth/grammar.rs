//! What the messages of OAUTHBEARER and XOAUTH2 have in common: separators, and the value of `auth`.

use crate::{
    credentials::{Credentials, Endpoint},
    error::Reason,
    identity::AuthorizationId,
    message::Response,
    name::MechanismName,
    query::TokenScheme,
    secret::Secret,
};

/// `kvsep`
pub(super) const KVSEP: u8 = 1;
/// The longest name or host, in octets.
pub(super) const MAX_FIELD: usize = 1024;

/// How one of the mechanisms spells what all say.
pub(super) struct Form {
    pub(super) name: MechanismName,
    /// By which scheme the token is shown.
    pub(super) scheme: TokenScheme,
    /// The client's first message, of this user and token.
    pub(super) spell: fn(&Credentials, Option<&str>, &Secret) -> Result<Response, Reason>,
    /// What a client's first message says.
    pub(super) parse: fn(&[u8]) -> Result<Opening, Reason>,
    /// What a client says to an error.
    pub(super) acknowledgement: &'static [u8],
}

/// What a client's first message says.
pub(super) struct Opening {
    pub(super) claimed: Option<AuthorizationId>,
    pub(super) endpoint: Option<Endpoint>,
    /// Empty where the client asks what is wanted.
    pub(super) token: Secret,
}

/// `Bearer` and a token (RFC 6750 section 2.1).
pub(super) fn bearer_token(credentials: &[u8]) -> Result<Secret, Reason> {
    let at = credentials.iter().position(|octet| *octet == b' ').unwrap_or(credentials.len());
    let (scheme, rest) = credentials.split_at_checked(at).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(Reason::BadAuthScheme);
    }
    let token = rest.trim_ascii_start();
    if rest.first() == Some(&b' ') && is_token(token) {
        Ok(Secret::from(token))
    } else {
        Err(Reason::BadToken)
    }
}

/// `b64token`
pub(super) fn is_token(octets: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~+/".contains(octet);
    let padding = octets.iter().rev().take_while(|octet| **octet == b'=').count();
    let (body, _) = octets.split_at_checked(octets.len() - padding).unwrap_or_default();
    !body.is_empty() && body.iter().all(fits)
}
