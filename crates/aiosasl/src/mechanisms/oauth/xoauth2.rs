//! The first message of XOAUTH2, as Google and Microsoft document it.
//!
//! ```text
//!   "user=" name 0x01 "auth=Bearer " token 0x01 0x01
//! ```

use alloc::vec::Vec;

use super::grammar::{Form, KVSEP, MAX_FIELD, Opening, bearer_token, is_token};
use crate::{
    credentials::Credentials, error::Reason, identity::AuthorizationId, message::Response,
    name::MechanismName, query::TokenScheme, secret::Secret,
};

pub(super) const FORM: Form = Form {
    name: MechanismName::new("XOAUTH2"),
    scheme: TokenScheme::Bearer,
    spell,
    parse,
    acknowledgement: b"",
};

fn spell(_: &Credentials, user: Option<&str>, token: &Secret) -> Result<Response, Reason> {
    let user = user.ok_or(Reason::NoCredentials)?;
    if user.as_bytes().contains(&KVSEP) {
        return Err(Reason::BadValue);
    }
    if !is_token(token.expose()) {
        return Err(Reason::BadToken);
    }
    let parts =
        [b"user=", user.as_bytes(), &[KVSEP], b"auth=Bearer ", token.expose(), &[KVSEP, KVSEP]];
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        message.extend_from_slice(part);
    }
    Ok(Response::new(message))
}

fn parse(message: &[u8]) -> Result<Opening, Reason> {
    let body = message.strip_suffix(&[KVSEP, KVSEP]).ok_or(Reason::MissingTerminator)?;
    let mut fields = body.split(|octet| *octet == KVSEP);
    let user = fields.next().and_then(|first| first.strip_prefix(b"user="));
    let (Some(user), Some(second)) = (user, fields.next()) else {
        return Err(Reason::MissingUser);
    };
    let user = match core::str::from_utf8(user) {
        Err(_) => return Err(Reason::InvalidUtf8),
        Ok("") => return Err(Reason::EmptyUser),
        Ok(user) if user.len() > MAX_FIELD => return Err(Reason::FieldTooLong),
        Ok(user) => AuthorizationId::new(user).map_err(|_| Reason::NulInAuthzid)?,
    };
    let credentials = second.strip_prefix(b"auth=").ok_or(Reason::MissingAuth)?;
    if fields.next().is_some() {
        return Err(Reason::TooManyFields);
    }
    Ok(Opening { claimed: Some(user), endpoint: None, token: bearer_token(credentials)? })
}
