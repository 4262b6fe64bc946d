//! The hash functions, HMAC (RFC 2104) and Hi (RFC 5802 section 2.2), chosen by value.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroize as _;

use crate::secret;

/// A hash function that some mechanism uses; which ones can be computed depends on the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-1, 20 octets.
    #[cfg(feature = "sha-1")]
    Sha1,
    /// SHA-224, 28 octets.
    #[cfg(feature = "scram-sha-224")]
    Sha224,
    /// SHA-256, 32 octets.
    Sha256,
    /// SHA-384, 48 octets.
    #[cfg(feature = "scram-sha-384")]
    Sha384,
    /// SHA-512, 64 octets.
    #[cfg(feature = "sha-512")]
    Sha512,
    /// SHA3-512, 64 octets, with an HMAC block of 72.
    #[cfg(feature = "sha3-512")]
    Sha3_512,
}

/// One line per hash: the only place that knows which type computes it.
macro_rules! with_hash {
    ($hash:expr, $H:ident => $body:expr) => {
        match $hash {
            #[cfg(feature = "sha-1")]
            Hash::Sha1 => {
                type $H = sha1::Sha1;
                $body
            }
            #[cfg(feature = "scram-sha-224")]
            Hash::Sha224 => {
                type $H = sha2::Sha224;
                $body
            }
            Hash::Sha256 => {
                type $H = sha2::Sha256;
                $body
            }
            #[cfg(feature = "scram-sha-384")]
            Hash::Sha384 => {
                type $H = sha2::Sha384;
                $body
            }
            #[cfg(feature = "sha-512")]
            Hash::Sha512 => {
                type $H = sha2::Sha512;
                $body
            }
            #[cfg(feature = "sha3-512")]
            Hash::Sha3_512 => {
                type $H = sha3::Sha3_512;
                $body
            }
        }
    };
}

impl Hash {
    /// All that this build has.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "sha-1")]
        Self::Sha1,
        #[cfg(feature = "scram-sha-224")]
        Self::Sha224,
        Self::Sha256,
        #[cfg(feature = "scram-sha-384")]
        Self::Sha384,
        #[cfg(feature = "sha-512")]
        Self::Sha512,
        #[cfg(feature = "sha3-512")]
        Self::Sha3_512,
    ];

    /// The scheme of verifiers made with it (RFC 5803), which is the SCRAM mechanism's name without -PLUS.
    pub const fn scheme(self) -> &'static str {
        match self {
            #[cfg(feature = "sha-1")]
            Self::Sha1 => "SCRAM-SHA-1",
            #[cfg(feature = "scram-sha-224")]
            Self::Sha224 => "SCRAM-SHA-224",
            Self::Sha256 => "SCRAM-SHA-256",
            #[cfg(feature = "scram-sha-384")]
            Self::Sha384 => "SCRAM-SHA-384",
            #[cfg(feature = "sha-512")]
            Self::Sha512 => "SCRAM-SHA-512",
            #[cfg(feature = "sha3-512")]
            Self::Sha3_512 => "SCRAM-SHA3-512",
        }
    }

    /// The length of a hash value, in octets.
    pub fn output_len(self) -> usize {
        use hmac::digest::Digest;
        with_hash!(self, H => <H as Digest>::output_size())
    }

    /// The hash of some octets.
    pub fn digest(self, octets: &[u8]) -> HashValue {
        use hmac::digest::Digest;
        with_hash!(self, H => HashValue::new(&H::digest(octets)))
    }

    /// HMAC over the pieces, one after the other.
    pub fn hmac(self, key: &[u8], pieces: &[&[u8]]) -> HashValue {
        with_hash!(self, H => {
            let mut mac = keyed::<hmac::Hmac<H>>(key);
            for piece in pieces {
                hmac::Mac::update(&mut mac, piece);
            }
            HashValue::new(&hmac::Mac::finalize(mac).into_bytes())
        })
    }

    /// `rounds` more rounds of Hi: `last` becomes the HMAC of itself, and is added to `sum` by XOR.
    fn rounds(self, key: &[u8], last: &mut HashValue, sum: &mut HashValue, rounds: u32) {
        with_hash!(self, H => {
            let mac = keyed::<hmac::Hmac<H>>(key);
            // Of a length that the compiler knows: this loop is all of SCRAM's time.
            let mut block = hmac::digest::Output::<H>::default();
            let mut total = block;
            block.copy_from_slice(last.as_ref());
            total.copy_from_slice(sum.as_ref());
            for _ in 0..rounds {
                let mut mac = mac.clone();
                hmac::Mac::update(&mut mac, &block);
                block = hmac::Mac::finalize(mac).into_bytes();
                for (octet, other) in total.iter_mut().zip(&block) {
                    *octet ^= other;
                }
            }
            last.set(&block);
            sum.set(&total);
            block.as_mut_slice().zeroize();
            total.as_mut_slice().zeroize();
        });
    }
}

