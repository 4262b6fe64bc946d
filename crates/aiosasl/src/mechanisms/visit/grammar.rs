//! What the messages of SAML20 and OPENID20 have in common: the first one, the URL, and the answer to it.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    binding::ClientBinding,
    error::Reason,
    gs2::{self, Flag, Header},
    identity::AuthorizationId,
    message::{Challenge, Response},
    name::MechanismName,
    preparation::MAX_FIELD,
};

/// The longest URL, in octets: a whole request of SAML is in it.
const MAX_URL: usize = 16_384;
/// What a client says when it has nothing more to say (RFC 6595 section 3.3, RFC 6616 section 3.3).
pub(super) const NOTHING: &[u8] = b"=";

/// How one of the two mechanisms spells what both say.
pub(super) struct Form {
    pub(super) name: MechanismName,
    /// The identity provider that a user's name leads to.
    pub(super) provider: fn(&str) -> &str,
    /// Whether a provider is one.
    pub(super) check: fn(&str) -> Result<(), Reason>,
    /// What a client hears after it has been back.
    pub(super) hear: fn(&[u8]) -> Result<Told, Reason>,
    /// What a server tells of its visitor, where it tells something.
    pub(super) tell: fn(&str) -> Result<Option<Challenge>, Reason>,
    /// What a server says before it refuses, where it says something.
    pub(super) refuse: Option<&'static [u8]>,
}

/// What a server says after the visit.
#[cfg_attr(not(feature = "openid20"), expect(dead_code, reason = "SAML20 says nothing then"))]
pub(super) enum Told {
    /// What the provider tells of the user.
    Attributes(Box<str>),
    /// Why it refuses.
    Refusal(Box<str>),
}

/// A client's first message.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub(super) authorization_id: Option<AuthorizationId>,
    pub(super) provider: &'a str,
}

impl<'a> Opening<'a> {
    pub(super) fn parse(form: &Form, message: &'a [u8]) -> Result<Self, Reason> {
        let message = core::str::from_utf8(message).map_err(|_| Reason::InvalidUtf8)?;
        let (Header { flag, authorization_id, .. }, provider) = Header::parse(message)?;
        if let Flag::Bound(_) = flag {
            return Err(Reason::ChannelBindingNotSupported);
        }
        if authorization_id.as_ref().is_some_and(|it| it.as_str().len() > MAX_FIELD) {
            return Err(Reason::FieldTooLong);
        }
        check_provider(form, provider)?;
        Ok(Self { authorization_id, provider })
    }
}

pub(super) fn spell(
    form: &Form,
    provider: &str,
    authorization_id: Option<&AuthorizationId>,
) -> Result<Response, Reason> {
    check_provider(form, provider)?;
    let authorization_id = authorization_id.map(AuthorizationId::as_str);
    if authorization_id.is_some_and(|it| it.len() > MAX_FIELD) {
        return Err(Reason::FieldTooLong);
    }
    let mut message = Vec::new();
    gs2::write(&mut message, &ClientBinding::Unsupported, authorization_id);
    message.extend_from_slice(provider.as_bytes());
    Ok(Response::new(message))
}

fn check_provider(form: &Form, provider: &str) -> Result<(), Reason> {
    match provider.len() {
        0 => Err(Reason::EmptyProvider),
        1..=MAX_FIELD => (form.check)(provider),
        _ => Err(Reason::FieldTooLong),
    }
}

/// A URL that a browser may be sent to: `http` or `https`, with a host and without user names before it, of the characters
/// of RFC 3986 alone, so that none of it means something to whoever starts the browser.
pub(super) fn url(octets: &[u8]) -> Result<&str, Reason> {
    let url = core::str::from_utf8(octets).map_err(|_| Reason::BadRedirect)?;
    if url.len() > MAX_URL {
        return Err(Reason::MessageTooLong);
    }
    let (scheme, rest) = url.split_once("://").ok_or(Reason::BadRedirect)?;
    let is_web = ["https", "http"].iter().any(|it| it.eq_ignore_ascii_case(scheme));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    let fits =
        |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet);
    if is_web && !host.is_empty() && !authority.contains('@') && url.bytes().all(fits) {
        Ok(url)
    } else {
        Err(Reason::BadRedirect)
    }
}

/// Whether a client says that it has nothing more to say: the RFCs' one character, or nothing at all.
pub(super) fn is_nothing(message: &[u8]) -> bool {
    message.is_empty() || message == NOTHING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_may_be_sent_to() {
        for good in ["https://idp.example", "HTTP://idp.example:8080?a=b%20c#d", "https://[::1]/x"]
        {
            assert_eq!(url(good.as_bytes()), Ok(good));
        }
        for bad in [
            "",
            "idp.example",
            "javascript://idp.example/%0aalert(1)",
            "file:///etc/passwd",
            "https://",
            "https:///path",
            "https://:443/",
            "https://bank.example@evil.example/",
            "https://idp.example/a b",
            "https://idp.example/\"&calc",
            "https://idp.example/\n",
            "https://idp.example/\u{e9}",
            "-https://idp.example/",
        ] {
            assert_eq!(url(bad.as_bytes()), Err(Reason::BadRedirect), "{bad}");
        }
    }
}
