//! MD5 (RFC 1321) and HMAC-MD5 (RFC 2104), for the mechanisms that have no other hash.

use hmac::{Mac as _, digest::Digest as _};

/// The MD5 of the pieces, one after the other.
pub fn md5(pieces: &[&[u8]]) -> [u8; 16] {
    let mut hash = md5::Md5::new();
    for piece in pieces {
        hash.update(piece);
    }
    hash.finalize().into()
}

/// HMAC-MD5 over the pieces, one after the other.
pub fn hmac_md5(key: &[u8], pieces: &[&[u8]]) -> [u8; 16] {
    let mut mac = <hmac::Hmac<md5::Md5> as hmac::KeyInit>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::hex;

    #[test]
    fn published_values() {
        assert_eq!(hex(&md5(&[b"a", b"bc"])), "900150983cd24fb0d6963f7d28e17f72");
        let mac = hmac_md5(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&mac), "750c783e6ab0b503eaa86e310a5db738");
    }
}