fn keyed<M: hmac::KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
}

/// Hi (PBKDF2 of one block, RFC 5802 section 2.2) under way: it can stop after any round, and go on.
pub struct Hi {
    hash: Hash,
    last: HashValue,
    sum: HashValue,
    left: u32,
}

impl Hi {
    /// Starts with the first round, and all the others to go.
    pub fn start(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let first = hash.hmac(password, &[salt, &1_u32.to_be_bytes()]);
        Self { hash, last: first.clone(), sum: first, left: iterations.saturating_sub(1) }
    }

    /// Does at most `rounds` rounds, and says how many are left.
    pub fn run(&mut self, password: &[u8], rounds: u32) -> u32 {
        let rounds = rounds.min(self.left);
        self.hash.rounds(password, &mut self.last, &mut self.sum, rounds);
        self.left -= rounds;
        self.left
    }

    /// Does all that is left.
    pub fn finish(mut self, password: &[u8]) -> HashValue {
        self.run(password, u32::MAX);
        self.sum
    }
}

/// A hash value, up to 64 octets, in place; it may be a key, so it is wiped on drop and silent in `Debug`.
#[derive(Clone)]
pub struct HashValue {
    octets: [u8; 64],
    len: u8,
}

impl HashValue {
    /// The value with these octets.
    ///
    /// More than 64 octets are cut off: no hash here makes them.
    pub(crate) fn new(octets: &[u8]) -> Self {
        let mut value = Self { octets: [0; 64], len: 0 };
        value.set(octets);
        value
    }

    /// The value, where it is as long as this hash makes them.
    pub fn for_hash(hash: Hash, octets: &[u8]) -> Option<Self> {
        (octets.len() == hash.output_len()).then(|| Self::new(octets))
    }

    fn set(&mut self, octets: &[u8]) {
        let len = octets.len().min(64);
        if let (Some(to), Some(from)) = (self.octets.get_mut(..len), octets.get(..len)) {
            to.copy_from_slice(from);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        let len = len as u8;
        self.len = len;
    }

    /// Adds by XOR, octet by octet, as far as both go.
    pub fn xor(&mut self, octets: &[u8]) {
        for (mine, other) in self.octets.iter_mut().zip(octets) {
            *mine ^= other;
        }
    }

    /// The octets as a vector.
    pub fn to_vec(&self) -> Vec<u8> {
        self.as_ref().to_vec()
    }
}

impl AsRef<[u8]> for HashValue {
    fn as_ref(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl PartialEq for HashValue {
    fn eq(&self, other: &Self) -> bool {
        secret::equal(self.as_ref(), other.as_ref())
    }
}

impl Eq for HashValue {}

impl Drop for HashValue {
    fn drop(&mut self) {
        self.octets.zeroize();
    }
}

impl fmt::Debug for HashValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashValue({} octets)", self.len)
    }
}
