//! `{SSHA}` and its family: one round of a hash function over password and salt, or over the password alone.

use aiosasl::{
    encoding,
    hash::Hash,
    secret::{self, Secret},
};
use md5::Digest as _;
use zeroize::Zeroizing;

use super::{
    scheme::Scheme,
    text::{SALT, Wrapping},
};

/// A hash, and the salt behind it, which is empty where there is none.
#[derive(Clone)]
pub(super) struct DigestHash {
    scheme: Scheme,
    salt: Box<[u8]>,
    output: Secret,
}

impl DigestHash {
    pub(super) fn parse(
        scheme: Scheme,
        data: &str,
        wrapping: Option<Wrapping>,
    ) -> Result<Self, &'static str> {
        const EXPECTED: &str =
            "expected base64 of a hash, and of a salt behind it in the salted schemes";
        let len = output_len(scheme);
        // As in Dovecot, what has the length of hexadecimal digits is that; base64 never has it.
        let hex = !is_salted(scheme) && data.len() == 2 * len;
        let wrapping = wrapping.unwrap_or(if hex { Wrapping::Hex } else { Wrapping::Base64 });
        let octets = wrapping.open(data).ok_or(EXPECTED)?;
        let (output, salt) = octets.split_at_checked(len).ok_or(EXPECTED)?;
        let fits = if is_salted(scheme) { SALT.contains(&salt.len()) } else { salt.is_empty() };
        if fits {
            Ok(Self { scheme, salt: salt.into(), output: output.into() })
        } else {
            Err(EXPECTED)
        }
    }

    pub(super) fn make(scheme: Scheme, salt: &[u8], password: &[u8]) -> Self {
        let output = compute(scheme, salt, password);
        Self { scheme, salt: salt.into(), output }
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        let octets = Zeroizing::new([self.output.expose(), &self.salt].concat());
        Zeroizing::new(encoding::encode(&octets))
    }

    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        let own = compute(self.scheme, &self.salt, password);
        secret::equal(own.expose(), self.output.expose())
    }
}

fn compute(scheme: Scheme, salt: &[u8], password: &[u8]) -> Secret {
    let octets = Zeroizing::new([password, salt].concat());
    match scheme {
        Scheme::Md5 | Scheme::Smd5 => Secret::new(md5::Md5::digest(&*octets).to_vec()),
        Scheme::Sha1 | Scheme::Ssha => Secret::new(Hash::Sha1.digest(&octets).to_vec()),
        Scheme::Sha256 | Scheme::Ssha256 => Secret::new(Hash::Sha256.digest(&octets).to_vec()),
        _ => Secret::new(Hash::Sha512.digest(&octets).to_vec()),
    }
}

fn output_len(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Md5 | Scheme::Smd5 => 16,
        Scheme::Sha1 | Scheme::Ssha => 20,
        Scheme::Sha256 | Scheme::Ssha256 => 32,
        _ => 64,
    }
}

fn is_salted(scheme: Scheme) -> bool {
    matches!(scheme, Scheme::Smd5 | Scheme::Ssha | Scheme::Ssha256 | Scheme::Ssha512)
}
