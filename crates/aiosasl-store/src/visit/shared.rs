//! What account and owner share, for mechanisms that no hash is enough for; secrets that are good for once; nonces.

use std::sync::{Mutex, PoisonError};

use aiosasl::query::{
    Answer, Freshness, NonceUse, Query, ReplaceSecret, Replaced, SecretForm, SharedSecret,
    StoredSecret,
};
use quick_cache::unsync::Cache;

use super::Visit;
use crate::{
    account::Account,
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    shared,
    timestamp::Timestamp,
};

/// How many nonces are remembered; the oldest are forgotten, and their owners log in the long way.
const NONCES: usize = 10_000;

/// The nonces that accounts came in by, and how often each was used.
pub(crate) struct Nonces(Mutex<Cache<(String, String), u32>>);

impl Default for Nonces {
    fn default() -> Self {
        Self(Mutex::new(Cache::new(NONCES)))
    }
}

impl Nonces {
    fn judge(&self, query: &NonceUse) -> Freshness {
        let key = (query.authentication_id().as_str().to_owned(), query.nonce().to_owned());
        // Each entry is whole at any time.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = known.get(&key).copied();
        let is_next = match (last, query.count()) {
            (None, count) => count == 1,
            (Some(last), count) => last.checked_add(1) == Some(count),
        };
        if !is_next {
            return Freshness::Stale;
        }
        known.insert(key, query.count());
        Freshness::Fresh
    }
}

impl Visit {
    pub(super) fn nonce_use(&self, query: NonceUse) -> Answer {
        let freshness = self.service.nonces.judge(&query);
        query.answer(freshness)
    }

    pub(super) async fn shared_secret(
        &self,
        query: SharedSecret,
    ) -> Result<Answer, (Query, StoreError)> {
        let Ok(name) = self.service.names.prepare(query.authentication_id().as_str()) else {
            self.note(query.authentication_id().clone(), None);
            return Ok(query.unknown(&self.service.decoy));
        };
        let query = query.for_account(name.clone());
        let found = match self.look_up(&name).await {
            Ok(found) => found,
            Err(error) => return Err((Query::SharedSecret(query), error)),
        };
        let secrets = found.account.as_ref().map(|account| secrets(account, query.form()));
        match secrets.as_deref() {
            Some([(credential, _), ..]) => self.note(name, Some((*credential).clone())),
            _ => self.note(name, None),
        }
        let secrets = secrets.into_iter().flatten().map(|(_, secret)| secret).collect::<Vec<_>>();
        Ok(match found.doom {
            _ if secrets.is_empty() => query.unknown(&self.service.decoy),
            Some(doom) => query.doomed(secrets, doom),
            None => query.answer(secrets),
        })
    }

    /// Replaces a secret in the one credential that has the old one, in one transaction.
    pub(super) async fn replace_secret(
        &self,
        query: ReplaceSecret,
    ) -> Result<Answer, (Query, StoreError)> {
        let Some(accounts) = &self.service.accounts else {
            let text = "a secret that is good for once needs a store that can be written to";
            let error = StoreError::new(StoreErrorKind::Unavailable, text);
            return Err((Query::ReplaceSecret(query), error));
        };
        let new = shared::SharedSecret::new(query.form().clone(), query.replacement().clone());
        let Some(new) = new else { return Ok(query.answer(Replaced::Unavailable)) };
        let edited = accounts.edit(
            query.authentication_id(),
            Box::new(|account| {
                let mut account = account.ok_or_else(raced)?;
                let old = account.credentials.iter_mut().find(|it| match &it.kind {
                    CredentialKind::Shared(it) => {
                        it.form() == query.form() && it.secret() == query.old()
                    }
                    _ => false,
                });
                old.ok_or_else(raced)?.kind = CredentialKind::Shared(new.clone());
                Ok(Some(account))
            }),
        );
        match edited.await {
            Ok(()) => {
                self.renote(CredentialKind::Shared(new));
                Ok(query.answer(Replaced::Done))
            }
            Err(error) if error.kind == StoreErrorKind::Missing => {
                Ok(query.answer(Replaced::Raced))
            }
            Err(error) => Err((Query::ReplaceSecret(query), error)),
        }
    }
}

/// Somebody else was faster.
fn raced() -> StoreError {
    StoreError::new(StoreErrorKind::Missing, "the secret was replaced in the meantime")
}

/// All that are good now, the account's own first.
fn secrets<'a>(account: &'a Account, form: &SecretForm) -> Vec<(&'a Credential, StoredSecret)> {
    let now = Timestamp::now();
    let mut found: Vec<_> = account
        .credentials
        .iter()
        .filter(|it| !it.is_expired(now))
        .filter_map(|it| Some((it, secret(&it.kind, form)?)))
        .collect();
    found.sort_by_key(|(it, _)| !it.label.is_empty());
    found
}

fn secret(kind: &CredentialKind, form: &SecretForm) -> Option<StoredSecret> {
    let takes_password =
        matches!(form, SecretForm::Password | SecretForm::DigestMd5 { .. } | SecretForm::NtHash);
    match kind {
        CredentialKind::Shared(it) if it.form() == form => {
            Some(StoredSecret::Form(it.secret().clone()))
        }
        CredentialKind::Password(hash) if takes_password => {
            hash.plain().map(StoredSecret::Password)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_each_count_once() {
        let nonces = Nonces::default();
        let judge = |name: &str, count| {
            nonces.judge(&NonceUse::new(name.try_into().unwrap(), "nonce", count))
        };
        assert_eq!(judge("user", 2), Freshness::Stale, "nobody was here with it");
        assert_eq!(judge("user", 1), Freshness::Fresh);
        assert_eq!(judge("user", 1), Freshness::Stale, "a replay");
        assert_eq!(judge("other", 2), Freshness::Stale, "it is another one's");
        assert_eq!(judge("user", 2), Freshness::Fresh);
        assert_eq!(judge("user", 2), Freshness::Stale, "a replay");
        assert_eq!(judge("user", 4), Freshness::Stale, "one is missing");
    }
}
