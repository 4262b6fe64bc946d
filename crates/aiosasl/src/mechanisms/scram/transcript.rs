//! What a SCRAM server keeps of a conversation, in one buffer: it is small while the client computes.

use alloc::vec::Vec;
use core::mem;

use zeroize::{Zeroize as _, Zeroizing};

use super::message::ClientFirst;
use crate::{
    encoding,
    hash::{Hash, HashValue},
    message::Challenge,
    nonce::Nonce,
    query::ScramVerifier,
};

/// The parts of `AuthMessage` as they were said, and the keys that it is checked with.
pub(super) struct Transcript {
    /// What `c=` has to be: the gs2 header as received, and our own binding's octets; then
    /// `client-first-message-bare "," server-first-message ","`; then `StoredKey` and `ServerKey`.
    octets: Zeroizing<Vec<u8>>,
    channel_binding_len: u32,
    bare_len: u32,
}

impl Transcript {
    /// The client's first message, our binding's octets, and our own first message as far as it is known.
    pub(super) fn new(
        hash: Hash,
        first: &ClientFirst<'_>,
        channel_binding: &[u8],
        nonce: &Nonce,
    ) -> Self {
        // Room for the rest, too: a salt of 16 octets and a count of four digits are usual.
        const REST: usize = ",s=".len() + encoding::encoded_len(16) + ",i=4096,".len();
        let nonce = nonce.as_str().as_bytes();
        let client_nonce = first.nonce.as_bytes();
        let header = first.header.raw.as_bytes();
        let parts = [header, channel_binding, first.bare.as_bytes(), b",r=", client_nonce, nonce];
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut octets = Vec::with_capacity(len + REST + 2 * hash.output_len());
        for part in parts {
            octets.extend_from_slice(part);
        }
        Self {
            octets: Zeroizing::new(octets),
            channel_binding_len: small(header.len() + channel_binding.len()),
            bare_len: small(first.bare.len()),
        }
    }

    /// Adds the rest of our first message and the account's keys; the whole message, to be sent.
    pub(super) fn add(&mut self, verifier: &ScramVerifier) -> Challenge {
        let keys: [_; 2] = [verifier.stored_key(), verifier.server_key()];
        let salt_len = encoding::encoded_len(verifier.salt().len());
        let digits = verifier.iterations().checked_ilog10().unwrap_or(0) as usize + 1;
        let more = ",s=,i=,".len() + salt_len + digits + keys[0].len() + keys[1].len();
        // All at once: no part of a key is left behind where the buffer grows.
        self.octets.reserve_exact(more);
        self.octets.extend_from_slice(b",s=");
        encoding::encode_into(&mut self.octets, verifier.salt());
        self.octets.extend_from_slice(b",i=");
        push_decimal(&mut self.octets, verifier.iterations());
        let challenge = Challenge::new(self.octets.get(self.first_start()..).unwrap_or_default());
        self.octets.push(b',');
        for key in keys {
            self.octets.extend_from_slice(key);
        }
        challenge
    }

    /// The buffer, used again for our last message.
    pub(super) fn into_last_words(mut self, signature: &HashValue) -> Challenge {
        let mut message = mem::take(&mut *self.octets);
        message.zeroize();
        message.extend_from_slice(b"v=");
        encoding::encode_into(&mut message, signature.as_ref());
        Challenge::new(message)
    }

    /// What `c=` has to be.
    pub(super) fn channel_binding(&self) -> &[u8] {
        self.octets.get(..self.channel_binding_len as usize).unwrap_or_default()
    }

    /// Both ends' nonces, one after the other: they have no comma.
    pub(super) fn nonce(&self) -> &[u8] {
        let message = self.octets.get(self.first_start()..).unwrap_or_default();
        let nonce = message.strip_prefix(b"r=").unwrap_or_default();
        nonce.split(|octet| *octet == b',').next().unwrap_or_default()
    }

    /// `client-first-message-bare "," server-first-message ","`, `StoredKey` and `ServerKey`.
    pub(super) fn parts(&self, hash: Hash) -> (&[u8], &[u8], &[u8]) {
        let octets = self.octets.get(self.channel_binding_len as usize..).unwrap_or_default();
        let (rest, server_key) = octets.split_at(octets.len().saturating_sub(hash.output_len()));
        let (messages, stored_key) = rest.split_at(rest.len().saturating_sub(hash.output_len()));
        (messages, stored_key, server_key)
    }

    /// Where our first message begins.
    fn first_start(&self) -> usize {
        self.channel_binding_len as usize + self.bare_len as usize + ",".len()
    }
}

fn push_decimal(text: &mut Vec<u8>, number: u32) {
    let mut divisor = 10_u32.pow(number.checked_ilog10().unwrap_or(0));
    while divisor > 0 {
        text.push(b'0' + u8::try_from(number / divisor % 10).unwrap_or_default());
        divisor /= 10;
    }
}

/// Messages are at most 65,535 octets long.
fn small(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 1, 9, 10, 4096, 1_000_000, u32::MAX] {
            let mut text = Vec::new();
            push_decimal(&mut text, number);
            assert_eq!(text, alloc::format!("{number}").into_bytes());
        }
    }
}
