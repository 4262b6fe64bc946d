//! What a password becomes here: which verifiers and which hash an account gets.

use aiosasl::{
    hash::Hash,
    prep::{self, Strings},
    query::{Decoy, ScramVerifier},
    secret::{Password, Secret},
};

use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    hasher::Hasher,
    password::HashPolicy,
};

/// What a password becomes. Decoys for accounts that do not exist look like what accounts get by it.
#[derive(Debug, Clone)]
pub struct CredentialPolicy {
    /// For which hashes there is a SCRAM verifier.
    pub scram: Vec<Hash>,
    /// Their iteration count (RFC 5802 section 5.1: at least 4096).
    pub iterations: u32,
    /// The length of their salts, in octets, at most 32.
    pub salt_len: usize,
    /// The hash for mechanisms that show the password; without, a SCRAM verifier has to do.
    pub password: Option<HashPolicy>,
}

impl Default for CredentialPolicy {
    /// Verifiers for every hash that this build has, of 10,000 iterations and 16 octets of salt, and the default hash.
    fn default() -> Self {
        Self {
            scram: Hash::ALL.to_vec(),
            iterations: 10_000,
            salt_len: 16,
            password: Some(HashPolicy::default()),
        }
    }
}

impl CredentialPolicy {
    /// All that a prepared password becomes, under this label.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`] where there is no randomness or no room for the work, and
    /// [`StoreErrorKind::Invalid`] where a scheme can't take the password.
    pub async fn credentials(
        &self,
        hasher: &Hasher,
        password: &Password,
        label: &str,
    ) -> Result<Vec<Credential>, StoreError> {
        let mut made = Vec::new();
        for hash in &self.scram {
            made.push(CredentialKind::Scram(self.verifier(hasher, *hash, password).await?));
        }
        if let Some(policy) = &self.password {
            made.push(CredentialKind::Password(hasher.make(policy, password).await?));
        }
        Ok(made.into_iter().map(|kind| Credential::new(kind).labelled(label)).collect())
    }

    /// What an account still lacks of all that, or has in a weaker form, and would get for its password now.
    pub(crate) fn lacking(&self, account: &Account) -> Self {
        let is_weak = |verifier: &ScramVerifier| {
            verifier.iterations() < self.iterations || verifier.salt().len() < self.salt_len
        };
        let own = |hash| {
            let credential = account.scram(hash).filter(|(it, _)| it.label.is_empty());
            credential.map(|(_, verifier)| verifier)
        };
        let mut hashes = account.password_hashes().filter(|(it, _)| it.label.is_empty());
        let password = self.password.as_ref().filter(|policy| match hashes.next() {
            Some((_, hash)) => hash.is_weaker_than(policy),
            None => true,
        });
        Self {
            scram: self
                .scram
                .iter()
                .copied()
                .filter(|hash| own(*hash).is_none_or(is_weak))
                .collect(),
            password: password.copied(),
            ..*self
        }
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.scram.is_empty() && self.password.is_none()
    }

    /// What accounts that do not exist are answered from.
    pub(crate) fn decoy(&self, secret: Secret) -> Decoy {
        Decoy::new(secret, self.iterations, self.salt_len)
    }

    async fn verifier(
        &self,
        hasher: &Hasher,
        hash: Hash,
        password: &Password,
    ) -> Result<ScramVerifier, StoreError> {
        let salt = random(self.salt_len)?;
        let password = Secret::new(password.expose());
        hasher.scram(hash, password, salt, self.iterations).await
    }
}

/// The form of a password that verifiers and hashes are made of (RFC 4013, stored strings).
///
/// # Errors
///
/// [`StoreErrorKind::Invalid`] where it has forbidden characters, or nothing is left of it.
pub fn prepare_password(password: &Password) -> Result<Password, StoreError> {
    let invalid = |what: &str| StoreError::new(StoreErrorKind::Invalid, what);
    match prep::saslprep(password.expose(), Strings::Stored) {
        Ok(prepared) if prepared.is_empty() => Err(invalid("the password is empty")),
        Ok(prepared) => Ok(Password::new(prepared)),
        Err(error) => Err(invalid("the password can't be prepared").because(error)),
    }
}

/// Octets from the operating system.
pub(crate) fn random(len: usize) -> Result<Vec<u8>, StoreError> {
    let mut octets = vec![0; len];
    getrandom::fill(&mut octets).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "no randomness").because(error)
    })?;
    Ok(octets)
}
