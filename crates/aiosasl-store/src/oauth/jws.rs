//! The outside of a JWT (RFC 7515 section 3.1): three parts, an algorithm, a key's name, a signature. Nothing of it is trusted.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;

use super::claims::{Claims, Fault};

/// The longest token, in octets.
const MAX_TOKEN: usize = 16_384;

/// The algorithms that are taken: signatures that whoever checks them can't make. `none` and HMAC are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

impl Algorithm {
    /// By its name (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2).
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }
}

/// A signed token, taken apart. Its claims are nobody's until the signature is verified.
#[derive(Debug)]
pub(super) struct Jws<'a> {
    pub(super) algorithm: Algorithm,
    /// Which of the issuer's keys it says it is signed with.
    pub(super) key_id: Option<Box<str>>,
    pub(super) claims: Claims,
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart; [`Fault::Foreign`] where it is no JWT at all.
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, Fault> {
        if token.len() > MAX_TOKEN {
            return Err(Fault::Wrong("longer than 16 KiB"));
        }
        let text = std::str::from_utf8(token).map_err(|_| Fault::Foreign)?;
        let Some((signed, signature)) = text.rsplit_once('.') else { return Err(Fault::Foreign) };
        let Some((header, claims)) = signed.split_once('.').filter(|(_, it)| !it.contains('.'))
        else {
            return Err(Fault::Foreign);
        };
        let header = object(header).ok_or(Fault::Foreign)?;
        let (algorithm, key_id) = read_header(&header)?;
        let claims = object(claims).ok_or(Fault::Wrong("claims"))?;
        let signature = decode(signature).ok_or(Fault::Wrong("signature"))?;
        Ok(Self { algorithm, key_id, claims, signed: signed.as_bytes(), signature })
    }
}

/// Algorithm and key. Keys and addresses of keys in a header (`jwk`, `jku`, `x5c`, `x5u`) are not looked at: the sender
/// chose them.
fn read_header(header: &Claims) -> Result<(Algorithm, Option<Box<str>>), Fault> {
    let name = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let algorithm = Algorithm::of_name(name).ok_or(Fault::Wrong("algorithm"))?;
    // What has to be understood is not understood here (RFC 7515 section 4.1.11).
    if header.contains_key("crit") {
        return Err(Fault::Wrong("critical extension"));
    }
    let is_access_token = match header.get("typ") {
        None => true,
        Some(Value::String(kind)) => {
            let kind = kind.to_ascii_lowercase();
            matches!(kind.trim_start_matches("application/"), "jwt" | "at+jwt")
        }
        Some(_) => false,
    };
    if !is_access_token {
        return Err(Fault::Wrong("type"));
    }
    match header.get("kid") {
        None => Ok((algorithm, None)),
        Some(Value::String(key_id)) => Ok((algorithm, Some(key_id.as_str().into()))),
        Some(_) => Err(Fault::Wrong("key id")),
    }
}

fn object(part: &str) -> Option<Claims> {
    match serde_json::from_slice(&decode(part)?) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// Base64url without padding (RFC 7515 section 2).
pub(super) fn decode(part: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(part).ok()
}
