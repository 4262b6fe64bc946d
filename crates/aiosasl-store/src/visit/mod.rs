//! One connection's view of the service: it answers, and it remembers who was asked about until it hears the end.

mod admission;
mod credentials;
mod shared;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiosasl::{
    driver::{self, Settled},
    error::FailureCode,
    identity::AuthenticationId,
    query::{Answer, Doom, Query},
};

use crate::{
    account::Account,
    backend::Key,
    credential::{Credential, CredentialKind},
    error::StoreError,
    service::Service,
    timestamp::Timestamp,
    upgrade,
};

pub(crate) use shared::Nonces;

/// A [`driver::Store`] for one connection.
pub struct Visit {
    service: Arc<Service>,
    peer: Option<IpAddr>,
    seen: Mutex<Seen>,
}

/// What the exchange that runs has been about.
#[derive(Debug, Default)]
struct Seen {
    /// The accounts that were asked about, whether there are any or not: mostly one.
    names: Vec<AuthenticationId>,
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
        let mut seen = self.seen();
        if !seen.names.contains(&name) {
            seen.names.push(name);
        }
        seen.credential = credential;
        seen.without_account = None;
    }

    /// The credential that was noted has become another one.
    fn renote(&self, kind: CredentialKind) {
        if let Some(credential) = &mut self.seen().credential {
            credential.kind = kind;
        }
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
            Query::NonceUse(query) => Ok(self.nonce_use(query)),
            Query::ReplaceSecret(query) => self.replace_secret(query).await,
            Query::ScramKeys(query) => self.scram_keys(query).await,
            Query::SharedSecret(query) => self.shared_secret(query).await,
            Query::VerifyPassword(query) => self.verify_password(query).await,
            Query::VerifyToken(query) => self.verify_token(query).await,
            other => Ok(other.unavailable()),
        };
        answer.unwrap_or_else(|(query, error)| {
            tracing::error!(%error, "the account store can't answer");
            query.unavailable()
        })
    }

    async fn settle(&self, end: Settled<'_>) {
        let Seen { names, credential, .. } = std::mem::take(&mut *self.seen());
        match end.result {
            Ok(entrant) => {
                if let Some(identity) = entrant.identity.authentication_id() {
                    self.succeeded(identity, credential).await;
                }
            }
            Err(failure) if failure.code == FailureCode::InvalidCredentials => {
                for name in &names {
                    self.failed(name).await;
                }
            }
            Err(_) => {}
        }
    }
}
