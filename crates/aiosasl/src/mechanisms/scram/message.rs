//! The four messages of SCRAM (RFC 5802 section 7), without any cryptography.

use alloc::{borrow::Cow, vec::Vec};

use super::attributes::Attributes;
use crate::{
    encoding,
    error::Reason,
    gs2::{self, Header},
    hash::HashValue,
    nonce,
};

/// The longest message, in octets.
const MAX_MESSAGE: usize = 65_535;

/// `gs2-header client-first-message-bare`
pub(super) struct ClientFirst<'a> {
    pub(super) header: Header<'a>,
    /// `client-first-message-bare`, as received.
    pub(super) bare: &'a str,
    pub(super) username: Cow<'a, str>,
    pub(super) nonce: &'a str,
    /// What follows the nonce, as received: `name=value`, with commas between them.
    pub(super) extensions: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let (header, bare) = Header::parse(text(message)?)?;
        let mut attributes = Attributes::of(bare);
        let name = attributes.next_named('n')?;
        let nonce = attributes.next_named('r')?;
        let username = gs2::decode_name(name).ok_or(Reason::BadUsernameEscape)?;
        let nonce = check_nonce(nonce)?;
        let extensions = attributes.rest();
        attributes.check_rest(|_, _| {})?;
        Ok(Self { header, bare, username, nonce, extensions })
    }
}

/// `server-first-message`
pub(super) enum ServerFirst<'a> {
    Challenge {
        nonce: &'a str,
        salt: Vec<u8>,
        iterations: u64,
        /// XEP-0474: what the server says it offered.
        offered_hash: Option<&'a str>,
        /// XEP-0515: which TLS version the server sees.
        tls_version: Option<&'a str>,
    },
    Error(&'a str),
}

impl<'a> ServerFirst<'a> {
    pub(super) fn parse(message: &'a [u8], client_nonce: &str) -> Result<Self, Reason> {
        let message = text(message)?;
        if let Some(error) = server_error(message)? {
            return Ok(Self::Error(error));
        }
        let mut attributes = Attributes::of(message);
        let (nonce, salt, count) =
            (attributes.next_named('r')?, attributes.next_named('s')?, attributes.next_named('i')?);
        let nonce = check_nonce(nonce)?;
        match nonce.strip_prefix(client_nonce) {
            None => return Err(Reason::NonceMismatch),
            Some("") => return Err(Reason::NonceNotExtended),
            Some(_) => {}
        }
        let salt = base64(salt)?;
        if salt.is_empty() {
            return Err(Reason::EmptySalt);
        }
        let iterations = iteration_count(count)?;
        let (mut offered_hash, mut tls_version) = (None, None);
        attributes.check_rest(|name, value| match name {
            "h" => offered_hash = Some(value),
            "t" => tls_version = Some(value),
            _ => {}
        })?;
        Ok(Self::Challenge { nonce, salt, iterations, offered_hash, tls_version })
    }
}

/// `posit-number`; more digits than a `u64` has are as good as its maximum.
pub(super) fn iteration_count(digits: &str) -> Result<u64, Reason> {
    match digits.as_bytes() {
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => {
            Ok(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Err(Reason::BadIterationCount),
    }
}

/// `client-final-message`
pub(super) struct ClientFinal<'a> {
    pub(super) channel_binding: Encoded<'a>,
    pub(super) nonce: &'a str,
    /// `None` where it is longer than any hash makes them.
    pub(super) proof: Option<HashValue>,
    /// `client-final-message-without-proof`, as received.
    pub(super) without_proof: &'a str,
}

impl<'a> ClientFinal<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let message = text(message)?;
        let mut attributes = Attributes::of(message);
        let (binding, nonce) = (attributes.next_named('c')?, attributes.next_named('r')?);
        let (without_proof, proof) = match message.rsplit_once(',') {
            Some((before, last)) => (before, last.strip_prefix("p=").ok_or(Reason::MissingProof)?),
            None => return Err(Reason::MissingProof),
        };
        attributes.drop_last();
        attributes.check_rest(|_, _| {})?;
        let (channel_binding, proof) = (Encoded(binding), Encoded(proof).hash_value()?);
        Ok(Self { channel_binding, nonce, proof, without_proof })
    }
}

