//! What stands around a mechanism's first token (RFC 2743 section 3.1), which GS2 leaves out, since the SASL name says it.

#[cfg(feature = "sha-1")]
use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "sha-1")]
use crate::{hash::Hash, name::MechanismName};

/// The tag of `InitialContextToken`, and that of an object identifier.
const TOKEN: u8 = 0x60;
const IDENTIFIER: u8 = 0x06;

/// The digits of base32 (RFC 4648 section 6).
#[cfg(feature = "sha-1")]
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The token without what names this mechanism (the contents of its DER object identifier); `None` where that does not
/// stand around it, and `F,` has to be said (RFC 5801 section 4).
pub fn strip_header<'a>(mechanism: &[u8], token: &'a [u8]) -> Option<&'a [u8]> {
    let [TOKEN, rest @ ..] = token else { return None };
    let (len, rest) = take_length(rest)?;
    let [IDENTIFIER, rest @ ..] = rest else { return None };
    let fits = len == rest.len() + 1;
    let (identifier_len, rest) = take_length(rest)?;
    let (identifier, inner) = rest.split_at_checked(identifier_len)?;
    (fits && identifier == mechanism).then_some(inner)
}

/// The token with what names this mechanism.
pub fn restore_header(mechanism: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut identifier = Vec::from([IDENTIFIER]);
    put_length(&mut identifier, mechanism.len());
    identifier.extend_from_slice(mechanism);
    let mut token = Vec::from([TOKEN]);
    put_length(&mut token, identifier.len() + inner.len());
    token.extend_from_slice(&identifier);
    token.extend_from_slice(inner);
    token
}

/// The name of a mechanism that none is registered for (RFC 5801 section 3.1): `GS2-` and the first 55 bits of the SHA-1 of
/// its object identifier, in base32. Kerberos's registered name is GS2-KRB5 instead.
///
/// # Panics
///
/// Never: base32 is letters and digits.
#[cfg(feature = "sha-1")]
pub fn gs2_name(mechanism: &[u8]) -> MechanismName {
    let mut der = Vec::from([IDENTIFIER]);
    put_length(&mut der, mechanism.len());
    der.extend_from_slice(mechanism);
    let digest = Hash::Sha1.digest(&der);
    // 56 bits, of which the last one goes.
    let bits =
        digest.as_ref().iter().take(7).fold(0, |bits, octet| bits << 8 | u64::from(*octet)) >> 1;
    let mut name = String::from("GS2-");
    for place in (0..11).rev() {
        let digit = BASE32.get((bits >> (5 * place) & 31) as usize);
        name.extend(digit.map(|it| char::from(*it)));
    }
    MechanismName::parse(name).expect("letters, digits and a hyphen, 15 of them")
}

/// A DER length, definite and in its shortest form.
fn take_length(octets: &[u8]) -> Option<(usize, &[u8])> {
    let (len, rest, least) = match octets {
        [0x81, len, rest @ ..] => (u32::from(*len), rest, 0x80),
        [0x82, high, low, rest @ ..] => (u32::from_be_bytes([0, 0, *high, *low]), rest, 0x100),
        [0x83, high, middle, low, rest @ ..] => {
            (u32::from_be_bytes([0, *high, *middle, *low]), rest, 0x1_0000)
        }
        [len, rest @ ..] if *len < 0x80 => (u32::from(*len), rest, 0),
        _ => return None,
    };
    let len = (len >= least).then_some(len)?;
    Some((usize::try_from(len).ok()?, rest))
}

fn put_length(octets: &mut Vec<u8>, len: usize) {
    let bytes = len.to_be_bytes();
    let significant = bytes.iter().position(|it| *it != 0).and_then(|at| bytes.get(at..));
    match significant.unwrap_or(&[0]) {
        [short] if *short < 0x80 => octets.push(*short),
        long => {
            let count = u8::try_from(long.len()).unwrap_or(u8::MAX);
            octets.push(0x80 | count);
            octets.extend_from_slice(long);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanisms::gssapi::{KERBEROS, SPNEGO};

    #[test]
    fn what_is_stripped_is_restored() {
        for len in [0, 1, 100, 115, 116, 117, 127, 128, 255, 256, 4000, 70_000] {
            let inner = alloc::vec![0xaa; len];
            let token = restore_header(KERBEROS, &inner);
            assert_eq!(strip_header(KERBEROS, &token), Some(&inner[..]), "{len}");
            assert_eq!(strip_header(SPNEGO, &token), None);
            let longer = [&token[..], b"x"].concat();
            assert_eq!(strip_header(KERBEROS, &longer), None);
            assert_eq!(strip_header(KERBEROS, &token[..token.len() - 1]), None);
        }
    }
}
