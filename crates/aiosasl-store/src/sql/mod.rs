//! Accounts in a database: SQLite for one machine, PostgreSQL for more; one code for both.

mod counters;
mod fault;
mod link;
mod options;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod rows;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod write;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use aiosasl::{driver::BoxFuture, identity::AuthenticationId};

use self::{counters::Sweeper, link::Link};
use crate::{
    account::Account,
    backend::{Accounts, Backend, Conflict, Edit, Imported, Key, Settings},
    counters::{Count, Counters},
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

pub use self::options::DatabaseOptions;

/// Accounts and counts in a database, made on first use; many processes may use one at once.
pub struct Database {
    link: Arc<Link>,
    settings: Settings,
    sweeper: Sweeper,
}

impl Database {
    /// Opens `sqlite:FILE`, or `postgres://user:password@host:port/database`.
    ///
    /// What follows `sqlite:` is a path as it stands. PostgreSQL's URLs are those of its own clients, with `sslmode` and
    /// `sslrootcert`; what they leave out comes from the environment (`PGPASSWORD` and its like).
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] for another URL, [`StoreErrorKind::Unsupported`] for a database that was not built in,
    /// [`StoreErrorKind::Unavailable`] where it can't be reached, [`StoreErrorKind::Malformed`] where what is there is
    /// not ours, or a newer version's.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, &DatabaseOptions::default()).await
    }

    /// Opens a database as the options say.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(url: &str, options: &DatabaseOptions) -> Result<Self, StoreError> {
        let to = match url.split_once(':') {
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => postgres::open(url, options).await?,
            #[cfg(feature = "sqlite")]
            Some(("sqlite", rest)) => sqlite::open(rest, options).await?,
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => return Err(not_built_in()),
            #[cfg(not(feature = "sqlite"))]
            Some(("sqlite", _)) => return Err(not_built_in()),
            _ => {
                let text = "expected sqlite:FILE or postgres://...";
                return Err(StoreError::new(StoreErrorKind::Invalid, text));
            }
        };
        // The server ends a statement; we end the waiting for a server that no longer does.
        let limit = options.statement_timeout.max(options.connect_timeout);
        let link = Link {
            to,
            limit: limit.saturating_add(GRACE),
            patience: options.lock_timeout,
            stale: options.connections,
        };
        let settings = schema::prepare(&link, options).await?;
        let sweeper = Sweeper { room: options.counts, last: AtomicI64::new(0) };
        Ok(Self { link: Arc::new(link), settings, sweeper })
    }

    /// Ends all connections, those in use when they are given back. SQLite tidies its file up.
    pub async fn close(&self) {
        self.link.close().await;
    }
}

#[cfg(not(all(feature = "postgres", feature = "sqlite")))]
fn not_built_in() -> StoreError {
    StoreError::new(StoreErrorKind::Unsupported, "this database was not built in")
}

/// How much longer than the server we wait.
const GRACE: Duration = Duration::from_secs(1);

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.link.is_postgres() { "Database(postgres)" } else { "Database(sqlite)" })
    }
}

impl Backend for Database {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(read::find(&self.link, key))
    }
}

impl Accounts for Database {
    fn settings(&self) -> BoxFuture<'_, Result<Settings, StoreError>> {
        Box::pin(async { Ok(self.settings.clone()) })
    }

    fn edit<'a>(
        &'a self,
        name: &'a AuthenticationId,
        edit: Edit<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(write::edit(&self.link, name, edit))
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a AuthenticationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Account>, StoreError>> {
        Box::pin(read::page(&self.link, after, limit))
    }

    fn import(
        &self,
        accounts: Vec<Account>,
        conflict: Conflict,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(async move { write::import(&self.link, &accounts, conflict).await })
    }

    fn used<'a>(
        &'a self,
        name: &'a AuthenticationId,
        slot: (&'a str, &'a str),
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(write::used(&self.link, name, slot, at))
    }
}

impl Counters for Database {
    fn add<'a>(
        &'a self,
        counts: &'a [Count],
        amount: f64,
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>> {
        Box::pin(counters::add(&self.link, &self.sweeper, counts, amount, at))
    }

    fn clear<'a>(&'a self, counts: &'a [Count]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(counters::clear(&self.link, counts))
    }

    fn read<'a>(
        &'a self,
        counts: &'a [Count],
        at: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<f64>, StoreError>> {
        Box::pin(counters::read(&self.link, counts, at))
    }
}
