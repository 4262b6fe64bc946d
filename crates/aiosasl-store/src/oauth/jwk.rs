//! An issuer's public keys (RFC 7517), and what they verify.

use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use super::{
    claims::Claims,
    jws::{Algorithm, Jws, decode},
};

/// The most keys of one issuer.
const MAX_KEYS: usize = 64;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jwk {
    key_id: Option<Box<str>>,
    /// The only algorithm that it is for, where it says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The keys of a set that can verify signatures; others (secret ones, those for encryption, unknown kinds) are left out.
/// `None` where it is no set of keys, or too large.
pub(super) fn parse_set(octets: &[u8]) -> Option<Vec<Jwk>> {
    let set: Value = serde_json::from_slice(octets).ok()?;
    let keys = set.get("keys")?.as_array().filter(|keys| keys.len() <= MAX_KEYS)?;
    Some(keys.iter().filter_map(|key| Jwk::read(key.as_object()?)).collect())
}

impl Jwk {
    fn read(members: &Claims) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let octets = |name: &str| decode(text(name)?);
        if text("use").is_some_and(|it| it != "sig") || !may_verify(members.get("key_ops")) {
            return None;
        }
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa {
                modulus: without_zeros(octets("n")?),
                exponent: without_zeros(octets("e")?),
            },
            ("EC", Some("P-256")) => Material::P256(point(octets("x")?, octets("y")?, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(octets("x")?, octets("y")?, 48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(octets("x")?),
            _ => return None,
        };
        let algorithm = match text("alg") {
            Some(name) => Some(Algorithm::of_name(name)?),
            None => None,
        };
        Some(Self { key_id: text("kid").map(Into::into), algorithm, material })
    }

    /// Whether it is the key of this name; of no name, any key may be.
    pub(super) fn is_named(&self, key_id: Option<&str>) -> bool {
        key_id.is_none_or(|wanted| self.key_id.as_deref() == Some(wanted))
    }

    /// Whether the token is signed with it: the key says what it is good for, not the token.
    pub(super) fn verifies(&self, token: &Jws<'_>) -> bool {
        if self.algorithm.is_some_and(|only| only != token.algorithm) {
            return false;
        }
        let Jws { signed, signature, .. } = token;
        let verified = match (&self.material, token.algorithm) {
            (Material::Rsa { modulus, exponent }, algorithm) => {
                let Some(parameters) = rsa(algorithm) else { return false };
                RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(parameters, signed, signature)
            }
            (Material::P256(key), Algorithm::Es256) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key)
                    .verify(signed, signature)
            }
            (Material::P384(key), Algorithm::Es384) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, key)
                    .verify(signed, signature)
            }
            (Material::Ed25519(key), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

/// RSA's padding and hash; keys from 2048 to 8192 bits alone.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return None,
    })
}

fn may_verify(operations: Option<&Value>) -> bool {
    match operations {
        None => true,
        Some(Value::Array(many)) => many.iter().any(|it| it.as_str() == Some("verify")),
        Some(_) => false,
    }
}

fn without_zeros(octets: Vec<u8>) -> Vec<u8> {
    octets.into_iter().skip_while(|octet| *octet == 0).collect()
}

/// An uncompressed point (SEC 1 section 2.3.3).
fn point(x: Vec<u8>, y: Vec<u8>, len: usize) -> Option<Vec<u8>> {
    (x.len() == len && y.len() == len).then(|| [vec![4], x, y].concat())
}
