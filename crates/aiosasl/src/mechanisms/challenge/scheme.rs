//! What differs between the two mechanisms: a key, a challenge, and its answer.

use alloc::vec::Vec;

use crate::{
    error::Reason,
    hash::{Hash, HashValue},
    name::MechanismName,
    nonce::Nonce,
    secret::Secret,
};

/// One of the two mechanisms, as data.
pub(super) struct Scheme {
    pub(super) name: MechanismName,
    /// Whether this is a private key at all.
    pub(super) check: fn(&Secret) -> Result<(), Reason>,
    /// What the holder of a private key answers to a challenge.
    pub(super) answer: fn(&Secret, &[u8]) -> Result<Vec<u8>, Reason>,
    /// What is said to somebody who should have the private key to one of these public ones.
    pub(super) pose: fn(&Nonce, &[&[u8]]) -> Posed,
    /// Whether the answer is that of such a key; an error where it is no answer at all.
    pub(super) judge: fn(&Posed, &[u8]) -> Result<bool, Reason>,
    /// Why an answer that is none of such a key is refused.
    pub(super) mismatch: Reason,
}

/// A challenge that waits for its answer.
pub(super) struct Posed {
    pub(super) challenge: Vec<u8>,
    /// What judging takes: the public keys, or the answer itself.
    pub(super) measures: Vec<Secret>,
    /// Whether there was a public key at all; without one the work is the same, and nobody comes in.
    pub(super) has_key: bool,
}

/// 32 octets that only the server can know, for this purpose.
///
/// The nonce is fresh, has 144 bits from the operating system, and never leaves the server in these mechanisms; the hash
/// gives none of them back. So the values for different labels tell nothing of each other or of the nonce, and
/// none of them comes twice: all that a challenge, a salt or an ephemeral key has to be.
pub(super) fn derived(nonce: &Nonce, label: &[u8]) -> HashValue {
    Hash::Sha256.hmac(nonce.as_str().as_bytes(), &[label])
}
