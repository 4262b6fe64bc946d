//! What is remembered under one key, and the queue of those who want to know it.

use std::time::Duration;

use aiosasl::identity::AuthenticationId;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use super::CacheOptions;
use crate::{
    account::Account,
    backend::Key,
    error::{StoreError, StoreErrorKind},
};

/// A [`Key`] that lasts.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum OwnedKey {
    Certificate(Box<str>),
    Name(Box<str>),
    Token([u8; 32]),
}

/// The place of one key. Who holds its lock asks the back end; all others wait for the answer.
#[derive(Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    answer: Option<Answer>,
    failed: Option<Failed>,
}

/// What the back end said, and when.
pub(super) struct Answer {
    pub(super) account: Option<Account>,
    pub(super) at: Instant,
}

/// How the back end failed last.
#[derive(Clone)]
pub(super) struct Failed {
    at: Instant,
    kind: StoreErrorKind,
    text: Box<str>,
}

impl OwnedKey {
    pub(super) fn of(key: Key<'_>) -> Self {
        match key {
            Key::Certificate(name) => Self::Certificate(name.into()),
            Key::Name(name) => Self::Name(name.as_str().into()),
            Key::Token(digest) => Self::Token(*digest.as_bytes()),
        }
    }
}

impl Slot {
    pub(super) async fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().await
    }

    /// Whether a change of this account may change what is here.
    pub(super) fn may_speak_of(&self, key: &OwnedKey, name: &AuthenticationId) -> bool {
        if let OwnedKey::Name(it) = key {
            return **it == *name.as_str();
        }
        let Ok(state) = self.0.try_lock() else { return true };
        // One that nobody had may be this account's from now on.
        let others = |it: &Answer| it.account.as_ref().is_some_and(|it| it.name != *name);
        !state.answer.as_ref().is_none_or(others)
    }
}

impl State {
    /// The answer, where it may still be believed.
    pub(super) fn fresh(&self, now: Instant, options: &CacheOptions) -> Option<&Answer> {
        let answer = self.answer.as_ref()?;
        let lifetime = if answer.account.is_some() { options.found } else { options.missing };
        (now.duration_since(answer.at) < lifetime).then_some(answer)
    }

    /// The account and its age, where that will do while the back end is down. That there was none will not: there may
    /// be one by now, and it might have to hide another.
    pub(super) fn stale(
        &self,
        now: Instant,
        options: &CacheOptions,
    ) -> Option<(Account, Duration)> {
        let Answer { account, at } = self.answer.as_ref()?;
        let age = now.duration_since(*at);
        let account = account.clone().filter(|_| options.stale.is_some_and(|limit| age < limit))?;
        Some((account, age))
    }

    /// The failure that came while one was waiting since then.
    pub(super) fn failed_after(&self, since: Instant) -> Option<Failed> {
        self.failed.clone().filter(|it| it.at > since)
    }

    /// Keeps an answer, or forgets the one that is here.
    pub(super) fn keep(&mut self, answer: Option<Answer>) {
        self.answer = answer;
        self.failed = None;
    }

    pub(super) fn fail(&mut self, error: &StoreError, now: Instant) -> Failed {
        let failed = Failed::new(error, now);
        self.failed = Some(failed.clone());
        failed
    }
}

impl Failed {
    pub(super) fn new(error: &StoreError, at: Instant) -> Self {
        Self { at, kind: error.kind, text: error.to_string().into() }
    }

    pub(super) fn is_down(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable
    }

    pub(super) fn into_error(self) -> StoreError {
        StoreError::new(self.kind, self.text)
    }
}
