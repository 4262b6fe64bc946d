//! SCRAM's key derivation (Hi, RFC 5802 section 2.2) by the fastest way that was measured (`bench/`) for each hash.

use aiosasl::{
    hash::{Hash, HashValue},
    query::{DeriveKeys, ScramVerifier},
    secret::Secret,
};
use sha2::block_api::compress256;
use zeroize::Zeroizing;

/// The octets that HMAC adds to its key (RFC 2104 section 2).
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;
/// Where SHA-256 begins (FIPS 180-4 section 5.3.3).
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
/// What HMAC hashes in either run: a block of key and 32 octets, in bits.
const BITS: u16 = (64 + 32) * 8;

/// What a SCRAM verifier is made of.
#[derive(Debug, Clone)]
pub struct Derivation {
    /// For this hash.
    pub hash: Hash,
    /// The password, prepared already.
    pub password: Secret,
    /// The salt, raw.
    pub salt: Box<[u8]>,
    /// The iteration count.
    pub iterations: u32,
}

impl Derivation {
    /// The verifier: the expensive part.
    pub fn verifier(self) -> ScramVerifier {
        let Self { hash, password, salt, iterations } = self;
        let salted_password = match hash {
            Hash::Sha256 => hi_sha256(password.expose(), &salt, iterations),
            _ => DeriveKeys::new(hash, password, salt.clone(), iterations).salted_password(),
        };
        ScramVerifier::from_salted_password(hash, &salted_password, salt, iterations)
    }
}

/// Hi with SHA-256. Each round is two blocks, and all but the 32 octets of a block stays as it is: nothing has to be
/// buffered, counted and padded anew, which is an eighth of the time.
fn hi_sha256(password: &[u8], salt: &[u8], iterations: u32) -> HashValue {
    let first = Hash::Sha256.hmac(password, &[salt, &1_u32.to_be_bytes()]);
    let [inner, outer] = [INNER, OUTER].map(|pad| keyed(password, pad));
    let mut block = Zeroizing::new([0; 64]);
    let [.., high, low] = &mut *block;
    [*high, *low] = BITS.to_be_bytes();
    if let Some(end) = block.get_mut(32) {
        *end = 0x80;
    }
    for (to, octet) in block.iter_mut().zip(first.as_ref()) {
        *to = *octet;
    }
    let (mut state, mut sum) = (Zeroizing::new([0; 8]), Zeroizing::new([0_u32; 8]));
    for _ in 1..iterations {
        for start in [&inner, &outer] {
            *state = **start;
            compress256(&mut state, std::slice::from_ref(&*block));
            write(&mut block, &state);
        }
        for (sum, word) in sum.iter_mut().zip(&*state) {
            *sum ^= word;
        }
    }
    write(&mut block, &sum);
    let mut salted_password = first;
    salted_password.xor(block.get(..32).unwrap_or_default());
    salted_password
}

/// The state of SHA-256 after HMAC's block of key.
fn keyed(password: &[u8], pad: u8) -> Zeroizing<[u32; 8]> {
    let mut block = Zeroizing::new([pad; 64]);
    let digest = (password.len() > block.len()).then(|| Hash::Sha256.digest(password));
    let key = digest.as_ref().map_or(password, AsRef::as_ref);
    for (octet, key) in block.iter_mut().zip(key) {
        *octet ^= key;
    }
    let mut state = Zeroizing::new(START);
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

fn write(block: &mut [u8; 64], words: &[u32; 8]) {
    for (to, word) in block.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7677 section 3.
    #[test]
    fn the_rfc_s_verifier() {
        let salt = aiosasl::encoding::decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let derivation = Derivation {
            hash: Hash::Sha256,
            password: Secret::new(*b"pencil"),
            salt: salt.into(),
            iterations: 4096,
        };
        let stored_key =
            aiosasl::encoding::decode("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=").unwrap();
        assert_eq!(derivation.verifier().stored_key(), stored_key);
    }

    proptest! {
        #[test]
        fn the_fast_way_is_the_same(
            password: Vec<u8>, salt: Vec<u8>, iterations in 1_u32..20, at in 0..Hash::ALL.len(),
        ) {
            let hash = Hash::ALL[at];
            let [password, salt] = [password, salt].map(Secret::new);
            let own = Derivation {
                hash, password: password.clone(), salt: salt.expose().into(), iterations,
            };
            let other = ScramVerifier::from_password(hash, password, salt.expose(), iterations);
            prop_assert_eq!(own.verifier(), other);
        }
    }
}
