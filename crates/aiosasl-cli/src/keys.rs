//! Private and public keys of mechanisms that log in by them, from files and options.

use std::path::Path;

use aiosasl::{encoding, secret::Secret};

use crate::{secrets, status::Failure};

/// The octets of a private key: a P-256 scalar, or an X25519 key.
const PRIVATE: usize = 32;
/// The tags of DER (ITU-T X.690 section 8) that are looked into.
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
/// How deep a private key's structure may be nested; PKCS #8 around RFC 5915 is four.
const DEPTH: u32 = 8;

/// A private key from a file: PEM (RFC 5915, PKCS #8), or its 32 octets in hexadecimal digits or base64.
pub(crate) fn private(path: &Path) -> Result<Secret, Failure> {
    let text = secrets::read(path)?;
    let key = pem(text.expose()).or_else(|| octets(text.expose(), &[PRIVATE]));
    key.map(Secret::new).ok_or_else(|| {
        let text = "expected a private key: PEM, 64 hexadecimal digits, or 32 octets in base64";
        Failure::usage(format!("{}: {text}", path.display()))
    })
}

/// A public key: a compressed P-256 point of 33 octets, or an X25519 key of 32.
pub(crate) fn public(text: &str) -> Result<Secret, String> {
    let key = octets(text, &[PRIVATE, PRIVATE + 1]).map(Secret::new);
    key.ok_or_else(|| "expected 32 or 33 octets, in hexadecimal digits or base64".to_owned())
}

fn octets(text: &str, lengths: &[usize]) -> Option<Vec<u8>> {
    let text = text.trim();
    let hex = encoding::unhex(text.as_bytes());
    hex.or_else(|| encoding::decode(text).ok()).filter(|it| lengths.contains(&it.len()))
}

/// The first private key of a PEM file (RFC 7468).
fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once("PRIVATE KEY-----")?;
    let (body, _) = after.split_once("-----END")?;
    let base64: String = body.split_whitespace().collect();
    find(&encoding::decode(base64).ok()?, DEPTH)
}

/// The first octet string of the right length in this DER, or in what its elements hold.
fn find(mut der: &[u8], depth: u32) -> Option<Vec<u8>> {
    let depth = depth.checked_sub(1)?;
    while let Some((tag, content, rest)) = element(der) {
        match tag {
            OCTET_STRING if content.len() == PRIVATE => return Some(content.to_vec()),
            OCTET_STRING | SEQUENCE => {
                if let Some(found) = find(content, depth) {
                    return Some(found);
                }
            }
            _ => {}
        }
        der = rest;
    }
    None
}

/// The tag and the content of the first element, and what follows it. Keys are short: lengths have one octet, or two.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, rest) = match der {
        [tag, 0x81, length, rest @ ..] => (tag, length, rest),
        [tag, length @ ..=0x7f, rest @ ..] => (tag, length, rest),
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_all_their_wrappings() {
        let key = [7; PRIVATE];
        let sec1 = [&[0x30, 0x25, 2, 1, 1, 4, 0x20][..], &key].concat();
        let pkcs8 = [&[0x30, 0x2c, 2, 1, 0, 4, 0x27][..], &sec1].concat();
        let nested = [&[0x30, 0x27, 2, 1, 0, 4, 0x22, 4, 0x20][..], &key].concat();
        for der in [sec1, pkcs8, nested] {
            let text = encoding::encode(&der);
            let text = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
            assert_eq!(pem(&text).as_deref(), Some(&key[..]));
        }
        assert_eq!(pem("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), None);
        assert_eq!(octets(&"07".repeat(32), &[32]).as_deref(), Some(&key[..]));
        assert_eq!(octets(&encoding::encode(&key), &[32]).as_deref(), Some(&key[..]));
        assert!(public("00").is_err());
    }
}
