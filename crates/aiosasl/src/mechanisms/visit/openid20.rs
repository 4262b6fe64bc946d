//! What OPENID20 has of its own: a provider is found by an OpenID identifier, and tells of its user (RFC 6616 sections 3.1
//! and 3.4).
//!
//! ```text
//!   outcome_data = sreg_avp *( "," sreg_avp )       sreg_avp = attribute "=" value
//! ```
//!
//! Attributes and values are of unreserved and percent-encoded characters (RFC 3986 section 2). An attribute
//! `openid.error` in front is a refusal.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::grammar::{Form, Told};
use crate::{encoding, error::Reason, message::Challenge, name::MechanismName};

pub(super) const FORM: Form = Form {
    name: MechanismName::new("OPENID20"),
    provider: |name| name,
    check,
    hear,
    tell,
    refuse: Some(b"openid.error=fail"),
};

const ERROR: &str = "openid.error=";
/// The most octets that are told of somebody.
const MAX_ATTRIBUTES: usize = 8192;

/// A URL or an XRI as somebody types it; the server normalises it (OpenID Authentication 2.0 section 7.2).
fn check(identifier: &str) -> Result<(), Reason> {
    let fits = |character: char| !character.is_control() && !character.is_whitespace();
    if identifier.chars().all(fits) { Ok(()) } else { Err(Reason::BadProvider) }
}

fn hear(octets: &[u8]) -> Result<Told, Reason> {
    let text = core::str::from_utf8(octets).map_err(|_| Reason::BadSregPair)?;
    parse_attributes(text)?;
    Ok(match text.strip_prefix(ERROR) {
        Some(why) => Told::Refusal(why.into()),
        None => Told::Attributes(text.into()),
    })
}

/// Nothing that the client would take for a refusal.
fn tell(attributes: &str) -> Result<Option<Challenge>, Reason> {
    parse_attributes(attributes)?;
    match attributes {
        "" => Ok(None),
        _ if attributes.starts_with(ERROR) => Err(Reason::BadSregPair),
        _ => Ok(Some(Challenge::new(attributes))),
    }
}

/// An attribute's name, and its value.
pub type Attribute = (Box<str>, Box<str>);

/// What a provider tells of its user, decoded, in its order: `nickname`, `email`, `fullname` and the like (OpenID Simple
/// Registration 1.0 section 4).
///
/// # Example: an address
///
/// ```
/// use aiosasl::mechanisms::visit::parse_attributes;
///
/// # fn main() -> Result<(), aiosasl::error::Reason> {
/// let told = parse_attributes("email=user%40example.org,nickname=user")?;
/// assert_eq!(told[0], ("email".into(), "user@example.org".into()));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Reason::BadSregPair`] where it breaks its grammar; [`Reason::MessageTooLong`] where it has more than 8192 octets.
pub fn parse_attributes(text: &str) -> Result<Vec<Attribute>, Reason> {
    if text.len() > MAX_ATTRIBUTES {
        return Err(Reason::MessageTooLong);
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = text.split(',').map(|pair| {
        let (attribute, value) = pair.split_once('=')?;
        Some((decode(attribute)?, decode(value)?))
    });
    pairs.collect::<Option<_>>().ok_or(Reason::BadSregPair)
}

/// The same the other way, for [`Returned::answer`](crate::query::Returned::answer).
pub fn spell_attributes<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Box<str> {
    let pairs = pairs.into_iter().map(|(attribute, value)| {
        let mut pair = encode(attribute);
        pair.push('=');
        pair.push_str(&encode(value));
        pair
    });
    pairs.collect::<Vec<_>>().join(",").into()
}

fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

fn encode(word: &str) -> String {
    let mut encoded = String::new();
    for octet in word.bytes() {
        if is_unreserved(octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push('%');
            encoded.push_str(&encoding::hex(&[octet]));
        }
    }
    encoded
}

fn decode(word: &str) -> Option<Box<str>> {
    let mut octets = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                octets.extend(encoding::unhex(digits)?);
                rest = after;
            }
            octet if is_unreserved(*octet) => octets.push(*octet),
            _ => return None,
        }
    }
    let word = String::from_utf8(octets).ok()?;
    (!word.is_empty()).then(|| word.into())
}
