//! The hashes of DIGEST-MD5 (RFC 2831 section 2.1.2.1) and the keys of its layers (sections 2.3 and 2.4).

use alloc::string::String;

use zeroize::Zeroizing;

use super::{
    charset::hashed,
    protection::{CipherName, Protection},
};
use crate::{encoding::hex, md5::md5, mechanism::Side};

/// A key of 16 octets, wiped on drop; it is in no type that shows itself.
pub(super) type Key = Zeroizing<[u8; 16]>;

/// `H(user:realm:password)`, which equals the password in this realm.
pub(super) fn user_key(username: &str, realm: &str, password: &[u8]) -> Key {
    let converted = core::str::from_utf8(password).ok().map(hashed);
    let password = converted.as_ref().map_or(password, |it| it.as_slice());
    let pieces: [&[u8]; 5] = [&hashed(username), b":", &hashed(realm), b":", password];
    Zeroizing::new(md5(&pieces))
}

/// What one exchange's digests are made of, as it was said.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) nonce: &'a [u8],
    pub(super) count: u32,
    pub(super) cnonce: &'a [u8],
    pub(super) digest_uri: &'a [u8],
    pub(super) authorization_id: Option<&'a str>,
    pub(super) protection: Protection,
}

impl Said<'_> {
    /// `H(A1)`, the key of this nonce and cnonce.
    pub(super) fn session_key(&self, user_key: &[u8]) -> Key {
        let (colon, authorization_id) = match self.authorization_id {
            Some(it) => (&b":"[..], it.as_bytes()),
            None => (&b""[..], &b""[..]),
        };
        let pieces = [user_key, b":", self.nonce, b":", self.cnonce, colon, authorization_id];
        Zeroizing::new(md5(&pieces))
    }

    /// The digest with which this side proves that it has the key, in lower-case hexadecimal digits.
    pub(super) fn digest(&self, session_key: &Key, prover: Side) -> String {
        let method: &[u8] = match prover {
            Side::Client => b"AUTHENTICATE",
            Side::Server => b"",
        };
        let body: &[u8] = match self.protection {
            Protection::None => b"",
            _ => b":00000000000000000000000000000000",
        };
        let about = hex(&md5(&[method, b":", self.digest_uri, body]));
        let key = Zeroizing::new(hex(&**session_key));
        let count = count_text(self.count);
        let qop = self.protection.qop();
        let pieces: [&[u8]; 11] = [
            key.as_bytes(),
            b":",
            self.nonce,
            b":",
            count.as_bytes(),
            b":",
            self.cnonce,
            b":",
            qop.as_bytes(),
            b":",
            about.as_bytes(),
        ];
        hex(&md5(&pieces))
    }
}

/// The `nc-value` of a count.
pub(super) fn count_text(count: u32) -> String {
    hex(&count.to_be_bytes())
}

/// The key of the MACs of what this side sends.
pub(super) fn mac_key(session_key: &Key, sender: Side) -> Key {
    let magic: &[u8] = match sender {
        Side::Client => b"Digest session key to client-to-server signing key magic constant",
        Side::Server => b"Digest session key to server-to-client signing key magic constant",
    };
    Zeroizing::new(md5(&[&**session_key, magic]))
}

/// The key that seals what this side sends.
pub(super) fn cipher_key(session_key: &Key, cipher: CipherName, sender: Side) -> Key {
    let magic: &[u8] = match sender {
        Side::Client => b"Digest H(A1) to client-to-server sealing key magic constant",
        Side::Server => b"Digest H(A1) to server-to-client sealing key magic constant",
    };
    let part = session_key.get(..cipher.key_len()).unwrap_or_default();
    Zeroizing::new(md5(&[part, magic]))
}
