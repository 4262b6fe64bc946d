//! The first message of OAUTH10A (RFC 7628 sections 3.1 and 4.2): instead of a token, parameters that are signed with one.
//!
//! ```text
//!   auth=OAuth name="value",name="value",oauth_signature="value"
//! ```

use alloc::collections::BTreeSet;

use super::{
    bearer::{Pairs, spell_as},
    grammar::{Form, KVSEP, Opening},
};
use crate::{
    credentials::{Credentials, Endpoint},
    error::Reason,
    identity::AuthorizationId,
    message::Response,
    name::MechanismName,
    query::TokenScheme,
    secret::Secret,
};

pub(super) const FORM: Form = Form {
    name: MechanismName::new("OAUTH10A"),
    scheme: TokenScheme::Signed,
    spell,
    parse,
    acknowledgement: &[KVSEP],
};

const SCHEME: &[u8] = b"OAuth ";

/// What a client of OAUTH10A says (RFC 7628 section 4.2).
#[derive(Debug)]
pub struct Oauth10a {
    /// As whom it wants to act.
    pub authorization_id: Option<AuthorizationId>,
    /// The server's host and port, which its signature covers.
    pub endpoint: Endpoint,
    /// What follows `OAuth`: parameters and their signature (RFC 5849 section 3.5.1).
    pub parameters: Secret,
}

/// Reads a client's message of OAUTH10A.
///
/// # Errors
///
/// The [`Reason`] why it is none.
pub fn parse_oauth10a(message: &[u8]) -> Result<Oauth10a, Reason> {
    let pairs = Pairs::parse(message)?;
    let endpoint = endpoint(&pairs)?;
    let parameters = parameters(pairs.auth)?;
    Ok(Oauth10a { authorization_id: pairs.authorization_id, endpoint, parameters })
}

/// The signature covers host and port, so they are said.
fn spell(
    credentials: &Credentials,
    user: Option<&str>,
    token: &Secret,
) -> Result<Response, Reason> {
    if credentials.endpoint.as_ref().is_none_or(|it| it.port.is_none()) {
        return Err(Reason::MissingHostOrPort);
    }
    if !token.is_empty() && !are_parameters(token.expose()) {
        return Err(Reason::BadToken);
    }
    spell_as(SCHEME, credentials, user, token)
}

fn parse(message: &[u8]) -> Result<Opening, Reason> {
    let pairs = Pairs::parse(message)?;
    let endpoint = Some(endpoint(&pairs)?);
    let token = if pairs.auth.is_empty() { Secret::default() } else { parameters(pairs.auth)? };
    Ok(Opening { claimed: pairs.authorization_id, endpoint, token })
}

fn endpoint(pairs: &Pairs<'_>) -> Result<Endpoint, Reason> {
    pairs.endpoint()?.filter(|it| it.port.is_some()).ok_or(Reason::MissingHostOrPort)
}

fn parameters(auth: &[u8]) -> Result<Secret, Reason> {
    match auth.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            if are_parameters(rest) {
                Ok(Secret::from(rest))
            } else {
                Err(Reason::BadToken)
            }
        }
        _ => Err(Reason::BadAuthScheme),
    }
}

/// Names and quoted values, none twice, a signature among them (RFC 5849 section 3.5.1).
fn are_parameters(octets: &[u8]) -> bool {
    let mut names = BTreeSet::new();
    let mut rest = octets;
    loop {
        let Some((name, after)) = parameter(rest.trim_ascii_start()) else { return false };
        if !names.insert(name) {
            return false;
        }
        match after.trim_ascii_start() {
            [] => return names.contains(&b"oauth_signature"[..]),
            [b',', after @ ..] => rest = after,
            _ => return false,
        }
    }
}

/// `name="value"`, and what follows it.
fn parameter(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = octets.iter().position(|octet| *octet == b'=')?;
    let (name, rest) = octets.split_at_checked(at)?;
    let rest = rest.strip_prefix(b"=\"")?;
    let at = rest.iter().position(|octet| *octet == b'"')?;
    let (value, rest) = rest.split_at_checked(at)?;
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || b"-._~%".contains(octet);
    let is_whole = !name.is_empty()
        && name.iter().all(fits)
        && value.iter().all(|octet| matches!(octet, b' '..=b'~') && *octet != b'\\');
    is_whole.then_some((name, rest.strip_prefix(b"\"")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_names_and_quoted_values() {
        for good in [
            r#"oauth_signature="a%3D""#,
            r#"realm="Photos, and more", oauth_token="t", oauth_signature="x""#,
        ] {
            assert!(are_parameters(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "token",
            r#"oauth_token="t""#,
            "oauth_signature=x",
            r#"oauth_signature="x"#,
            r#"oauth_signature="x","#,
            r#"oauth_signature="x" oauth_token="t""#,
            r#"oauth_signature="x",oauth_signature="y""#,
            r#"="x",oauth_signature="y""#,
            "oauth_signature=\"\u{e9}\"",
        ] {
            assert!(!are_parameters(bad.as_bytes()), "{bad}");
        }
    }
}
