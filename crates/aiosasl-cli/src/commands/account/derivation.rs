//! What a password becomes, as options: SCRAM verifiers, a password's hash.

use std::sync::Arc;

use aiosasl::{hash::Hash, secret::Password};
use aiosasl_store::{
    Credential, CredentialPolicy, HashPolicy, Hasher, StoreError, prepare_password,
};
use clap::Args;

use crate::{
    commands::verifier::hash_of, preparation::MAX_ITERATIONS, status::Failure, store::failure,
};

/// What a password becomes.
#[derive(Debug, Args)]
pub(super) struct DerivationOptions {
    /// A SCRAM verifier for this mechanism (repeatable), or none; default: for all that are built in
    #[arg(long, value_name = "NAME", value_parser = hash_or_none)]
    hash: Vec<OrNone<Hash>>,
    /// Their rounds of hashing
    #[arg(short, long, value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ITERATIONS)))]
    iterations: u32,
    /// A hash of this scheme for mechanisms that show the password, or none; costs may follow: ARGON2ID:m=19456,t=2,p=1
    #[arg(long, value_name = "SCHEME", default_value = "ARGON2ID", value_parser = scheme_or_none)]
    scheme: OrNone<HashPolicy>,
}

/// Something, or the word none.
#[derive(Debug, Clone, Copy)]
enum OrNone<T> {
    None,
    Some(T),
}

/// Makes credentials of passwords; its clones share what they work with.
#[derive(Clone)]
pub(super) struct Derivation(Arc<(CredentialPolicy, Hasher)>);

fn hash_or_none(text: &str) -> Result<OrNone<Hash>, String> {
    match text {
        "none" => Ok(OrNone::None),
        _ => hash_of(text).map(OrNone::Some),
    }
}

fn scheme_or_none(text: &str) -> Result<OrNone<HashPolicy>, String> {
    match text {
        "none" => Ok(OrNone::None),
        _ => text.parse().map(OrNone::Some).map_err(|error: StoreError| error.to_string()),
    }
}

impl DerivationOptions {
    /// What they say.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where they leave nothing.
    pub(super) fn derivation(&self) -> Result<Derivation, Failure> {
        let hashes: Vec<Hash> = self
            .hash
            .iter()
            .filter_map(|it| match it {
                OrNone::None => None,
                OrNone::Some(hash) => Some(*hash),
            })
            .collect();
        let policy = CredentialPolicy {
            scram: if self.hash.is_empty() { Hash::ALL.to_vec() } else { hashes },
            iterations: self.iterations,
            password: match self.scheme {
                OrNone::None => None,
                OrNone::Some(policy) => Some(policy),
            },
            ..CredentialPolicy::default()
        };
        if policy.scram.is_empty() && policy.password.is_none() {
            return Err(Failure::usage(
                "--hash none and --scheme none leave nothing to log in with",
            ));
        }
        if self.iterations < 4096 {
            anstream::eprintln!(
                "aiosasl: warning: fewer than 4096 iterations are weak (RFC 5802 section 5.1)"
            );
        }
        let hasher = Hasher::new(policy.password.unwrap_or_default());
        let hasher = hasher.map_err(|error| failure(&error))?;
        Ok(Derivation(Arc::new((policy, hasher))))
    }
}

impl Derivation {
    /// All that a password becomes, under this label.
    ///
    /// # Errors
    ///
    /// Those of [`prepare_password`] and [`CredentialPolicy::credentials`].
    pub(super) async fn credentials(
        &self,
        password: &Password,
        label: &str,
    ) -> Result<Vec<Credential>, StoreError> {
        let (policy, hasher) = &*self.0;
        policy.credentials(hasher, &prepare_password(password)?, label).await
    }
}
