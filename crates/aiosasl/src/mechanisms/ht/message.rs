//! The two messages of HT-* in both forms, without any cryptography.

use alloc::{boxed::Box, vec::Vec};

use crate::{error::Reason, preparation::MAX_FIELD};

/// In which form the messages are spelled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Form {
    /// As deployed servers speak it (draft-schmaus-kitten-sasl-ht, draft-ietf-kitten-sasl-ht-00).
    #[default]
    Deployed,
    /// With key-value pairs before the hash, which covers them (draft-ietf-kitten-sasl-ht-01 and later).
    KeyValue(Pairs),
}

impl Form {
    /// The pairs, which may be none, as text.
    pub(super) fn pairs(&self) -> &str {
        match self {
            Self::Deployed => "",
            Self::KeyValue(pairs) => &pairs.0,
        }
    }
}

/// Key-value pairs as they stand in a message: `key=value,key=value` of `A-Za-z0-9/+-_`, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairs(Box<str>);

impl Pairs {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// [`Reason::BadKeyValue`] where they break the grammar, or are longer than 1024 octets.
    pub fn parse(pairs: &[u8]) -> Result<Self, Reason> {
        let word = |word: &[u8]| !word.is_empty() && word.iter().all(|octet| is_pair_octet(*octet));
        let pair = |pair: &[u8]| {
            let at = pair.iter().position(|octet| *octet == b'=');
            at.and_then(|at| pair.split_at_checked(at)).is_some_and(|(key, value)| {
                word(key) && value.split_first().is_some_and(|(_, value)| word(value))
            })
        };
        let fits = pairs.is_empty() || pairs.split(|octet| *octet == b',').all(pair);
        match core::str::from_utf8(pairs) {
            Ok(text) if fits && text.len() <= MAX_FIELD => Ok(Self(text.into())),
            _ => Err(Reason::BadKeyValue),
        }
    }

    /// The pairs as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_pair_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'/' | b'+' | b'-' | b'_')
}

/// What may stand after a name or a first octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    Deployed,
    KeyValue,
    /// Whichever the length says.
    Either,
}

/// A form, and a hash of this length.
pub(super) fn parse_proof(
    octets: &[u8],
    hash_len: usize,
    expects: Expects,
) -> Result<(Form, &[u8]), Reason> {
    let with_pairs = match expects {
        Expects::Deployed => false,
        Expects::KeyValue => true,
        Expects::Either => {
            let before_hash = octets.len().checked_sub(hash_len + 1);
            before_hash.and_then(|at| octets.get(at)) == Some(&0)
        }
    };
    let (form, hash) = if with_pairs {
        let (pairs, hash) = split_at_nul(octets).ok_or(Reason::MissingNul)?;
        (Form::KeyValue(Pairs::parse(pairs)?), hash)
    } else {
        (Form::Deployed, octets)
    };
    if hash.len() == hash_len { Ok((form, hash)) } else { Err(Reason::HashLength) }
}

/// The client's message.
pub(super) fn spell_initiator(name: &str, form: &Form, hash: &[u8]) -> Vec<u8> {
    let mut message = Vec::from(name.as_bytes());
    message.push(0);
    push_proof(&mut message, form, hash);
    message
}

/// The name, and what follows it.
pub(super) fn parse_name(message: &[u8]) -> Result<(&str, &[u8]), Reason> {
    let (name, proof) = split_at_nul(message).ok_or(Reason::MissingNul)?;
    let name = core::str::from_utf8(name).map_err(|_| Reason::InvalidUtf8)?;
    match name.len() {
        0 => Err(Reason::EmptyAuthcid),
        1..=MAX_FIELD => Ok((name, proof)),
        _ => Err(Reason::FieldTooLong),
    }
}

/// The server's message where it lets the client in.
pub(super) fn spell_responder(form: &Form, hash: &[u8]) -> Vec<u8> {
    let mut message = Vec::from([0]);
    push_proof(&mut message, form, hash);
    message
}

/// The server's message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Responder<'a> {
    /// What proves that it knows the token.
    Proof(&'a [u8]),
    /// Why it lets nobody in: `unknown-user`, `invalid-token`, `other-error`, or another word.
    Failure(&'a str),
}

pub(super) fn parse_responder(message: &[u8]) -> Result<Responder<'_>, Reason> {
    match message.split_first() {
        None => Err(Reason::MissingResponderMessage),
        Some((0, proof)) => Ok(Responder::Proof(proof)),
        Some((1, text)) if text.len() <= MAX_FIELD => {
            core::str::from_utf8(text).map(Responder::Failure).map_err(|_| Reason::InvalidUtf8)
        }
        Some(_) => Err(Reason::BadResponderMessage),
    }
}

fn push_proof(message: &mut Vec<u8>, form: &Form, hash: &[u8]) {
    if let Form::KeyValue(pairs) = form {
        message.extend_from_slice(pairs.0.as_bytes());
        message.push(0);
    }
    message.extend_from_slice(hash);
}

fn split_at_nul(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = octets.iter().position(|octet| *octet == 0)?;
    let (before, after) = octets.split_at_checked(at)?;
    Some((before, after.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_words_with_an_equals_sign() {
        for good in ["", "k=v", "h=G6k/rBLDqg+-_,v=1"] {
            assert_eq!(Pairs::parse(good.as_bytes()).map(|it| it.0), Ok(good.into()));
        }
        for bad in ["k", "k=", "=v", "k=v,", ",k=v", "k=v=", "k=v w", "k=\u{e9}", "k=v,,k=v"] {
            assert_eq!(Pairs::parse(bad.as_bytes()), Err(Reason::BadKeyValue), "{bad}");
        }
        assert!(Pairs::parse(&[b"k=".as_slice(), &[b'v'; MAX_FIELD]].concat()).is_err());
    }

    /// A hash may begin with a NUL, or with octets that look like a pair and a NUL.
    #[test]
    fn the_length_tells_the_forms_apart() {
        let hash = *b"\0k=v\x00678";
        let deployed = parse_proof(&hash, hash.len(), Expects::Either);
        assert_eq!(deployed, Ok((Form::Deployed, &hash[..])));
        for pairs in ["", "k=v"] {
            let octets = [pairs.as_bytes(), b"\0", &hash].concat();
            let form = Form::KeyValue(Pairs::parse(pairs.as_bytes()).unwrap());
            let read = parse_proof(&octets, hash.len(), Expects::Either);
            assert_eq!(read, Ok((form, &hash[..])));
        }
        assert_eq!(parse_proof(b"short", hash.len(), Expects::Either), Err(Reason::HashLength));
    }
}
