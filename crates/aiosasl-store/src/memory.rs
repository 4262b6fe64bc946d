//! Accounts in memory: gone with the process.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aiosasl::{driver::BoxFuture, identity::AuthenticationId, secret::Secret};

use crate::{
    account::Account,
    backend::{Accounts, Backend, Conflict, Edit, Imported, Key, Settings},
    credential::CredentialKind,
    error::{StoreError, StoreErrorKind},
    name::NameRule,
    timestamp::Timestamp,
};

/// Accounts in memory: for tests, demonstrations, and as the model of what a back end does.
#[derive(Debug)]
pub struct Memory {
    settings: Settings,
    accounts: Mutex<BTreeMap<Box<str>, Account>>,
}

impl Memory {
    /// No accounts yet; `secret` is what decoys are made of, 32 random octets.
    pub fn new(secret: Secret, names: NameRule) -> Self {
        Self { settings: Settings { secret, names }, accounts: Mutex::default() }
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Account>> {
        // Every change is made whole, after all that can panic.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(&self, key: Key<'_>) -> Option<Account> {
        let accounts = self.accounts();
        let with = |kind: &dyn Fn(&CredentialKind) -> bool| {
            accounts.values().find(|it| it.credentials.iter().any(|it| kind(&it.kind)))
        };
        match key {
            Key::Certificate(name) => {
                with(&|kind| matches!(kind, CredentialKind::Certificate(it) if **it == *name))
            }
            Key::Name(name) => accounts.get(name.as_str()),
            Key::Token(digest) => {
                with(&|kind| matches!(kind, CredentialKind::Token(it) if it == digest))
            }
        }
        .cloned()
    }

    fn change(&self, name: &AuthenticationId, mut edit: Edit<'_>) -> Result<(), StoreError> {
        let mut accounts = self.accounts();
        match edit(accounts.get(name.as_str()).cloned())? {
            Some(account) => accounts.insert(name.as_str().into(), account),
            None => accounts.remove(name.as_str()),
        };
        Ok(())
    }

    fn take_in(&self, accounts: Vec<Account>, conflict: Conflict) -> Result<Imported, StoreError> {
        let mut kept = self.accounts();
        let mut next = kept.clone();
        let mut imported = Imported::default();
        for account in accounts {
            match (next.contains_key(account.name.as_str()), conflict) {
                (true, Conflict::Fail) => {
                    let text = format!("there is an account {:?}", account.name.as_str());
                    return Err(StoreError::new(StoreErrorKind::Exists, text));
                }
                (true, Conflict::Skip) => {
                    imported.skipped += 1;
                    continue;
                }
                (true, Conflict::Replace) => imported.replaced += 1,
                (false, _) => imported.added += 1,
            }
            next.insert(account.name.as_str().into(), account);
        }
        *kept = next;
        Ok(imported)
    }
}

impl Backend for Memory {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async move { Ok(self.look_up(key)) })
    }
}

impl Accounts for Memory {
    fn settings(&self) -> BoxFuture<'_, Result<Settings, StoreError>> {
        Box::pin(async { Ok(self.settings.clone()) })
    }

    fn edit<'a>(
        &'a self,
        name: &'a AuthenticationId,
        edit: Edit<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.change(name, edit) })
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a AuthenticationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Account>, StoreError>> {
        Box::pin(async move {
            let accounts = self.accounts();
            let later = accounts.iter().filter(|(name, _)| {
                after.is_none_or(|after| name.as_bytes() > after.as_str().as_bytes())
            });
            Ok(later.take(limit).map(|(_, account)| account.clone()).collect())
        })
    }

    fn import(
        &self,
        accounts: Vec<Account>,
        conflict: Conflict,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(async move { self.take_in(accounts, conflict) })
    }

    fn used<'a>(
        &'a self,
        name: &'a AuthenticationId,
        slot: (&'a str, &'a str),
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut accounts = self.accounts();
            let credentials = accounts.get_mut(name.as_str()).map(|it| &mut it.credentials);
            for credential in credentials.into_iter().flatten() {
                let (label, word) = credential.slot();
                if (label, word.as_str()) == slot {
                    credential.last_used = Some(at);
                }
            }
            Ok(())
        })
    }
}