/// `server-final-message`
pub(super) enum ServerFinal<'a> {
    Signature(Encoded<'a>),
    Error(&'a str),
}

impl<'a> ServerFinal<'a> {
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let message = text(message)?;
        if let Some(error) = server_error(message)? {
            return Ok(Self::Error(error));
        }
        let mut attributes = Attributes::of(message);
        let signature = attributes.next_named('v')?;
        attributes.check_rest(|_, _| {})?;
        Ok(Self::Signature(Encoded(signature)))
    }
}

/// A value in base64, not decoded yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoded<'a>(&'a str);

impl Encoded<'_> {
    /// Whether it stands for these octets; an error where it is no base64.
    pub(super) fn stands_for(self, octets: &[u8]) -> Result<bool, Reason> {
        if encoding::encodes(self.0.as_bytes(), octets) {
            return Ok(true);
        }
        base64(self.0).map(|_| false)
    }

    /// The octets in place; `None` where they are more than any hash makes.
    fn hash_value(self) -> Result<Option<HashValue>, Reason> {
        let mut room = [0; 66];
        if self.0.len() > encoding::encoded_len(room.len()) {
            return base64(self.0).map(|_| None);
        }
        let len =
            encoding::decode_into(self.0.as_bytes(), &mut room).map_err(|_| Reason::BadBase64)?;
        Ok(room.get(..len).filter(|octets| octets.len() <= 64).map(HashValue::new))
    }
}

/// `server-error`, which may stand in place of both of the server's messages.
fn server_error(message: &str) -> Result<Option<&str>, Reason> {
    match message.strip_prefix("e=").map(|rest| rest.split(',').next().unwrap_or_default()) {
        Some("") => Err(Reason::BadAttribute),
        error => Ok(error),
    }
}

fn text(message: &[u8]) -> Result<&str, Reason> {
    if message.len() > MAX_MESSAGE {
        return Err(Reason::MessageTooLong);
    }
    match core::str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(Reason::InvalidEncoding),
    }
}

fn base64(value: &str) -> Result<Vec<u8>, Reason> {
    encoding::decode(value).map_err(|_| Reason::BadBase64)
}

fn check_nonce(nonce: &str) -> Result<&str, Reason> {
    if !nonce.is_empty() && nonce.bytes().all(nonce::is_nonce_octet) {
        Ok(nonce)
    } else {
        Err(Reason::BadNonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::AuthorizationId;

    fn first_error(message: &str) -> Option<Reason> {
        ClientFirst::parse(message.as_bytes()).err()
    }

    #[test]
    fn raw_forms_are_kept() {
        let Ok(first) = ClientFirst::parse(b"y,a=x=2Cy,n=a=3Db,r=abc,z=1") else {
            panic!("well-formed")
        };
        assert_eq!((first.header.raw, first.bare), ("y,a=x=2Cy,", "n=a=3Db,r=abc,z=1"));
        assert_eq!((&*first.username, first.extensions), ("a=b", "z=1"));
        assert_eq!(
            first.header.authorization_id.as_ref().map(AuthorizationId::as_str),
            Some("x,y")
        );
    }

    #[test]
    fn no_attribute_comes_twice() {
        assert_eq!(first_error("n,,n=user,r=abc,n=root"), Some(Reason::DuplicateAttribute));
        assert_eq!(first_error("n,,n=user,r=abc,x=1,x=2"), Some(Reason::DuplicateAttribute));
        assert_eq!(first_error("n,,n=user,r=abc,x=1,X=2"), None);
        let server = ServerFirst::parse(b"r=abcd,s=AAAA,i=4096,i=1", "abc").err();
        assert_eq!(server, Some(Reason::DuplicateAttribute));
        let client = ClientFinal::parse(b"c=biws,r=abc,c=biws,p=AAAA").err();
        assert_eq!(client, Some(Reason::DuplicateAttribute));
    }
}
