//! ECDH-X25519-CHALLENGE's keys and masks: X25519 (RFC 7748), and HKDF (RFC 5869) with SHA-256.

use alloc::{string::String, vec::Vec};

use x25519_dalek::{PublicKey, StaticSecret};

use super::scheme::{Posed, Scheme, derived};
use crate::{
    encoding,
    error::Reason,
    hash::{Hash, HashValue},
    name::MechanismName,
    nonce::Nonce,
    secret::{self, Secret},
};

/// The length of a challenge, in octets: the server's key, the salt, the masked octets.
pub const CHALLENGE_LEN: usize = 96;

pub(super) const SCHEME: Scheme = Scheme {
    name: MechanismName::new(LABEL),
    check: |private_key| own_key(private_key).map(|_| ()),
    answer: unmask,
    pose,
    judge: |posed, answer| {
        Ok(posed.measures.iter().fold(false, |fits, it| fits | secret::equal(it.expose(), answer)))
    },
    mismatch: Reason::InvalidProof,
};

const LABEL: &str = "ECDH-X25519-CHALLENGE";

/// The private key as text, for [`Key::Private`](crate::credentials::Key::Private): base64 of its 32 octets; white space
/// around it is left out.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`].
pub fn private_key_from_text(text: &str) -> Result<Secret, Reason> {
    let octets = encoding::decode(text.trim()).map_err(|_| Reason::BadPrivateKey)?;
    let key = Secret::new(octets);
    own_key(&key).map(|_| key)
}

/// The public key to a private one, 32 octets: what a store keeps.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`] where the private key has not 32 octets.
pub fn public_key(private_key: &Secret) -> Result<Vec<u8>, Reason> {
    own_key(private_key).map(|key| PublicKey::from(&key).to_bytes().to_vec())
}

/// The public key as services want to be told it: in base64.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`].
pub fn public_key_text(private_key: &Secret) -> Result<String, Reason> {
    public_key(private_key).map(|key| encoding::encode(&key))
}

/// A client's answer to a challenge: the octets that the server has masked.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`]; [`Reason::ChallengeLength`] for a challenge that has not 96 octets;
/// [`Reason::LowOrderKey`] where the server's key gives a shared secret that everybody knows (RFC 7748 section 6.1).
pub fn unmask(private_key: &Secret, challenge: &[u8]) -> Result<Vec<u8>, Reason> {
    let own = own_key(private_key)?;
    let parts = challenge.split_first_chunk::<32>();
    let Some((theirs, rest)) = parts.filter(|_| challenge.len() == CHALLENGE_LEN) else {
        return Err(Reason::ChallengeLength);
    };
    let (salt, masked) = rest.split_at_checked(32).unwrap_or_default();
    let (own_public, theirs) = (PublicKey::from(&own), PublicKey::from(*theirs));
    let mut mask = Exchange { own: &own, theirs, client: &own_public, server: &theirs }
        .mask(salt)
        .ok_or(Reason::LowOrderKey)?;
    mask.xor(masked);
    Ok(mask.to_vec())
}

/// Masks what only the holder of the key can unmask; the first key that is one counts.
fn pose(nonce: &Nonce, keys: &[&[u8]]) -> Posed {
    let part = |label: &[u8]| derived(nonce, &[LABEL.as_bytes(), b" ", label].concat());
    let (salt, answer) = (part(b"salt"), part(b"answer"));
    let own = key_of(&part(b"key"));
    let own_public = PublicKey::from(&own);
    let mask_for = |key: &&[u8]| {
        let theirs = PublicKey::from(<[u8; 32]>::try_from(*key).ok()?);
        Exchange { own: &own, theirs, client: &theirs, server: &own_public }.mask(salt.as_ref())
    };
    let found = keys.iter().find_map(mask_for);
    let has_key = found.is_some();
    // Without a key: what nobody can unmask.
    let mut masked = found.unwrap_or_else(|| part(b"mask"));
    masked.xor(answer.as_ref());
    Posed {
        challenge: [own_public.as_bytes(), salt.as_ref(), masked.as_ref()].concat(),
        measures: Vec::from([Secret::from(answer.as_ref())]),
        has_key,
    }
}

/// A key agreement as one of its ends sees it.
struct Exchange<'a> {
    own: &'a StaticSecret,
    theirs: PublicKey,
    client: &'a PublicKey,
    server: &'a PublicKey,
}

impl Exchange<'_> {
    /// `HKDF(salt, SHA-256(shared secret, client's key, server's key), name)`, 32 octets; `None` where the shared secret is
    /// zero.
    fn mask(&self, salt: &[u8]) -> Option<HashValue> {
        let shared = self.own.diffie_hellman(&self.theirs);
        if !shared.was_contributory() {
            return None;
        }
        let keys: [&[u8]; 3] = [shared.as_bytes(), self.client.as_bytes(), self.server.as_bytes()];
        let input = Secret::new(keys.concat());
        let input = Hash::Sha256.digest(input.expose());
        // Extract, and the only block of expand that is needed (RFC 5869 section 2).
        let extracted = Hash::Sha256.hmac(salt, &[input.as_ref()]);
        Some(Hash::Sha256.hmac(extracted.as_ref(), &[LABEL.as_bytes(), &[1]]))
    }
}

fn own_key(private_key: &Secret) -> Result<StaticSecret, Reason> {
    let octets = <[u8; 32]>::try_from(private_key.expose()).map_err(|_| Reason::BadPrivateKey)?;
    Ok(StaticSecret::from(octets))
}

fn key_of(octets: &HashValue) -> StaticSecret {
    StaticSecret::from(<[u8; 32]>::try_from(octets.as_ref()).unwrap_or_default())
}
