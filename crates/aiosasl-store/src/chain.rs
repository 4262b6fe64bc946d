//! Several back ends as one: each is asked in its turn, until one of them knows.

use std::sync::Arc;

use aiosasl::{
    driver::BoxFuture,
    identity::AuthenticationId,
    secret::{Password, Secret},
};

use crate::{
    account::Account,
    backend::{Backend, Checked, Key},
    error::{StoreError, StoreErrorKind},
};

/// Back ends in order.
///
/// An account hides those of the same name further down, whatever they were looked up by: a certificate or a token of
/// an account that is hidden leads nowhere.
#[derive(Default)]
pub struct Chain {
    links: Vec<Link>,
}

/// A back end in a [`Chain`].
pub struct Link {
    /// What logs call it.
    pub name: Box<str>,
    /// Who is asked.
    pub backend: Arc<dyn Backend>,
    /// What happens while it fails.
    pub on_failure: OnFailure,
}

/// What happens where a back end of a [`Chain`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnFailure {
    /// Nobody can tell: who is further down might be somebody else of the same name.
    #[default]
    Fail,
    /// The next one is asked, as if this one knew nobody: its accounts hide none while it is down.
    GoOn,
}

impl Chain {
    /// No back ends yet, which know nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with one more at the end; where it fails, the chain fails.
    pub fn then(self, name: &str, backend: Arc<dyn Backend>) -> Self {
        self.with(Link { name: name.into(), backend, on_failure: OnFailure::Fail })
    }

    /// The same, with one more at the end.
    pub fn with(mut self, link: Link) -> Self {
        self.links.push(link);
        self
    }

    async fn look_up(&self, key: Key<'_>) -> Result<Option<Account>, StoreError> {
        for (at, link) in self.links.iter().enumerate() {
            let Some(account) = link.tolerate(link.backend.find(key).await)?.flatten() else {
                continue;
            };
            let named = matches!(key, Key::Name(name) if *name == account.name);
            if !named && self.hides(at, &account.name).await? {
                continue;
            }
            tracing::debug!(backend = &*link.name, "an account was found");
            return Ok(Some(account));
        }
        Ok(None)
    }

    async fn check_with<'a>(
        &'a self,
        ask: impl Fn(&'a dyn Backend) -> BoxFuture<'a, Result<Checked, StoreError>>,
    ) -> Result<Checked, StoreError> {
        for (at, link) in self.links.iter().enumerate() {
            let checked = link.tolerate(ask(&*link.backend).await)?.unwrap_or(Checked::NotHere);
            if checked == Checked::NotHere {
                continue;
            }
            tracing::debug!(backend = &*link.name, "a credential was checked");
            if let Checked::Accepted(name) = &checked {
                if self.hides(at, name).await? {
                    tracing::warn!(backend = &*link.name, "the account is hidden by one above");
                    return Ok(Checked::Refused);
                }
            }
            return Ok(checked);
        }
        Ok(Checked::NotHere)
    }

