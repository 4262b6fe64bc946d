//! When credentials were used, until it is written: a login does not write the whole file.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::document::{Changes, Document};
use crate::{account::Account, error::StoreError, timestamp::Timestamp};

/// How long uses stay in memory alone.
const KEPT: Duration = Duration::from_secs(300);

/// When credentials were used, where the file does not say it yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses {
    of: HashMap<Box<str>, Vec<Use>>,
    since: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Use {
    label: Box<str>,
    word: Box<str>,
    at: Timestamp,
}

impl Uses {
    /// Takes a use down; whether it is time to write them.
    pub(super) fn note(&mut self, name: &str, (label, word): (&str, &str), at: Timestamp) -> bool {
        let uses = self.of.entry(name.into()).or_default();
        match uses.iter_mut().find(|it| (&*it.label, &*it.word) == (label, word)) {
            Some(known) => known.at = known.at.max(at),
            None => uses.push(Use { label: label.into(), word: word.into(), at }),
        }
        self.since.get_or_insert_with(Instant::now).elapsed() > KEPT
    }

    /// Forgets what has been written, but not what came since.
    pub(super) fn forget(&mut self, written: &Self) {
        self.of.retain(|name, uses| {
            let written = written.of.get(name);
            uses.retain(|it| !written.is_some_and(|written| written.contains(it)));
            !uses.is_empty()
        });
        self.since = (!self.of.is_empty()).then(Instant::now);
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Says in an account when its credentials were used.
    pub(super) fn apply(&self, account: &mut Account) {
        let Some(uses) = self.of.get(account.name.as_str()) else { return };
        for credential in &mut account.credentials {
            let slot = credential.slot();
            let known = uses.iter().find(|it| (&*it.label, &*it.word) == (slot.0, slot.1.as_str()));
            let at = known.map(|it| it.at);
            credential.last_used = credential.last_used.max(at);
        }
    }

    /// Adds those accounts to the changes that have been used, and don't change otherwise.
    pub(super) fn complete(
        &self,
        document: &Document,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        for name in self.of.keys().filter(|name| !changes.contains_key(*name)).collect::<Vec<_>>() {
            if let Some(mut account) = document.account(name)? {
                self.apply(&mut account);
                changes.insert(name.clone(), Some(account));
            }
        }
        Ok(())
    }
}
