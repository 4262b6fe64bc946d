//! One-time passwords of 64 bits: how they follow from each other, and their two spellings (RFC 2289).

use alloc::{string::String, vec::Vec};
use core::fmt;

use zeroize::Zeroize as _;

use super::dictionary::WORDS;
use crate::{
    encoding::{hex, unhex},
    error::Reason,
    hash::Hash,
    md5::md5,
    secret,
};

/// How many words stand for a password.
const WORD_COUNT: usize = 6;

/// The hash that leads from one password to the one before it (RFC 2289 section 5.0). MD4 is not spoken (RFC 2444 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// MD5, which every server has.
    Md5,
    /// SHA-1.
    Sha1,
}

impl Algorithm {
    /// All that are spoken.
    pub const ALL: [Self; 2] = [Self::Md5, Self::Sha1];

    /// The algorithm of this name; lower case alone.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its name in challenges.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }

    /// The hash, folded to 64 bits (RFC 2289 appendix A).
    fn fold(self, octets: &[u8]) -> OneTimePassword {
        match self {
            Self::Md5 => {
                let sum = u128::from_be_bytes(md5(&[octets]));
                let high = u64::try_from(sum >> 64).unwrap_or_default();
                let low = u64::try_from(sum & u128::from(u64::MAX)).unwrap_or_default();
                OneTimePassword((high ^ low).to_be_bytes())
            }
            Self::Sha1 => {
                let sum = Hash::Sha1.digest(octets);
                let words = sum.as_ref().chunks_exact(4).enumerate();
                // The words of even and of odd places, each in the other order of octets.
                let (mut even, mut odd) = ([0; 4], [0; 4]);
                for (at, word) in words {
                    let half = if at % 2 == 0 { &mut even } else { &mut odd };
                    half.iter_mut().zip(word.iter().rev()).for_each(|(to, from)| *to ^= from);
                }
                let halves =
                    u64::from(u32::from_be_bytes(even)) << 32 | u64::from(u32::from_be_bytes(odd));
                OneTimePassword(halves.to_be_bytes())
            }
        }
    }
}

/// A password that is good for once; wiped on drop.
#[derive(Clone)]
pub struct OneTimePassword([u8; 8]);

impl OneTimePassword {
    /// The password with this sequence number (RFC 2289 section 6): seed and passphrase, hashed that many times and once more.
    pub fn compute(algorithm: Algorithm, seed: &str, passphrase: &str, sequence: u32) -> Self {
        let mut first = Vec::with_capacity(seed.len() + passphrase.len());
        first.extend_from_slice(seed.to_ascii_lowercase().as_bytes());
        first.extend_from_slice(passphrase.as_bytes());
        let start = algorithm.fold(&first);
        first.zeroize();
        (0..sequence).fold(start, |password, _| password.previous(algorithm))
    }

    /// The password that was good before this one.
    pub fn previous(&self, algorithm: Algorithm) -> Self {
        algorithm.fold(&self.0)
    }

    /// The password of these octets.
    pub fn new(octets: [u8; 8]) -> Self {
        Self(octets)
    }

    /// Reads sixteen hexadecimal digits in any case, spaces and tabs between them.
    ///
    /// # Errors
    ///
    /// [`Reason::BadHex`].
    pub fn from_hex(text: &str) -> Result<Self, Reason> {
        let digits: Vec<u8> = text.bytes().filter(|it| !matches!(it, b' ' | b'\t')).collect();
        let octets = unhex(&digits).and_then(|octets| octets.try_into().ok());
        octets.map(Self).ok_or(Reason::BadHex)
    }

    /// Reads six words of the standard dictionary in any case (RFC 2289 appendix D).
    ///
    /// # Errors
    ///
    /// [`Reason::WordCount`], [`Reason::UnknownWord`], or [`Reason::BadChecksum`].
    pub fn from_words(text: &str) -> Result<Self, Reason> {
        if text.split_ascii_whitespace().count() != WORD_COUNT {
            return Err(Reason::WordCount);
        }
        let mut bits = 0_u128;
        for word in text.split_ascii_whitespace() {
            let known = WORDS.split_ascii_whitespace();
            let at = known.enumerate().find(|(_, known)| known.eq_ignore_ascii_case(word));
            let (at, _) = at.ok_or(Reason::UnknownWord)?;
            bits = bits << 11 | at as u128;
        }
        let password = u64::try_from(bits >> 2).map_err(|_| Reason::BadChecksum)?;
        if checksum(password) == bits & 3 {
            Ok(Self(password.to_be_bytes()))
        } else {
            Err(Reason::BadChecksum)
        }
    }

    /// Sixteen lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// Six words of the standard dictionary, in upper case.
    pub fn to_words(&self) -> String {
        let password = u64::from_be_bytes(self.0);
        let bits = u128::from(password) << 2 | checksum(password);
        let mut text = String::new();
        for place in (0..WORD_COUNT).rev() {
            let at = usize::try_from(bits >> (11 * place) & 2047).unwrap_or_default();
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(WORDS.split_ascii_whitespace().nth(at).unwrap_or_default());
        }
        text
    }
}

/// The sum of all pairs of bits (RFC 2289 appendix D).
fn checksum(password: u64) -> u128 {
    u128::from((0..64).step_by(2).map(|at| password >> at & 3).sum::<u64>() & 3)
}

impl PartialEq for OneTimePassword {
    fn eq(&self, other: &Self) -> bool {
        secret::equal(&self.0, &other.0)
    }
}

impl Eq for OneTimePassword {}

impl Drop for OneTimePassword {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimePassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2289 appendix C; the vectors have the rest.
    #[test]
    fn a_password_has_two_spellings() {
        let password = OneTimePassword::compute(Algorithm::Sha1, "TeSt", "This is a test.", 99);
        assert_eq!(password.to_hex(), "87fec7768b73ccf9");
        assert_eq!(password.to_words(), "GAFF WAIT SKID GIG SKY EYED");
        assert_eq!(OneTimePassword::from_words("gaff wait skid gig sky eyed"), Ok(password));
        assert_eq!(WORDS.split_ascii_whitespace().count(), 2048);
    }
}
