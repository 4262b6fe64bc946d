//! What the texts of hashes are made of: numbers, parameters, base64 of several alphabets, hexadecimal digits.

use std::ops::RangeInclusive;

use base64ct::{Base64, Base64Pbkdf2, Base64Unpadded, Encoding};
use zeroize::Zeroizing;

/// What salts may be, in octets.
pub(super) const SALT: RangeInclusive<usize> = 1..=64;
/// What hashes may be, in octets: what is shorter is found by chance, what is longer only costs.
pub(super) const OUTPUT: RangeInclusive<usize> = 12..=64;

/// A decimal number without sign and leading zeros.
pub(super) fn number(digits: &str) -> Option<u32> {
    let is_number = match digits.as_bytes() {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if is_number { digits.parse().ok() } else { None }
}

/// The values of `name=1,other=2`: these names in this order.
pub(super) fn parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut values = [0; N];
    let mut parameters = text.split(',');
    for (value, name) in values.iter_mut().zip(names) {
        let (found, digits) = parameters.next()?.split_once('=')?;
        *value = number(digits).filter(|_| found == name)?;
    }
    parameters.next().is_none().then_some(values)
}

/// Octets from base64 without padding, in the usual alphabet or in that of passlib and OpenLDAP (`.` for `+`).
pub(super) fn from_base64(text: &str, len: &RangeInclusive<usize>) -> Option<Vec<u8>> {
    let decoded = if text.contains('.') {
        Base64Pbkdf2::decode_vec(text)
    } else {
        Base64Unpadded::decode_vec(text)
    };
    decoded.ok().filter(|octets| len.contains(&octets.len()))
}

/// Base64 without padding, in the usual alphabet.
pub(super) fn base64(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64Unpadded::encode_string(octets))
}

/// Base64 without padding, in the alphabet of passlib and OpenLDAP.
pub(super) fn adapted_base64(octets: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(Base64Pbkdf2::encode_string(octets))
}

/// How data is wrapped, by the suffix of the scheme's name.
#[derive(Clone, Copy)]
pub(super) enum Wrapping {
    Base64,
    Hex,
}

impl Wrapping {
    /// Takes the suffix off; what has none is not wrapped.
    ///
    /// Returns `None` for a suffix that nobody knows.
    pub(super) fn of(word: &str) -> Option<(&str, Option<Self>)> {
        let Some((word, suffix)) = word.rsplit_once('.') else { return Some((word, None)) };
        let is = |name: &str| suffix.eq_ignore_ascii_case(name);
        if is("b64") || is("base64") {
            Some((word, Some(Self::Base64)))
        } else if is("hex") {
            Some((word, Some(Self::Hex)))
        } else {
            None
        }
    }

    /// The octets within.
    pub(super) fn open(self, data: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Base64 => Base64::decode_vec(data).ok(),
            Self::Hex => base16ct::mixed::decode_vec(data).ok(),
        }
        .map(Zeroizing::new)
    }
}
