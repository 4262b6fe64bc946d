//! A back end's answers, remembered for a while.
//!
//! What is looked up is remembered with and without an account; tokens that only the back end can check are not, for it
//! alone knows when they end. Passwords that only the back end can check are remembered only when asked:
//! see [`PasswordCache`].

mod outage;
mod passwords;
mod slot;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aiosasl::{
    driver::BoxFuture,
    identity::AuthenticationId,
    secret::{Password, Secret},
};
use quick_cache::sync::Cache as Bounded;
use tokio::time::Instant;

pub use self::passwords::PasswordCache;
use self::{
    outage::Outage,
    passwords::Passwords,
    slot::{Answer, Failed, OwnedKey, Slot},
};
use crate::{
    account::Account,
    backend::{Backend, Checked, Key},
    error::StoreError,
};

/// How long, and how much, a [`Cache`] remembers.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// How long an account is believed: as long as it may take until a change made elsewhere is noticed.
    pub found: Duration,
    /// How long it is believed that there is none.
    pub missing: Duration,
    /// How many answers are kept.
    pub entries: usize,
    /// While the back end is down: how old an account may be (since the back end said it) and still be believed.
    /// `None` is never. In the meantime nobody who was disabled there is kept out here.
    pub stale: Option<Duration>,
    /// Whether passwords that only the back end can check are remembered.
    pub passwords: Option<PasswordCache>,
}

impl Default for CacheOptions {
    /// One minute, ten seconds, 10,000 answers; nothing stale, no passwords.
    fn default() -> Self {
        Self {
            found: Duration::from_secs(60),
            missing: Duration::from_secs(10),
            entries: 10_000,
            stale: None,
            passwords: None,
        }
    }
}

/// A back end whose answers are remembered.
///
/// For one key the back end is asked once at a time; who asks meanwhile gets the same answer, or the same failure.
pub struct Cache {
    backend: Arc<dyn Backend>,
    options: CacheOptions,
    slots: Bounded<OwnedKey, Arc<Slot>>,
    passwords: Option<Passwords>,
    /// Counts what was forgotten, so that no answer that was under way then is kept.
    forgotten: AtomicU64,
    outage: Outage,
}

impl Cache {
    /// Remembers what this back end says.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`](crate::StoreErrorKind::Unavailable) where passwords are to be remembered, and the
    /// system has no randomness.
    pub fn new(backend: Arc<dyn Backend>, options: CacheOptions) -> Result<Self, StoreError> {
        let passwords = options.passwords.clone();
        Ok(Self {
            slots: Bounded::new(options.entries),
            passwords: passwords.map(|it| Passwords::new(it, options.entries)).transpose()?,
            backend,
            options,
            forgotten: AtomicU64::new(0),
            outage: Outage::default(),
        })
    }

    /// Forgets an account, by whatever it was looked up, and that there was none: for who has changed it.
    pub fn forget(&self, name: &AuthenticationId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.slots.retain(|key, slot| !slot.may_speak_of(key, name));
        if let Some(passwords) = &self.passwords {
            passwords.forget(name);
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.slots.clear();
        if let Some(passwords) = &self.passwords {
            passwords.clear();
        }
    }

    async fn look_up(&self, key: Key<'_>) -> Result<Option<Account>, StoreError> {
        let owned = OwnedKey::of(key);
        let since = Instant::now();
        let Ok(slot) =
            self.slots.get_or_insert_with(&owned, || Ok::<_, Infallible>(Arc::default()));
        let mut slot = slot.lock().await;
        let now = Instant::now();
        if let Some(known) = slot.fresh(now, &self.options) {
            return Ok(known.account.clone());
        }
        if let Some(failed) = slot.failed_after(since) {
            return self.stale(slot.stale(now, &self.options), failed);
        }
        if self.outage.is_recent(now) {
            if let Some((account, age)) = slot.stale(now, &self.options) {
                tell_stale(age);
                return Ok(Some(account));
            }
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        match self.backend.find(key).await {
            Ok(found) => {
                self.outage.is_over();
                let unchanged = forgotten == self.forgotten.load(Ordering::SeqCst);
                let answer = Answer { account: found.clone(), at: Instant::now() };
                slot.keep(unchanged.then_some(answer));
                Ok(found)
            }
            Err(error) => {
                let now = Instant::now();
                self.outage.note(&error, now);
                let failed = slot.fail(&error, now);
                self.stale(slot.stale(now, &self.options), failed)
            }
        }
    }

    /// An old answer where the back end is down, and the failure else.
    fn stale(
        &self,
        old: Option<(Account, Duration)>,
        failed: Failed,
    ) -> Result<Option<Account>, StoreError> {
        match old {
            Some((account, age)) if failed.is_down() => {
                tell_stale(age);
                Ok(Some(account))
            }
            _ => Err(failed.into_error()),
        }
    }

    async fn check(
        &self,
        name: &AuthenticationId,
        password: &Password,
    ) -> Result<Checked, StoreError> {
        let Some(passwords) = &self.passwords else {
            return self.backend.check_password(name, password).await;
        };
        let attempt = passwords.attempt(name, password).await?;
        let now = Instant::now();
        if let Some(identity) = attempt.accepted(now, passwords.lifetime()) {
            return Ok(Checked::Accepted(identity));
        }
        let old = self.options.stale.and_then(|limit| attempt.accepted(now, limit));
        if let (Some(identity), true) = (&old, self.outage.is_recent(now)) {
            tell_stale(attempt.age(now));
            return Ok(Checked::Accepted(identity.clone()));
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        match self.backend.check_password(name, password).await {
            Ok(checked) => {
                self.outage.is_over();
                let unchanged = forgotten == self.forgotten.load(Ordering::SeqCst);
                passwords.learn(name, attempt, checked.clone(), unchanged);
                Ok(checked)
            }
            Err(error) => {
                let now = Instant::now();
                self.outage.note(&error, now);
                match old {
                    Some(identity) if Failed::new(&error, now).is_down() => {
                        tell_stale(attempt.age(now));
                        Ok(Checked::Accepted(identity))
                    }
                    _ => Err(error),
                }
            }
        }
    }
}

fn tell_stale(age: Duration) {
    let age = age.as_secs();
    tracing::warn!(age, "the back end is down: answered with what it said this many seconds ago");
}

impl Backend for Cache {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(self.look_up(key))
    }

    fn check_password<'a>(
        &'a self,
        name: &'a AuthenticationId,
        password: &'a Password,
    ) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check(name, password))
    }

    fn check_token<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<Checked, StoreError>> {
        self.backend.check_token(token)
    }
}

#[cfg(test)]
mod tests;
