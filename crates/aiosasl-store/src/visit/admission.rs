//! Who may come in, and as whom: the answers to `External` and `Authorize`.

use aiosasl::{
    identity::{AuthenticationId, AuthorizationId},
    message::Identity,
    query::{Answer, Authorization, Authorize, Doom, External, Query},
};

use super::Visit;
use crate::{
    account::Account, backend::Key, credential::CredentialKind, error::StoreError,
    service::Anonymous, timestamp::Timestamp,
};

impl Visit {
    pub(super) async fn external(&self, query: External) -> Result<Answer, (Query, StoreError)> {
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

    pub(super) async fn authorize(&self, query: Authorize) -> Result<Answer, (Query, StoreError)> {
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
}

fn granted_if(granted: bool) -> Authorization {
    if granted { Authorization::Granted } else { Authorization::Denied }
}
