//! Passwords that the back end has accepted, as slow, keyed digests.

use std::{sync::Arc, thread, time::Duration};

use aiosasl::{
    hash::{Hash, HashValue},
    identity::AuthenticationId,
    query::DeriveKeys,
    secret::{Password, Secret},
};
use quick_cache::sync::Cache as Bounded;
use tokio::{sync::Semaphore, task, time::Instant};
use zeroize::Zeroizing;

use crate::{
    backend::Checked,
    error::{StoreError, StoreErrorKind},
};

const SALT: usize = 16;

/// How passwords are remembered that only the back end can check.
///
/// Think before you ask for it. Of an accepted password a digest is kept: PBKDF2 with HMAC-SHA-512, a salt for each
/// account, and a secret that is made when the process starts and is written nowhere. Who reads the process's memory has
/// the secret, too, and can then guess passwords at PBKDF2's pace, of the accounts that came in within the lifetime,
/// although the directory has given no hash away. And a password that was changed there is accepted here until the
/// lifetime is over.
///
/// Each attempt costs the derivation, also for names that nobody has: what is remembered cannot be told by the time.
#[derive(Debug, Clone)]
pub struct PasswordCache {
    /// How long an accepted password is believed.
    pub lifetime: Duration,
    /// PBKDF2's iterations: 210,000 take some tenths of a second.
    pub iterations: u32,
}

impl Default for PasswordCache {
    /// One minute, 210,000 iterations.
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(60), iterations: 210_000 }
    }
}

/// What is remembered.
pub(super) struct Passwords {
    options: PasswordCache,
    secret: Secret,
    kept: Bounded<Box<str>, Arc<Kept>>,
    /// Derivations at once: no more than there are processors.
    turns: Arc<Semaphore>,
}

/// An accepted password.
struct Kept {
    salt: [u8; SALT],
    digest: HashValue,
    identity: AuthenticationId,
    at: Instant,
}

/// A password that somebody tries, digested, beside the one that was accepted before.
pub(super) struct Attempt {
    salt: [u8; SALT],
    digest: HashValue,
    matching: Option<Arc<Kept>>,
}

impl Passwords {
    pub(super) fn new(options: PasswordCache, entries: usize) -> Result<Self, StoreError> {
        let mut secret = Zeroizing::new([0; 32]);
        random(&mut *secret)?;
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            options,
            secret: Secret::new(*secret),
            kept: Bounded::new(entries),
            turns: Arc::new(Semaphore::new(processors)),
        })
    }

    pub(super) fn lifetime(&self) -> Duration {
        self.options.lifetime
    }

    pub(super) fn forget(&self, name: &AuthenticationId) {
        self.kept.retain(|key, kept| **key != *name.as_str() && kept.identity != *name);
    }

    pub(super) fn clear(&self) {
        self.kept.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Digests a password; the work is the same whether anything is remembered or not.
    pub(super) async fn attempt(
        &self,
        name: &AuthenticationId,
        password: &Password,
    ) -> Result<Attempt, StoreError> {
        let kept = self.kept.get(name.as_str());
        let mut salt = [0; SALT];
        match &kept {
            Some(kept) => salt = kept.salt,
            None => random(&mut salt)?,
        }
        let digest = self.digest(password, salt).await?;
        let matching = kept.filter(|kept| kept.digest == digest);
        Ok(Attempt { salt, digest, matching })
    }

    /// Takes to heart what the back end said of an attempt.
    pub(super) fn learn(
        &self,
        name: &AuthenticationId,
        attempt: Attempt,
        checked: Checked,
        unchanged: bool,
    ) {
        match checked {
            Checked::Accepted(identity) if unchanged => {
                let Attempt { salt, digest, .. } = attempt;
                let kept = Kept { salt, digest, identity, at: Instant::now() };
                self.kept.insert(name.as_str().into(), Arc::new(kept));
            }
            // What was right once is so no longer.
            Checked::NotHere | Checked::Refused if attempt.matching.is_some() => {
                self.kept.remove(name.as_str());
            }
            Checked::Accepted(_) | Checked::NotHere | Checked::Refused => {}
        }
    }

    async fn digest(&self, password: &Password, salt: [u8; SALT]) -> Result<HashValue, StoreError> {
        let lost = || StoreError::new(StoreErrorKind::Unavailable, "the digest was cut short");
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| lost())?;
        let password = Secret::new(password.expose().as_bytes());
        let salt = [self.secret.expose(), &salt].concat();
        let job = DeriveKeys::new(Hash::Sha512, password, salt, self.options.iterations.max(1));
        let work = task::spawn_blocking(move || {
            let digest = job.salted_password();
            drop(turn);
            digest
        });
        work.await.map_err(|error| lost().because(error))
    }
}

impl Attempt {
    /// Whose password it is, where it was accepted no longer ago than this.
    pub(super) fn accepted(&self, now: Instant, limit: Duration) -> Option<AuthenticationId> {
        let kept = self.matching.as_ref().filter(|_| self.age(now) < limit)?;
        Some(kept.identity.clone())
    }

    /// How long ago it was accepted.
    pub(super) fn age(&self, now: Instant) -> Duration {
        self.matching.as_ref().map_or(Duration::MAX, |kept| now.duration_since(kept.at))
    }
}

fn random(octets: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(octets).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "the system has no randomness").because(error)
    })
}
