//! Nonces: printable ASCII without comma (RFC 5802 section 7), given from outside.

use alloc::{boxed::Box, string::String};
use core::fmt;

/// A value that must never be used twice.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(Box<str>);

impl Nonce {
    /// Random octets that [`random`](Self::random) draws: 18, which is 144 bits and 24 characters.
    pub const DEFAULT_OCTETS: usize = 18;
    /// The longest nonce taken, in characters.
    pub const MAX_LEN: usize = 1024;

    /// A nonce as it will stand on the wire, from 1 to 1024 characters of `!` to `~`, without comma.
    ///
    /// Returns `None` for any other text.
    pub fn new(nonce: impl Into<Box<str>>) -> Option<Self> {
        let nonce = nonce.into();
        let fits = (1..=Self::MAX_LEN).contains(&nonce.len()) && nonce.bytes().all(is_nonce_octet);
        fits.then_some(Self(nonce))
    }

    /// A nonce from random octets, written as characters of six bits each; `None` for no octets, or more
    /// than 768.
    pub fn from_random(octets: &[u8]) -> Option<Self> {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(octets.len().div_ceil(3) * 4);
        for chunk in octets.chunks(3) {
            let bits = chunk
                .iter()
                .enumerate()
                .fold(0_u32, |sum, (at, octet)| sum | u32::from(*octet) << (16 - 8 * at));
            for at in 0..=chunk.len() {
                let six = bits >> (18 - 6 * at) & 63;
                text.extend(ALPHABET.get(six as usize).map(|octet| char::from(*octet)));
            }
        }
        Self::new(text)
    }

    /// A nonce of [`DEFAULT_OCTETS`](Self::DEFAULT_OCTETS) from the operating system.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] where the operating system has none.
    #[cfg(feature = "std")]
    pub fn random() -> Result<Self, NoRandomness> {
        Self::random_of(Self::DEFAULT_OCTETS)
    }

    /// A nonce of that many random octets (at most 768) from the operating system.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] where the operating system has none, or `octets` is out of range.
    #[cfg(feature = "std")]
    pub fn random_of(octets: usize) -> Result<Self, NoRandomness> {
        let mut buffer = [0; 768];
        let random = buffer.get_mut(..octets).ok_or(NoRandomness)?;
        getrandom::fill(random).map_err(|_| NoRandomness)?;
        Self::from_random(random).ok_or(NoRandomness)
    }

    /// The nonce as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", self.0)
    }
}

/// Whether the octet may stand in a nonce.
pub(crate) fn is_nonce_octet(octet: u8) -> bool {
    matches!(octet, b'!'..=b'+' | b'-'..=b'~')
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gave no randomness for a nonce")
    }
}

impl core::error::Error for NoRandomness {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_octets_become_printable() {
        let nonce = Nonce::from_random(&[0, 1, 2, 3, 255]).expect("five octets");
        assert_eq!(nonce.as_str(), "AAECA/8");
        assert_eq!(Nonce::from_random(&[]), None);
        assert_eq!(Nonce::new("a,b"), None);
        assert_eq!(Nonce::new("a b"), None);
    }

    #[cfg(feature = "std")]
    #[test]
    fn the_system_never_repeats_itself() {
        let nonce = Nonce::random().expect("randomness");
        assert_eq!(nonce.as_str().len(), 24);
        assert_ne!(nonce, Nonce::random().expect("randomness"));
    }
}