    /// Whether somebody above has an account of this name.
    async fn hides(&self, below: usize, name: &AuthenticationId) -> Result<bool, StoreError> {
        for link in self.links.iter().take(below) {
            let found = link.tolerate(link.backend.find(Key::Name(name)).await)?;
            if found.flatten().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Link {
    /// What a back end said; `None` where it failed and may.
    fn tolerate<T>(&self, said: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match (said, self.on_failure) {
            (Ok(said), _) => Ok(Some(said)),
            (Err(error), OnFailure::GoOn) => {
                tracing::warn!(backend = &*self.name, %error, "a back end failed, and is left out");
                Ok(None)
            }
            (Err(error), OnFailure::Fail) => {
                tracing::warn!(backend = &*self.name, %error, "a back end failed");
                let text = format!("the back end {} failed", self.name);
                Err(StoreError::new(StoreErrorKind::Unavailable, text).because(error))
            }
        }
    }
}

impl Backend for Chain {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(self.look_up(key))
    }

    fn check_password<'a>(
        &'a self,
        name: &'a AuthenticationId,
        password: &'a Password,
    ) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check_with(move |backend| backend.check_password(name, password)))
    }

    fn check_token<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check_with(move |backend| backend.check_token(token)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Scripted, account, id};
    use crate::{Credential, CredentialKind};

    fn failing() -> Arc<Scripted> {
        let backend = Scripted::new([]);
        backend.fail(true);
        Arc::new(backend)
    }

    fn certified(name: &str, certificate: &str) -> Account {
        let mut account = account(name);
        account.put(Credential::new(CredentialKind::Certificate(certificate.into())));
        account
    }

    #[tokio::test]
    async fn the_first_that_has_the_account_answers() {
        let mut above = account("user");
        above.expires = Some(crate::Timestamp::from_unix(1));
        let chain = Chain::new()
            .then("above", Arc::new(Scripted::new([above.clone()])))
            .then("below", Arc::new(Scripted::new([account("user"), account("other")])));
        assert_eq!(chain.find(Key::Name(&id("user"))).await.unwrap(), Some(above));
        assert_eq!(chain.find(Key::Name(&id("other"))).await.unwrap(), Some(account("other")));
        assert_eq!(chain.find(Key::Name(&id("nobody"))).await.unwrap(), None);
        assert_eq!(Chain::new().find(Key::Name(&id("user"))).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_back_end_that_fails_stops_the_chain_unless_it_may() {
        let below = || Arc::new(Scripted::new([account("user")]).knowing("user", "pencil"));
        let strict = Chain::new().then("directory", failing()).then("below", below());
        let error = strict.find(Key::Name(&id("user"))).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("the back end directory failed"), "{error}");
        let checked = strict.check_password(&id("user"), &"pencil".into()).await;
        assert_eq!(checked.unwrap_err().kind, StoreErrorKind::Unavailable);

        let link =
            Link { name: "directory".into(), backend: failing(), on_failure: OnFailure::GoOn };
        let lenient = Chain::new().with(link).then("below", below());
        assert!(lenient.find(Key::Name(&id("user"))).await.unwrap().is_some());
        let checked = lenient.check_password(&id("user"), &"pencil".into()).await;
        assert_eq!(checked.unwrap(), Checked::Accepted(id("user")));
    }

    #[tokio::test]
    async fn who_is_found_above_is_not_asked_for_below() {
        let below = Arc::new(Scripted::new([account("user")]));
        let chain = Chain::new()
            .then("above", Arc::new(Scripted::new([account("user")])))
            .then("below", below.clone());
        chain.find(Key::Name(&id("user"))).await.unwrap();
        assert_eq!(below.asked(), 0);
    }

    #[tokio::test]
    async fn a_certificate_of_a_hidden_account_leads_nowhere() {
        let below = Arc::new(Scripted::new([
            certified("hidden", "CN=hidden"),
            certified("open", "CN=open"),
        ]));
        let chain = Chain::new()
            .then("above", Arc::new(Scripted::new([account("hidden")])))
            .then("below", below);
        assert_eq!(chain.find(Key::Certificate("CN=hidden")).await.unwrap(), None);
        let open = chain.find(Key::Certificate("CN=open")).await.unwrap();
        assert_eq!(open.unwrap().name, id("open"));
    }

    #[tokio::test]
    async fn a_password_is_checked_by_the_first_that_knows_the_name_and_never_for_a_hidden_account()
    {
        let checks = |name, password| Arc::new(Scripted::new([]).knowing(name, password));
        let chain = Chain::new()
            .then("first", checks("user", "first"))
            .then("second", checks("user", "second"))
            .then("accounts", Arc::new(Scripted::new([account("hidden")])))
            .then("third", checks("hidden", "third"))
            .then("fourth", checks("other", "fourth"));
        for (name, password, expected) in [
            ("user", "first", Checked::Accepted(id("user"))),
            ("user", "second", Checked::Refused),
            ("hidden", "third", Checked::Refused),
            ("other", "fourth", Checked::Accepted(id("other"))),
            ("nobody", "fourth", Checked::NotHere),
        ] {
            let checked = chain.check_password(&id(name), &password.into()).await.unwrap();
            assert_eq!(checked, expected, "{name} {password}");
        }
        let token = chain.check_token(&Secret::new(*b"token")).await.unwrap();
        assert_eq!(token, Checked::NotHere);
    }
}
