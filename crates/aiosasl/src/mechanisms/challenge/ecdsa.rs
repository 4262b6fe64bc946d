//! ECDSA-NIST256P-CHALLENGE's keys and signatures: the challenge itself is signed as the digest, without another hash.

use alloc::{string::String, vec::Vec};
use core::hint::black_box;

use p256::{
    SecretKey,
    ecdsa::{
        DerSignature, Signature, SigningKey, VerifyingKey,
        signature::hazmat::{PrehashSigner as _, PrehashVerifier as _},
    },
};

use super::scheme::{Posed, Scheme, derived};
use crate::{encoding, error::Reason, name::MechanismName, nonce::Nonce, secret::Secret};

/// The length of a challenge, in octets.
pub const CHALLENGE_LEN: usize = 32;

pub(super) const SCHEME: Scheme = Scheme {
    name: MechanismName::new("ECDSA-NIST256P-CHALLENGE"),
    check: |private_key| signing_key(private_key).map(|_| ()),
    answer: sign,
    pose,
    judge,
    mismatch: Reason::SignatureMismatch,
};

/// The point that is decoded and checked in the place of a key that is none: its result is thrown away.
const STAND_IN: [u8; 33] = [
    0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96,
];

/// The private key in a PEM file, for [`Key::Private`](crate::credentials::Key::Private): `EC PRIVATE KEY` (SEC1, also
/// after `EC PARAMETERS`) or `PRIVATE KEY` (PKCS #8), not encrypted.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`] for anything else, and for other curves.
pub fn private_key_from_pem(pem: &str) -> Result<Secret, Reason> {
    let begins = ["-----BEGIN EC PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"];
    let start = begins.iter().find_map(|begin| pem.find(begin)).ok_or(Reason::BadPrivateKey)?;
    let pem = pem.get(start..).unwrap_or_default();
    let key = SecretKey::from_pem(pem).map_err(|_| Reason::BadPrivateKey)?;
    Ok(Secret::new(key.to_bytes().to_vec()))
}

/// The public key to a private one, as a compressed point of 33 octets: what a store keeps.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`].
pub fn public_key(private_key: &Secret) -> Result<Vec<u8>, Reason> {
    let point = signing_key(private_key)?.verifying_key().to_sec1_point(true);
    Ok(point.as_bytes().to_vec())
}

/// The public key as services want to be told it: its compressed point in base64.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`].
///
/// # Example: what to register
///
/// ```
/// use aiosasl::{mechanisms::challenge::ecdsa, secret::Secret};
///
/// # fn main() -> Result<(), aiosasl::error::Reason> {
/// let key = Secret::new([0x12; 32]);
/// assert_eq!(ecdsa::public_key_text(&key)?.len(), 44);
/// # Ok(())
/// # }
/// ```
pub fn public_key_text(private_key: &Secret) -> Result<String, Reason> {
    public_key(private_key).map(|point| encoding::encode(&point))
}

/// The signature over a challenge, in DER; the same for the same challenge (RFC 6979).
///
/// Whoever plays the server chooses what is signed: use the key for nothing else.
///
/// # Errors
///
/// [`Reason::BadPrivateKey`], or [`Reason::ChallengeLength`] for a challenge that has not 32 octets.
pub fn sign(private_key: &Secret, challenge: &[u8]) -> Result<Vec<u8>, Reason> {
    if challenge.len() != CHALLENGE_LEN {
        return Err(Reason::ChallengeLength);
    }
    let key = signing_key(private_key)?;
    let signature: DerSignature = key.sign_prehash(challenge).map_err(|_| Reason::BadPrivateKey)?;
    Ok(signature.as_bytes().to_vec())
}

/// Checks a signature over a challenge.
///
/// # Errors
///
/// [`Reason::BadPublicKey`]; [`Reason::BadSignatureEncoding`] where it is no DER; [`Reason::SignatureMismatch`] where it
/// is not this key's, or over something else.
pub fn verify(public_key: &[u8], challenge: &[u8], signature: &[u8]) -> Result<(), Reason> {
    let key = verifying_key(public_key).ok_or(Reason::BadPublicKey)?;
    let fits = read(signature)?.is_some_and(|it| key.verify_prehash(challenge, &it).is_ok());
    if fits { Ok(()) } else { Err(Reason::SignatureMismatch) }
}

fn pose(nonce: &Nonce, keys: &[&[u8]]) -> Posed {
    Posed {
        challenge: derived(nonce, b"ECDSA-NIST256P-CHALLENGE").to_vec(),
        measures: keys.iter().map(|key| Secret::from(*key)).collect(),
        has_key: keys.iter().fold(false, |found, key| {
            let decoded = black_box(verifying_key_or_stand_in(key));
            found || matches!(decoded, Some((_, Whose::Accounts)))
        }),
    }
}

/// Each key is tried; where one is none, another takes its time.
fn judge(posed: &Posed, answer: &[u8]) -> Result<bool, Reason> {
    let signature = read(answer)?;
    let fits = |key: &VerifyingKey| {
        let signature = signature.as_ref();
        signature.is_some_and(|it| key.verify_prehash(&posed.challenge, it).is_ok())
    };
    let mut found = false;
    for key in &posed.measures {
        if let Some((key, whose)) = verifying_key_or_stand_in(key.expose()) {
            let fits = black_box(fits(&key));
            found |= fits && whose == Whose::Accounts;
        }
    }
    Ok(found)
}

/// `None` where a number in it is none of the curve's.
fn read(signature: &[u8]) -> Result<Option<Signature>, Reason> {
    let der = DerSignature::from_bytes(signature).map_err(|_| Reason::BadSignatureEncoding)?;
    Ok(Signature::try_from(der).ok())
}

fn signing_key(private_key: &Secret) -> Result<SigningKey, Reason> {
    // `from_slice` takes shorter ones, too.
    let octets = <&[u8; 32]>::try_from(private_key.expose()).map_err(|_| Reason::BadPrivateKey)?;
    SigningKey::from_slice(octets).map_err(|_| Reason::BadPrivateKey)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Accounts,
    Nobodys,
}

/// One point is decoded, whatever was given: an account's, or where that is none, the stand-in.
fn verifying_key_or_stand_in(public_key: &[u8]) -> Option<(VerifyingKey, Whose)> {
    match verifying_key(public_key) {
        Some(key) => Some((key, Whose::Accounts)),
        None => verifying_key(&STAND_IN).map(|key| (key, Whose::Nobodys)),
    }
}

fn verifying_key(public_key: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_sec1_bytes(public_key).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(key: &[u8]) -> Option<Whose> {
        verifying_key_or_stand_in(key).map(|(_, whose)| whose)
    }

    #[test]
    fn a_point_is_decoded_whatever_was_given() {
        let real = public_key(&Secret::new([0x12; 32])).expect("a private key");
        assert!(whose(&real) == Some(Whose::Accounts));
        // The last one is as decoys are.
        for none in [&b""[..], b"no key", &[7; 32], &[0; 33]] {
            assert!(whose(none) == Some(Whose::Nobodys), "{none:?}");
        }
    }
}
