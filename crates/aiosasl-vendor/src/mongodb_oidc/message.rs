//! The messages of MONGODB-OIDC.

use alloc::vec::Vec;

use aiosasl::error::Reason;

use super::IdentityProvider;
use crate::{
    bson::{Document, Writer},
    reason::{BAD_IDENTITY_PROVIDER, EMPTY_TOKEN},
};

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientMessage<'a> {
    /// `{jwt}`.
    Jwt(&'a str),
    /// `{n}`, or a document without either.
    Principal(Option<&'a str>),
}

impl<'a> ClientMessage<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let document = Document::parse(message)?;
        if let Some(jwt) = document.maybe_text("jwt")? {
            return if jwt.is_empty() { Err(EMPTY_TOKEN) } else { Ok(Self::Jwt(jwt)) };
        }
        Ok(Self::Principal(document.maybe_text("n")?))
    }
}

pub(crate) fn spell_jwt(token: &str) -> Vec<u8> {
    Writer::new().text("jwt", token).finish()
}

pub(crate) fn spell_principal(principal: Option<&str>) -> Vec<u8> {
    let message = Writer::new();
    match principal {
        Some(principal) => message.text("n", principal).finish(),
        None => message.finish(),
    }
}

pub(crate) fn parse_provider(message: &[u8]) -> Result<IdentityProvider, Reason> {
    let document = Document::parse(message)?;
    let scopes = document.texts("requestScopes")?;
    let provider =
        IdentityProvider::new(document.text("issuer")?, document.text("clientId")?, scopes);
    provider.map_err(|_| BAD_IDENTITY_PROVIDER)
}

pub(crate) fn spell_provider(provider: &IdentityProvider) -> Vec<u8> {
    let message =
        Writer::new().text("issuer", provider.issuer()).text("clientId", provider.client_id());
    if provider.scopes().next().is_none() {
        return message.finish();
    }
    message.texts("requestScopes", provider.scopes()).finish()
}
