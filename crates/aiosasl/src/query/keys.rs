//! What a server knows of an account that logs in with SCRAM, and what it says of one that it does not know.

use alloc::{boxed::Box, format};
use core::fmt;

use crate::{
    encoding::hex,
    error::FailureCode,
    hash::{Hash, HashValue},
    identity::AuthenticationId,
    query::{Answer, Doom, SecretForm},
    secret::Secret,
};

/// `StoredKey`, `ServerKey`, salt and iteration count (RFC 5802 section 3): enough to verify a login, not enough
/// to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramVerifier {
    pub(crate) hash: Hash,
    pub(crate) iterations: u32,
    pub(crate) salt: Box<[u8]>,
    pub(crate) stored_key: HashValue,
    pub(crate) server_key: HashValue,
}

impl ScramVerifier {
    /// Which hash the keys were made with.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The iteration count.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The salt, raw.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// `StoredKey`, raw.
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.as_ref()
    }

    /// `ServerKey`, raw.
    pub fn server_key(&self) -> &[u8] {
        self.server_key.as_ref()
    }
}

/// Makes up verifiers for accounts that do not exist, so that nobody learns which do (RFC 4422 section 6).
///
/// The salt depends on a server's secret and the name alone: it is the same on every try, after every restart,
/// and on every node that has the secret. Iteration count and salt length must be those that new accounts get.
#[derive(Debug, Clone)]
pub struct Decoy {
    secret: Secret,
    iterations: u32,
    salt_len: usize,
}

impl Decoy {
    /// Decoys from a secret of at least 16 (better 32) random octets, with the iteration count and the salt
    /// length (in octets, at most 32) of real accounts.
    pub fn new(secret: Secret, iterations: u32, salt_len: usize) -> Self {
        Self { secret, iterations, salt_len: salt_len.min(32) }
    }

    /// The salt of a name that is already prepared.
    pub fn salt(&self, hash: Hash, authentication_id: &str) -> Box<[u8]> {
        let full = self.keyed(b"fake-salt", hash, authentication_id);
        full.as_ref().get(..self.salt_len).unwrap_or_default().into()
    }

    fn verifier(&self, hash: Hash, authentication_id: &str) -> ScramVerifier {
        let key = |purpose| {
            let short = self.keyed(purpose, hash, authentication_id);
            hash.hmac(short.as_ref(), &[purpose])
        };
        ScramVerifier {
            hash,
            iterations: self.iterations,
            salt: self.salt(hash, authentication_id),
            stored_key: key(b"fake-stored-key"),
            server_key: key(b"fake-server-key"),
        }
    }

    /// What an account could have shared with its owner, in this form; nobody has it.
    pub(super) fn secret(&self, form: &SecretForm, authentication_id: &str) -> Secret {
        let made_up = self.keyed(b"fake-secret", Hash::Sha256, authentication_id);
        let octets = made_up.as_ref();
        match form {
            SecretForm::OneTime => one_time(octets),
            SecretForm::DigestMd5 { .. } | SecretForm::NtHash => {
                Secret::new(octets.get(..16).unwrap_or_default())
            }
            // As long as a compressed point, and none: the server decodes another in its place.
            SecretForm::PublicKey { mechanism: "ECDSA-NIST256P-CHALLENGE" } => {
                Secret::new([&[0], octets].concat())
            }
            _ => Secret::new(octets),
        }
    }

    fn keyed(&self, purpose: &[u8], hash: Hash, authentication_id: &str) -> HashValue {
        let mechanism = hash.scheme();
        let pieces = [purpose, &[0], mechanism.as_bytes(), &[0], authentication_id.as_bytes()];
        Hash::Sha256.hmac(self.secret.expose(), &pieces)
    }
}

/// The state of one-time passwords that somebody could have: a number, a seed, and a password of eight octets.
fn one_time(octets: &[u8]) -> Secret {
    let [high, low, seed @ ..] = octets else { return Secret::default() };
    let sequence = 100 + (u16::from(*high) << 8 | u16::from(*low)) % 400;
    let (seed, rest) = seed.split_at_checked(4).unwrap_or_default();
    let last = hex(rest.get(..8).unwrap_or_default());
    Secret::new(format!("otp-md5 {sequence} {} {last}", hex(seed)))
}

/// Wants the verifier of an account for one hash.
pub struct ScramKeys {
    authentication_id: AuthenticationId,
    hash: Hash,
    extensions: Box<str>,
}

impl ScramKeys {
    /// The question, about a name that is prepared already.
    pub fn new(authentication_id: AuthenticationId, hash: Hash) -> Self {
        Self { authentication_id, hash, extensions: Box::default() }
    }

    /// The same, of a client that said this after its nonce: `name=value`, with commas between them.
    pub fn with_extensions(self, extensions: &str) -> Self {
        Self { extensions: extensions.into(), ..self }
    }

    /// The same question about the account of this name: the client comes in under the name that the store has for
    /// it, where that is spelled otherwise (`User`, and the account is `user`). The store's spelling is also what
    /// decoys have to be made of.
    pub fn for_account(self, name: AuthenticationId) -> Self {
        Self { authentication_id: name, ..self }
    }

    /// Whose verifier; the name is prepared already.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// For which hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The optional extensions that the client's first message has (RFC 5802 section 5.1), names and values, in its order.
    /// Whoever does not know one ignores it. They come from somebody who has proven nothing yet.
    ///
    /// Kafka's `tokenauth=true` says that the name is a delegation token's, and the key what belongs to that: a store that
    /// has such tokens answers with theirs.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extensions.split(',').filter_map(|attribute| attribute.split_once('='))
    }

    /// This is the account's verifier.
    pub fn answer(self, verifier: ScramVerifier) -> Answer {
        Answer::scram_keys(self.authentication_id, verifier, None)
    }

    /// There is no such account, or it has no verifier for this hash: go through all the motions, and fail where
    /// a wrong password fails.
    pub fn unknown(self, decoy: &Decoy) -> Answer {
        let verifier = decoy.verifier(self.hash, self.authentication_id.as_str());
        Answer::scram_keys(self.authentication_id, verifier, Some(Doom::UnknownAccount))
    }

    /// This is the account's verifier, and the login must fail: for the client, the same as a wrong password.
    pub fn doomed(self, verifier: ScramVerifier, doom: Doom) -> Answer {
        Answer::scram_keys(self.authentication_id, verifier, Some(doom))
    }

    /// Nobody can tell now.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys")
            .field("authentication_id", &self.authentication_id)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_secrets_are_as_long_as_real_ones() {
        let decoy = Decoy::new(Secret::new([7; 32]), 4096, 16);
        let public_key = |mechanism| SecretForm::PublicKey { mechanism };
        for (form, len) in [
            (public_key("ECDSA-NIST256P-CHALLENGE"), 33),
            (public_key("ECDH-X25519-CHALLENGE"), 32),
            (SecretForm::NtHash, 16),
            (SecretForm::DigestMd5 { realm: "example.org".into() }, 16),
        ] {
            assert_eq!(decoy.secret(&form, "nobody").len(), len, "{form:?}");
        }
    }
}
