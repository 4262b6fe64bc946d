//! One connection's view of the service: it answers, and it remembers who was asked about until it hears the end.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiosasl::{
    driver::{self, Settled},
    error::FailureCode,
    identity::{AuthenticationId, AuthorizationId},
    message::Identity,
    query::{
        Answer, Authorization, Authorize, Doom, External, Query, ScramKeys, Verdict, VerifyPassword,
    },
    secret::Secret,
};

use crate::{
    account::Account,
    backend::{Checked, Key},
    credential::{Credential, CredentialKind},
    error::StoreError,
    service::{Anonymous, Service, Upgrades},
    timestamp::Timestamp,
    upgrade,
};

/// A [`driver::Store`] for one connection.
pub struct Visit {
    service: Arc<Service>,
    peer: Option<IpAddr>,
    seen: Mutex<Seen>,
}

/// What the exchange that runs has been about.
#[derive(Debug, Default)]
struct Seen {
    /// The account that was asked about, whether there is one or not.
    name: Option<AuthenticationId>,
    /// The credential by which somebody may come in.
    credential: Option<Credential>,
    /// Who came in by a back end that keeps no accounts.
    without_account: Option<AuthenticationId>,
}

impl Visit {
    pub(crate) fn new(service: Arc<Service>, peer: Option<IpAddr>) -> Self {
        Self { service, peer, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Each field is whole at any time.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn scram_keys(&self, query: ScramKeys) -> Result<Answer, (Query, StoreError)> {
        let Ok(name) = self.service.names.prepare(query.authentication_id().as_str()) else {
            self.note(query.authentication_id().clone(), None);
            return Ok(query.unknown(&self.service.decoy));
        };
        let query = query.for_account(name.clone());
        let found = match self.look_up(&name).await {
            Ok(found) => found,
            Err(error) => return Err((Query::ScramKeys(query), error)),
        };
        let now = Timestamp::now();
        let verifier = found.account.as_ref().and_then(|account| account.scram(query.hash()));
        let Some((credential, verifier)) = verifier else {
            self.note(name, None);
            return Ok(query.unknown(&self.service.decoy));
        };
        self.note(name, Some(credential.clone()));
        let verifier = verifier.clone();
        let expired = credential.is_expired(now).then_some(Doom::Expired);
        Ok(match found.doom.or(expired) {
            Some(doom) => query.doomed(verifier, doom),
            None => query.answer(verifier),
        })
    }

    async fn verify_password(&self, query: VerifyPassword) -> Result<Answer, (Query, StoreError)> {
        let name = match self.service.names.prepare(query.authentication_id().as_str()) {
            Ok(name) => name,
            // No account can have it, and that takes as long as any.
            Err(_) => query.authentication_id().clone(),
        };
        let query = query.for_account(name.clone());
        self.note(name.clone(), None);
        let verdict = match self.look_up(&name).await {
            Ok(Found { account: Some(account), doom }) => {
                self.try_account(&account, doom, &query).await
            }
            Ok(Found { account: None, doom }) => self.try_elsewhere(&name, doom, &query).await,
            Err(error) => Err(error),
        };
        match verdict {
            Ok(verdict) => Ok(query.answer(verdict)),
            Err(error) => Err((Query::VerifyPassword(query), error)),
        }
    }

    /// Tries the password against what the account has; every try does all of the work.
    async fn try_account(
        &self,
        account: &Account,
        doom: Option<Doom>,
        query: &VerifyPassword,
    ) -> Result<Verdict, StoreError> {
        let now = Timestamp::now();
        let hasher = &self.service.hasher;
        let mut right = None;
        let mut tried = false;
        for (credential, hash) in account.password_hashes() {
            tried = true;
            if hasher.verify(hash, query.password()).await? && right.is_none() {
                right = Some(credential);
            }
        }
        if !tried {
            match upgrade::any_verifier(account) {
                Some((credential, verifier)) => {
                    if hasher
                        .verify_scram(verifier, &Secret::new(query.password().expose()))
                        .await?
                    {
                        right = Some(credential);
                    }
                }
                None => self.work_for_nobody(query).await?,
            }
        }
        let Some(credential) = right else { return Ok(Verdict::Refused) };
        if let Some(doom) = doom {
            return Ok(Verdict::Doomed(doom));
        }
        if credential.is_expired(now) {
            return Ok(Verdict::Doomed(Doom::Expired));
        }
        self.note(account.name.clone(), Some(credential.clone()));
        if self.service.upgrades == Upgrades::On && credential.label.is_empty() {
            upgrade::upgrade(&self.service, account, credential, query.password()).await;
        }
        Ok(Verdict::Accepted)
    }

    /// Tries the password with back ends that keep no accounts; else takes the time that a wrong password takes.
    async fn try_elsewhere(
        &self,
        name: &AuthenticationId,
        doom: Option<Doom>,
        query: &VerifyPassword,
    ) -> Result<Verdict, StoreError> {
        let checked = match doom {
            None => self.service.backend.check_password(name, query.password()).await?,
            Some(_) => Checked::NotHere,
        };
        match checked {
            Checked::Accepted(name) => {
                self.seen().without_account = Some(name);
                Ok(Verdict::Accepted)
            }
            Checked::Refused => Ok(Verdict::Refused),
            Checked::NotHere => {
                self.work_for_nobody(query).await?;
                Ok(doom.map_or(Verdict::UnknownAccount, Verdict::Doomed))
            }
        }
    }

    /// The work that a wrong password costs, for an account that is not there.
    async fn work_for_nobody(&self, query: &VerifyPassword) -> Result<(), StoreError> {
        let service = &self.service;
        match (&service.policy.password, service.policy.scram.first()) {
            (Some(_), _) => service.hasher.verify_nobody(query.password()).await,
            (None, Some(hash)) => {
                let decoy = ScramKeys::new(query.authentication_id().clone(), *hash);
                match decoy.unknown(&service.decoy).scram_verifier() {
                    Ok((_, verifier, _)) => {
                        let password = Secret::new(query.password().expose());
                        service.hasher.verify_scram(&verifier, &password).await.map(drop)
                    }
                    Err(_) => Ok(()),
                }
            }
            (None, None) => Ok(()),
        }
    }

    async fn external(&self, query: External) -> Result<Answer, (Query, StoreError)> {
        let Some(vouched) = query.vouched().cloned() else { return Ok(query.answer(None)) };
        self.note(vouched.clone(), None);
        match self.certificate(&vouched).await {
            Ok(account) => {
                let account = account.filter(|account| account.doom(Timestamp::now()).is_none());
                Ok(query.answer(account.map(|account| account.name)))
            }
            Err(error) => Err((Query::External(query), error)),
        }
    }

    /// The account that a certificate's name is for: the one that says so, else the one of this name, where it names
    /// no certificates.
    async fn certificate(&self, name: &AuthenticationId) -> Result<Option<Account>, StoreError> {
        let service = &self.service;
        if let Some(account) = service.backend.find(Key::Certificate(name.as_str())).await? {
            let now = Timestamp::now();
            let credential = account.credentials.iter().find(|it| match &it.kind {
                CredentialKind::Certificate(own) => **own == *name.as_str() && !it.is_expired(now),
                _ => false,
            });
            let Some(credential) = credential else { return Ok(None) };
            self.note(account.name.clone(), Some(credential.clone()));
            return Ok(Some(account));
        }
        let Ok(name) = service.names.prepare(name.as_str()) else { return Ok(None) };
        let account = service.backend.find(Key::Name(&name)).await?;
        let names_others = |account: &Account| {
            account.credentials.iter().any(|it| matches!(it.kind, CredentialKind::Certificate(_)))
        };
        Ok(account.filter(|account| !names_others(account)))
    }

    async fn authorize(&self, query: Authorize) -> Result<Answer, (Query, StoreError)> {
        let identity = match query.identity() {
            Identity::Known(identity) => identity.clone(),
            Identity::Anonymous { .. } => {
                let welcome = self.service.anonymous == Anonymous::Welcome
                    && query.authorization_id().is_none();
                return Ok(query.answer(granted_if(welcome)));
            }
        };
        match self.service.backend.find(Key::Name(&identity)).await {
            Ok(Some(account)) => {
                let decision = self.decide(&account, query.authorization_id());
                Ok(query.answer(decision))
            }
            Ok(None) => {
                let vouched = self.seen().without_account.as_ref() == Some(&identity);
                let own = self.is_own(&identity, query.authorization_id());
                Ok(query.answer(granted_if(vouched && own)))
            }
            Err(error) => Err((Query::Authorize(query), error)),
        }
    }

    fn decide(&self, account: &Account, other: Option<&AuthorizationId>) -> Authorization {
        match (account.doom(Timestamp::now()), other) {
            (Some(Doom::Expired), _) => Authorization::Expired,
            (Some(_), _) => Authorization::Disabled,
            (None, other) if self.is_own(&account.name, other) => Authorization::Granted,
            (None, other) => granted_if(other.is_some_and(|other| account.may_act_as(other))),
        }
    }

    /// Whether somebody wants to be nobody else, however that is spelled.
    fn is_own(&self, name: &AuthenticationId, other: Option<&AuthorizationId>) -> bool {
        let Some(other) = other else { return true };
        other.as_str() == name.as_str()
            || self.service.names.prepare(other.as_str()).is_ok_and(|other| other == *name)
    }

    async fn look_up(&self, name: &AuthenticationId) -> Result<Found, StoreError> {
        let now = Timestamp::now();
        let throttled = match &self.service.throttle {
            Some(throttle) => throttle.judge(name, self.peer, now).await?,
            None => None,
        };
        let account = self.service.backend.find(Key::Name(name)).await?;
        let doom = throttled.or_else(|| account.as_ref().and_then(|account| account.doom(now)));
        Ok(Found { account, doom })
    }

    fn note(&self, name: AuthenticationId, credential: Option<Credential>) {
        *self.seen() = Seen { name: Some(name), credential, without_account: None };
    }

    async fn succeeded(&self, identity: &AuthenticationId, credential: Option<Credential>) {
        let now = Timestamp::now();
        if let Some(throttle) = &self.service.throttle {
            if let Err(error) = throttle.succeeded(identity, self.peer, now).await {
                tracing::warn!(%error, "a success could not be counted");
            }
        }
        let (Some(accounts), Some(credential)) = (&self.service.accounts, credential) else {
            return;
        };
        if upgrade::was_used_just_now(&credential, now) {
            return;
        }
        let (label, word) = credential.slot();
        if let Err(error) = accounts.used(identity, (label, &word), now).await {
            tracing::warn!(%error, "a credential's use could not be written down");
        }
    }

    async fn failed(&self, name: &AuthenticationId) {
        let Some(throttle) = &self.service.throttle else { return };
        match throttle.failed(name, self.peer, Timestamp::now()).await {
            Ok(delay) if delay.is_zero() => {}
            Ok(delay) => tokio::time::sleep(delay).await,
            Err(error) => tracing::warn!(%error, "a failure could not be counted"),
        }
    }
}

/// What there is of an account, and why it lets nobody in.
struct Found {
    account: Option<Account>,
    doom: Option<Doom>,
}

impl driver::Store for Visit {
    async fn answer(&self, query: Query) -> Answer {
        let answer = match query {
            Query::Authorize(query) => self.authorize(query).await,
            Query::External(query) => self.external(query).await,
            Query::ScramKeys(query) => self.scram_keys(query).await,
            Query::VerifyPassword(query) => self.verify_password(query).await,
            other => Ok(other.unavailable()),
        };
        answer.unwrap_or_else(|(query, error)| {
            tracing::error!(%error, "the account store can't answer");
            query.unavailable()
        })
    }

    async fn settle(&self, end: Settled<'_>) {
        let Seen { name, credential, .. } = std::mem::take(&mut *self.seen());
        match end.result {
            Ok(entrant) => {
                if let Some(identity) = entrant.identity.authentication_id() {
                    self.succeeded(identity, credential).await;
                }
            }
            Err(failure) if failure.code == FailureCode::InvalidCredentials => {
                if let Some(name) = name {
                    self.failed(&name).await;
                }
            }
            Err(_) => {}
        }
    }
}

fn granted_if(granted: bool) -> Authorization {
    if granted { Authorization::Granted } else { Authorization::Denied }
}
