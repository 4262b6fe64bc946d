//! What a place for accounts can do: the two traits that every back end has, or has one of.

use aiosasl::{
    driver::BoxFuture,
    identity::AuthenticationId,
    secret::{Password, Secret},
};

use crate::{
    account::Account, credential::TokenDigest, error::StoreError, name::NameRule,
    timestamp::Timestamp,
};

/// A place where accounts can be looked up, or somebody who knows them.
///
/// Nothing here decides: what is found is judged by the [`Service`](crate::Service).
pub trait Backend: Send + Sync {
    /// The account, or `None` where there is none.
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>>;

    /// Tries a password that only the back end can check (an LDAP bind, PAM); asked where [`find`](Self::find) finds
    /// no account. By itself it leaves that to others.
    fn check_password<'a>(
        &'a self,
        name: &'a AuthenticationId,
        password: &'a Password,
    ) -> BoxFuture<'a, Result<Checked, StoreError>> {
        let _ = (name, password);
        Box::pin(async { Ok(Checked::NotHere) })
    }

    /// Tries a token that only the back end can check (a JWT, introspection); asked where [`find`](Self::find) finds
    /// no account. By itself it leaves that to others.
    fn check_token<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<Checked, StoreError>> {
        let _ = token;
        Box::pin(async { Ok(Checked::NotHere) })
    }
}

/// What an account is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key<'a> {
    /// The name that a verified TLS certificate says.
    Certificate(&'a str),
    /// Its name, prepared.
    Name(&'a AuthenticationId),
    /// A token's digest.
    Token(&'a TokenDigest),
}

/// What a back end says of a credential that only it can check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checked {
    /// It is right, and this is whose it is.
    Accepted(AuthenticationId),
    /// The back end does not check such things, or knows nobody of the name.
    NotHere,
    /// It is wrong.
    Refused,
}

/// A place where accounts can be kept.
pub trait Accounts: Backend {
    /// What holds for all of them; made when the store is.
    fn settings(&self) -> BoxFuture<'_, Result<Settings, StoreError>>;

    /// Changes one account, whole or not at all: `edit` gets what there is, and says what there is to be; `None` is for
    /// no account. What it returns keeps the name. It may be called again, where another change came first.
    fn edit<'a>(
        &'a self,
        name: &'a AuthenticationId,
        edit: Edit<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// At most `limit` accounts in the order of their names (by octets), those after `after`.
    fn page<'a>(
        &'a self,
        after: Option<&'a AuthenticationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Account>, StoreError>>;

    /// Takes many accounts in, in one transaction: all of them or none.
    fn import(
        &self,
        accounts: Vec<Account>,
        conflict: Conflict,
    ) -> BoxFuture<'_, Result<Imported, StoreError>>;

    /// Writes down that somebody came in by the credential with this slot. May be lost in a crash.
    fn used<'a>(
        &'a self,
        name: &'a AuthenticationId,
        slot: (&'a str, &'a str),
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// A change of one account.
pub type Edit<'a> =
    Box<dyn FnMut(Option<Account>) -> Result<Option<Account>, StoreError> + Send + 'a>;

/// What holds for all accounts of a store.
#[derive(Debug, Clone)]
pub struct Settings {
    /// 32 random octets, of which decoys are made: the same on every node and after every restart.
    pub secret: Secret,
    /// How names are spelled.
    pub names: NameRule,
}

/// What to do with an account whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Conflict {
    /// Stop, with [`StoreErrorKind::Exists`](crate::StoreErrorKind::Exists), and take nothing in.
    #[default]
    Fail,
    /// The new one takes its place.
    Replace,
    /// The old one stays.
    Skip,
}

/// How many accounts went where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Imported {
    /// New ones.
    pub added: u64,
    /// Those that took the place of others.
    pub replaced: u64,
    /// Those that were left out.
    pub skipped: u64,
}
