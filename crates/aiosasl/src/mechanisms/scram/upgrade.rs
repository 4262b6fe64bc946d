//! The upgrade of an account to another hash, after a login by any mechanism (XEP-0480 0.2): the client sends
//! `SaltedPassword`, of which the server makes the verifier.

use alloc::{boxed::Box, string::String};

use crate::{
    error::Reason,
    hash::{Hash, HashValue},
    mechanism::Rules,
    prep::Strings,
    query::{DeriveKeys, ScramVerifier},
    secret::{Password, Secret},
};

/// What an upgrade task's name begins with.
const PREFIX: &str = "UPGR-";

/// A task that a server offers: `UPGR-SCRAM-SHA-256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UpgradeTask {
    hash: Hash,
}

impl UpgradeTask {
    /// The upgrade to verifiers with this hash.
    pub fn new(hash: Hash) -> Self {
        Self { hash }
    }

    /// The task of this name, compared to the letter; `None` for others, and for hashes that this build does not have.
    pub fn parse(name: &str) -> Option<Self> {
        let scheme = name.strip_prefix(PREFIX)?;
        Hash::from_scheme(scheme).map(Self::new)
    }

    /// Its name.
    pub fn name(self) -> String {
        [PREFIX, self.hash.scheme()].concat()
    }

    /// The client's work: to be run like the one of a login; [`DeriveKeys::salted_password`] is what the server wants.
    ///
    /// # Errors
    ///
    /// [`Reason::IterationCountTooLow`] and [`Reason::IterationCountTooHigh`] where the rules forbid it, before any hashing;
    /// [`Reason::EmptySalt`]; [`Reason::PasswordPrepFailed`] and [`Reason::PasswordPrepEmpty`].
    pub fn derivation(
        self,
        password: &Password,
        salt: impl Into<Box<[u8]>>,
        iterations: u32,
        rules: &Rules,
    ) -> Result<DeriveKeys, Reason> {
        let salt = salt.into();
        if salt.is_empty() {
            return Err(Reason::EmptySalt);
        }
        if iterations < *rules.iterations.start() {
            return Err(Reason::IterationCountTooLow);
        }
        if iterations > *rules.iterations.end() {
            return Err(Reason::IterationCountTooHigh);
        }
        let prepared = rules.preparation.prepare(password.expose(), Strings::Stored);
        let prepared = prepared.map_err(|_| Reason::PasswordPrepFailed)?.into_owned();
        if prepared.is_empty() {
            return Err(Reason::PasswordPrepEmpty);
        }
        Ok(DeriveKeys::new(self.hash, Secret::new(prepared), salt, iterations))
    }

    /// The server's: the verifier of what the client sends; `None` where that is not as long as the hash.
    pub fn verifier(
        self,
        salted_password: &[u8],
        salt: impl Into<Box<[u8]>>,
        iterations: u32,
    ) -> Option<ScramVerifier> {
        let salted_password = HashValue::for_hash(self.hash, salted_password)?;
        Some(ScramVerifier::from_salted_password(self.hash, &salted_password, salt, iterations))
    }
}
