//! What may be chosen where a database is opened.

use std::time::Duration;

use aiosasl::secret::Secret;

use crate::name::NameRule;

/// How a [`Database`](crate::Database) is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// How many connections at most: all of them with PostgreSQL, those that read with SQLite; 8.
    pub connections: u32,
    /// How long it may take until there is a connection, whether the server does not answer or all are in use;
    /// 5 seconds.
    pub connect_timeout: Duration,
    /// How many counts there may be; where there are more, the smaller ones are forgotten; 1,000,000.
    pub counts: u32,
    /// Whether a store is made where there is none; yes.
    pub create: bool,
    /// How long a change waits for the changes of others; 5 seconds.
    pub lock_timeout: Duration,
    /// How names are spelled in a store that is made now; one that is there keeps its rule.
    pub names: NameRule,
    /// The schema in which PostgreSQL keeps the tables, of a-z, 0-9 and `_`; `aiosasl`.
    pub schema: String,
    /// Of what a store that is made now makes its decoys; `None` draws 32 octets. One that is there keeps its secret.
    pub secret: Option<Secret>,
    /// How long one statement may take; 30 seconds.
    pub statement_timeout: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            connect_timeout: Duration::from_secs(5),
            counts: 1_000_000,
            create: true,
            lock_timeout: Duration::from_secs(5),
            names: NameRule::default(),
            schema: "aiosasl".to_owned(),
            secret: None,
            statement_timeout: Duration::from_secs(30),
        }
    }
}
