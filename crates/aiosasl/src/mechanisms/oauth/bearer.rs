//! The first message of OAUTHBEARER, and what OAUTH10A's has in common with it (RFC 7628 section 3.1).
//!
//! ```text
//!   client-resp = gs2-header kvsep *(key "=" value kvsep) kvsep
//! ```

use alloc::{collections::BTreeMap, vec::Vec};

use super::grammar::{Form, KVSEP, MAX_FIELD, Opening, bearer_token, is_token};
use crate::{
    binding::ClientBinding,
    credentials::{Credentials, Endpoint},
    error::Reason,
    gs2::{self, Flag, Header},
    identity::AuthorizationId,
    message::Response,
    name::MechanismName,
    query::TokenScheme,
    secret::Secret,
};

pub(super) const FORM: Form = Form {
    name: MechanismName::new("OAUTHBEARER"),
    scheme: TokenScheme::Bearer,
    spell,
    parse,
    acknowledgement: &[KVSEP],
};

fn spell(
    credentials: &Credentials,
    user: Option<&str>,
    token: &Secret,
) -> Result<Response, Reason> {
    if !token.is_empty() && !is_token(token.expose()) {
        return Err(Reason::BadToken);
    }
    spell_as(b"Bearer ", credentials, user, token)
}

/// The message with a token of this scheme, which is checked already; an empty one asks what is wanted.
pub(super) fn spell_as(
    scheme: &[u8],
    credentials: &Credentials,
    user: Option<&str>,
    token: &Secret,
) -> Result<Response, Reason> {
    let mut message = Vec::new();
    if user.is_some_and(|user| user.as_bytes().contains(&KVSEP)) {
        return Err(Reason::BadValue);
    }
    gs2::write(&mut message, &ClientBinding::Unsupported, user);
    message.push(KVSEP);
    if let Some(Endpoint { host, port }) = &credentials.endpoint {
        if host.len() > MAX_FIELD {
            return Err(Reason::FieldTooLong);
        }
        if host.is_empty() || !is_value(host.as_bytes()) {
            return Err(Reason::BadValue);
        }
        pair(&mut message, "host", host.as_bytes());
        if let Some(port) = port {
            pair(&mut message, "port", alloc::format!("{port}").as_bytes());
        }
    }
    let scheme = if token.is_empty() { b"" } else { scheme };
    // Made once in its full length, so that no copy of the token stays behind.
    message.reserve_exact(scheme.len() + token.len() + "auth=".len() + 2);
    message.extend_from_slice(b"auth=");
    message.extend_from_slice(scheme);
    message.extend_from_slice(token.expose());
    message.extend_from_slice(&[KVSEP, KVSEP]);
    Ok(Response::new(message))
}

fn pair(message: &mut Vec<u8>, key: &str, value: &[u8]) {
    message.extend_from_slice(key.as_bytes());
    message.push(b'=');
    message.extend_from_slice(value);
    message.push(KVSEP);
}

fn parse(message: &[u8]) -> Result<Opening, Reason> {
    let pairs = Pairs::parse(message)?;
    let endpoint = pairs.endpoint()?;
    let token = if pairs.auth.is_empty() { Secret::default() } else { bearer_token(pairs.auth)? };
    Ok(Opening { claimed: pairs.authorization_id, endpoint, token })
}

/// The header, and the pairs that anybody knows.
pub(super) struct Pairs<'a> {
    pub(super) authorization_id: Option<AuthorizationId>,
    pub(super) auth: &'a [u8],
    host: Option<&'a [u8]>,
    port: Option<&'a [u8]>,
}

impl<'a> Pairs<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        if message == [KVSEP] {
            return Err(Reason::DummyResponseFirst);
        }
        let at = message.iter().position(|octet| *octet == KVSEP).ok_or(Reason::MissingKvsep)?;
        let (header, rest) = message.split_at_checked(at).unwrap_or_default();
        let authorization_id = authorization_id(header)?;
        let mut found = pairs(rest.strip_prefix(&[KVSEP]).unwrap_or_default())?;
        let auth = found.remove(&b"auth"[..]).ok_or(Reason::MissingAuth)?;
        let [host, port] = [&b"host"[..], b"port"].map(|key| found.remove(key));
        Ok(Self { authorization_id, auth, host, port })
    }

    pub(super) fn endpoint(&self) -> Result<Option<Endpoint>, Reason> {
        let port = self.port.map(port).transpose()?;
        let Some(host) = self.host.filter(|host| !host.is_empty()) else { return Ok(None) };
        if host.len() > MAX_FIELD {
            return Err(Reason::FieldTooLong);
        }
        let host = core::str::from_utf8(host).map_err(|_| Reason::BadValue)?;
        Ok(Some(Endpoint { host: host.into(), port }))
    }
}

/// `gs2-header`, whole, without channel binding (RFC 5801 section 4).
fn authorization_id(header: &[u8]) -> Result<Option<AuthorizationId>, Reason> {
    let header = core::str::from_utf8(header).map_err(|_| Reason::InvalidUtf8)?;
    match Header::parse(header)? {
        (_, rest) if !rest.is_empty() => Err(Reason::BadGs2Header),
        (Header { flag: Flag::Bound(_), .. }, _) => Err(Reason::ChannelBindingNotSupported),
        (Header { authorization_id: Some(it), .. }, _) if it.as_str().len() > MAX_FIELD => {
            Err(Reason::FieldTooLong)
        }
        (header, _) => Ok(header.authorization_id),
    }
}

/// `*(key "=" value kvsep) kvsep`
fn pairs(octets: &[u8]) -> Result<BTreeMap<&[u8], &[u8]>, Reason> {
    let mut found = BTreeMap::new();
    let body = octets.strip_suffix(&[KVSEP]).ok_or(Reason::MissingTerminator)?;
    if body.is_empty() {
        return Ok(found);
    }
    let body = body.strip_suffix(&[KVSEP]).ok_or(Reason::MissingTerminator)?;
    for pair in body.split(|octet| *octet == KVSEP) {
        let at = pair.iter().position(|octet| *octet == b'=').ok_or(Reason::BadKvpair)?;
        let (key, value) = pair.split_at_checked(at).unwrap_or_default();
        let value = value.strip_prefix(b"=").unwrap_or_default();
        if key.is_empty() || !key.iter().all(u8::is_ascii_alphabetic) {
            return Err(Reason::BadKey);
        }
        if !is_value(value) {
            return Err(Reason::BadValue);
        }
        if found.insert(key, value).is_some() {
            return Err(Reason::DuplicateKey);
        }
    }
    Ok(found)
}

fn is_value(octets: &[u8]) -> bool {
    octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
}

fn port(digits: &[u8]) -> Result<u16, Reason> {
    let text = core::str::from_utf8(digits).map_err(|_| Reason::BadPort)?;
    match text.parse() {
        Ok(port @ 1..) if text.starts_with(|first: char| matches!(first, '1'..='9')) => Ok(port),
        _ => Err(Reason::BadPort),
    }
}
