//! Accounts in an LDAP directory (RFC 4511), which is read and never written.
//!
//! In one of two ways: [`Passwords::Fetch`] reads hashes and verifiers from the entry, so that SCRAM works as well;
//! [`Passwords::Bind`] lets the directory check the password, which works for PLAIN and LOGIN alone.
//!
//! A name is looked for by the filter, but it is the entry's own name, spelled by the [`NameRule`](crate::NameRule),
//! that has to be the one that was asked for: a directory that takes `USER` for `user` would else give one person many
//! names. Where more than one entry answers to a name, nobody gets in by it.

mod connection;
mod entry;
mod filter;
mod options;

use std::future::Future;

use aiosasl::{driver::BoxFuture, identity::AuthenticationId, secret::Password};
use tokio::{task::JoinSet, time};

pub use self::options::{
    Attributes, Cleartext, Expiry, ExpiryForm, Flag, Login, Options, Passwords, Scope, Security,
};
use self::{
    connection::{Directory, Found, Verdict},
    entry::Reader,
    filter::Filter,
};
use crate::{
    account::{Account, AccountState},
    backend::{Backend, Checked, Key},
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

/// An LDAP directory; cheap connections are kept, broken ones made anew.
pub struct Ldap {
    directory: Directory,
    reader: Reader,
    names: Filter,
    certificates: Option<Filter>,
    passwords: Passwords,
}

impl Ldap {
    /// A directory, which is not asked for anything yet.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], where the options contradict each other, or the filter is none.
    pub fn new(options: Options) -> Result<Self, StoreError> {
        let names = Filter::parse(&options.filter)?;
        let certificates = options.attributes.certificates.as_deref();
        Ok(Self {
            certificates: certificates.map(|it| names.with_attribute(it)).transpose()?,
            names,
            passwords: options.passwords,
            reader: Reader::new(&options)?,
            directory: Directory::new(options)?,
        })
    }

    async fn look_up(&self, key: Key<'_>) -> Result<Option<Account>, StoreError> {
        match (self.passwords, key) {
            // Who is found here could not be checked by its password.
            (Passwords::Bind, Key::Name(_)) | (_, Key::Token(_)) => Ok(None),
            (Passwords::Fetch, Key::Name(name)) => self.by_name(name).await,
            (_, Key::Certificate(name)) => self.by_certificate(name).await,
        }
    }

    async fn by_name(&self, name: &AuthenticationId) -> Result<Option<Account>, StoreError> {
        Ok(match self.search(self.names.of(name.as_str())).await? {
            Found::One(entry) if self.reader.is_named(&entry, name) => {
                Some(self.reader.account(&entry, name.clone()))
            }
            Found::None | Found::One(_) => None,
            Found::Several => {
                tell_several();
                // Whoever it is, nobody gets in, and nobody of that name further down a chain either.
                let mut nobody = Account::new(name.clone());
                nobody.state = AccountState::Disabled;
                Some(nobody)
            }
        })
    }

    async fn by_certificate(&self, certificate: &str) -> Result<Option<Account>, StoreError> {
        let Some(filter) = &self.certificates else { return Ok(None) };
        Ok(match self.search(filter.of(certificate)).await? {
            Found::One(entry) if self.reader.has_certificate(&entry, certificate) => {
                let name = self.reader.only_name(&entry);
                name.map(|name| self.reader.account(&entry, name))
            }
            Found::None | Found::One(_) => None,
            Found::Several => {
                tell_several();
                None
            }
        })
    }

    async fn check(
        &self,
        name: &AuthenticationId,
        password: &Password,
    ) -> Result<Checked, StoreError> {
        if self.passwords != Passwords::Bind {
            return Ok(Checked::NotHere);
        }
        let entry = match self.search(self.names.of(name.as_str())).await? {
            Found::One(entry) if self.reader.is_named(&entry, name) => entry,
            Found::None | Found::One(_) => return Ok(Checked::NotHere),
            Found::Several => {
                tell_several();
                return Ok(Checked::Refused);
            }
        };
        // Without a password, a bind succeeds and proves nothing (RFC 4513 section 5.1.2).
        if password.expose().is_empty() || entry.dn().is_empty() {
            return Ok(Checked::Refused);
        }
        let verdict = self.bind(entry.dn(), password).await?;
        // Judged after the bind, so that it takes as long as any other refusal.
        let account = self.reader.account(&entry, name.clone());
        Ok(match (verdict, account.doom(Timestamp::now())) {
            (Verdict::Accepted, None) => Checked::Accepted(account.name),
            (Verdict::Accepted, Some(doom)) => {
                tracing::info!(reason = ?doom, "the password was right, and the account is not");
                Checked::Refused
            }
            (Verdict::Refused, _) => Checked::Refused,
        })
    }

    async fn search(&self, filter: String) -> Result<Found, StoreError> {
        let directory = self.directory.clone();
        let attributes = self.reader.wanted().to_vec();
        self.bounded(async move { directory.search(&filter, &attributes).await }).await
    }

    async fn bind(&self, dn: &str, password: &Password) -> Result<Verdict, StoreError> {
        let directory = self.directory.clone();
        let (dn, password) = (dn.to_owned(), password.clone());
        self.bounded(async move { directory.bind(&dn, &password).await }).await
    }

    /// Works on a task of its own, which ends with its time or with its caller: the LDAP library panics where a server
    /// says what it can't read.
    async fn bounded<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let limit = self.directory.time_limit();
        let down = |text: String| StoreError::new(StoreErrorKind::Unavailable, text);
        let mut task = JoinSet::new();
        task.spawn(work);
        match time::timeout(limit, task.join_next()).await {
            Ok(Some(Ok(result))) => result,
            Ok(Some(Err(error))) => {
                Err(down("expected LDAP from the directory".into()).because(error))
            }
            Ok(None) | Err(_) => {
                let seconds = limit.as_secs_f64();
                Err(down(format!("the directory did not answer within {seconds} seconds")))
            }
        }
    }
}

fn tell_several() {
    tracing::warn!(
        "more than one entry of the directory answers to one name: nobody gets in by it"
    );
}

impl Backend for Ldap {
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
}
