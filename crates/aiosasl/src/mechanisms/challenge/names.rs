//! The client's first message: who it is, and as whom it wants to act.

use alloc::vec::Vec;

use crate::{
    error::Reason,
    identity::{AuthenticationId, AuthorizationId},
    message::Response,
    preparation::MAX_FIELD,
};

/// `authcid [NUL authzid]`
pub(super) struct Names<'a> {
    pub(super) authcid: &'a str,
    pub(super) authorization_id: Option<AuthorizationId>,
}

impl<'a> Names<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        if message.is_empty() {
            return Err(Reason::Empty);
        }
        let mut fields = message.split(|octet| *octet == 0);
        let (first, second) = (fields.next().unwrap_or_default(), fields.next());
        if fields.next().is_some() {
            return Err(Reason::TooManyFields);
        }
        let (authcid, authzid) = (text(first)?, second.map(text).transpose()?);
        if authcid.is_empty() {
            return Err(Reason::EmptyAuthcid);
        }
        let authorization_id = authzid
            .map(|authzid| AuthorizationId::new(authzid).map_err(|_| Reason::EmptyAuthzid))
            .transpose()?;
        Ok(Self { authcid, authorization_id })
    }
}

/// The message of a user whose name is prepared already.
pub(super) fn spell(
    authentication_id: &AuthenticationId,
    authorization_id: Option<&AuthorizationId>,
) -> Result<Response, Reason> {
    let mut message = Vec::from(authentication_id.as_str());
    let other = authorization_id.map(AuthorizationId::as_str);
    if message.len() > MAX_FIELD || other.is_some_and(|other| other.len() > MAX_FIELD) {
        return Err(Reason::FieldTooLong);
    }
    if let Some(other) = other {
        message.push(0);
        message.extend_from_slice(other.as_bytes());
    }
    Ok(Response::new(message))
}

fn text(field: &[u8]) -> Result<&str, Reason> {
    if field.len() > MAX_FIELD {
        return Err(Reason::FieldTooLong);
    }
    core::str::from_utf8(field).map_err(|_| Reason::InvalidUtf8)
}
