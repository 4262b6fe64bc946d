//! What is proven, against what the account has: verifiers, passwords, tokens; and the same work where there is no account.

use aiosasl::{
    identity::AuthenticationId,
    query::{Answer, Doom, Query, ScramKeys, TokenVerdict, Verdict, VerifyPassword, VerifyToken},
    secret::Secret,
};

use super::{Found, Visit};
use crate::{
    account::Account,
    backend::{Checked, Key},
    credential::{CredentialKind, TokenDigest},
    error::StoreError,
    service::Upgrades,
    timestamp::Timestamp,
    upgrade,
};

impl Visit {
    pub(super) async fn scram_keys(&self, query: ScramKeys) -> Result<Answer, (Query, StoreError)> {
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

    pub(super) async fn verify_password(
        &self,
        query: VerifyPassword,
    ) -> Result<Answer, (Query, StoreError)> {
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

    pub(super) async fn verify_token(
        &self,
        query: VerifyToken,
    ) -> Result<Answer, (Query, StoreError)> {
        if let Some(name) = query.claimed() {
            let prepared = self.service.names.prepare(name.as_str());
            self.seen().names.extend(prepared);
        }
        match self.try_token(query.token()).await {
            Ok(verdict) => Ok(query.answer(verdict)),
            Err(error) => Err((Query::VerifyToken(query), error)),
        }
    }

    /// Tries a token: one that an account has, else with back ends that know tokens.
    async fn try_token(&self, token: &Secret) -> Result<TokenVerdict, StoreError> {
        let digest = TokenDigest::of(token);
        let now = Timestamp::now();
        let Some(account) = self.service.backend.find(Key::Token(&digest)).await? else {
            return self.try_token_elsewhere(token).await;
        };
        let found = self.look_up(&account.name).await?;
        let own = account.credentials.iter().find(|it| it.kind == CredentialKind::Token(digest));
        let Some(credential) = own else { return Ok(TokenVerdict::Refused) };
        let expired = credential.is_expired(now).then_some(Doom::Expired);
        self.note(account.name.clone(), Some(credential.clone()));
        Ok(match found.doom.or(expired) {
            Some(doom) => TokenVerdict::Doomed(doom),
            None => TokenVerdict::Accepted(account.name),
        })
    }

    async fn try_token_elsewhere(&self, token: &Secret) -> Result<TokenVerdict, StoreError> {
        let Checked::Accepted(name) = self.service.backend.check_token(token).await? else {
            return Ok(TokenVerdict::Refused);
        };
        // An account of that name, if there is one, has its say in it.
        let Found { doom, .. } = self.look_up(&name).await?;
        self.note(name.clone(), None);
        self.seen().without_account = Some(name.clone());
        Ok(doom.map_or(TokenVerdict::Accepted(name), TokenVerdict::Doomed))
    }
}
