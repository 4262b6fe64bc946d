//! The seam between one code and two databases: connections, transactions, values, rows.

use std::{future::Future, time::Duration};

#[cfg(feature = "postgres")]
use sqlx::postgres::{PgPool, PgRow, Postgres};
#[cfg(feature = "sqlite")]
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{
    Database, Encode, Executor, IntoArguments, Row as _, Type, database::HasStatementCache,
};
use zeroize::Zeroizing;

use super::fault::Fault;
#[cfg(feature = "sqlite")]
use super::sqlite::Pools;

/// Connections to a database, and how long each statement may take.
pub(super) struct Link {
    pub(super) to: To,
    pub(super) limit: Duration,
    /// How long a change is tried again while others are faster.
    pub(super) patience: Duration,
    /// How many connections there may be that are gone, and have yet to be noticed.
    pub(super) stale: u32,
}

/// To which database.
pub(super) enum To {
    #[cfg(feature = "postgres")]
    Postgres(PgPool),
    #[cfg(feature = "sqlite")]
    Sqlite(Pools),
}

/// What a change is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// Once it is done, it stays done.
    Kept,
    /// A crash of the machine may lose it.
    Losable,
}

/// A transaction; dropped before its end, it has never been.
pub(super) struct Transaction {
    inner: Inner,
    limit: Duration,
}

enum Inner {
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Transaction<'static, Postgres>),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

/// A value that a statement is given.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Integer(Option<i64>),
    Octets(Option<&'a [u8]>),
    Real(f64),
    Text(Option<&'a str>),
}

/// A row that a statement gives out.
pub(super) enum Row {
    #[cfg(feature = "postgres")]
    Postgres(PgRow),
    #[cfg(feature = "sqlite")]
    Sqlite(SqliteRow),
}

/// The same for either database.
macro_rules! either {
    ($kind:ident: $on:expr, $it:pat => $do:expr) => {
        match $on {
            #[cfg(feature = "postgres")]
            $kind::Postgres($it) => $do,
            #[cfg(feature = "sqlite")]
            $kind::Sqlite($it) => $do,
        }
    };
}

/// What may be done again, on one connection after the other where they turn out to be gone.
macro_rules! connected {
    ($link:expr, $work:expr) => {
        within($link.limit, async {
            let mut stale = $link.stale;
            loop {
                match $work.await {
                    Err(Fault::Lost(_)) if stale > 0 => stale -= 1,
                    result => break result,
                }
            }
        })
        .await
    };
}

impl Link {
    /// Whether it is PostgreSQL, or speaks like it.
    pub(super) fn is_postgres(&self) -> bool {
        match self.to {
            #[cfg(feature = "postgres")]
            To::Postgres(_) => true,
            #[cfg(feature = "sqlite")]
            To::Sqlite(_) => false,
        }
    }

    /// Asks, and changes nothing.
    pub(super) async fn read(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        connected!(self, self.try_read(sql, values))
    }

    /// One change, in a transaction of its own, that a crash may lose; where the connection breaks, it may happen twice.
    pub(super) async fn hint(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        connected!(self, self.try_hint(sql, values))
    }

    /// Begins to change something.
    pub(super) async fn begin(&self, worth: Worth) -> Result<Transaction, Fault> {
        let inner = connected!(self, self.try_begin(worth))?;
        Ok(Transaction { inner, limit: self.limit })
    }

    async fn try_read(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        match &self.to {
            #[cfg(feature = "postgres")]
            To::Postgres(pool) => fetch(pool, sql, values).await,
            #[cfg(feature = "sqlite")]
            To::Sqlite(pools) => fetch(&pools.readers, sql, values).await,
        }
    }

    async fn try_hint(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        match &self.to {
            #[cfg(feature = "postgres")]
            To::Postgres(pool) => fetch(pool, sql, values).await,
            #[cfg(feature = "sqlite")]
            To::Sqlite(pools) => fetch(pools.writer(Worth::Losable), sql, values).await,
        }
    }

    async fn try_begin(&self, worth: Worth) -> Result<Inner, Fault> {
        Ok(match (&self.to, worth) {
            #[cfg(feature = "postgres")]
            (To::Postgres(pool), _) => Inner::Postgres(pool.begin().await?),
            // At once a writer: one that has read before it writes can't wait for another.
            #[cfg(feature = "sqlite")]
            (To::Sqlite(pools), worth) => {
                Inner::Sqlite(pools.writer(worth).begin_with("BEGIN IMMEDIATE").await?)
            }
        })
    }

    /// Ends all connections, those in use when they are given back.
    pub(super) async fn close(&self) {
        either!(To: &self.to, it => it.close().await);
    }
}

impl Transaction {
    /// Asks, or changes something.
    pub(super) async fn run(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let rows =
            async { either!(Inner: &mut self.inner, it => fetch(&mut **it, sql, values).await) };
        within(self.limit, rows).await
    }

    /// Puts rows into a table, with as few statements as fit: `into` is the table with its columns, of which there are
    /// `columns`.
    pub(super) async fn insert(
        &mut self,
        into: &str,
        columns: usize,
        values: &[Value<'_>],
    ) -> Result<(), Fault> {
        // SQLite takes 32,766 values, PostgreSQL twice as many.
        const VALUES: usize = 4000;
        for values in values.chunks(VALUES / columns * columns) {
            let rows = self.tuples(values.len() / columns, columns);
            self.run(&format!("INSERT INTO {into} VALUES {rows}"), values).await?;
        }
        Ok(())
    }

    /// So many tuples of placeholders: `($1,$2),($3,$4)`.
    pub(super) fn tuples(&self, rows: usize, columns: usize) -> String {
        match self.inner {
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => tuples(rows, columns, true),
            #[cfg(feature = "sqlite")]
            Inner::Sqlite(_) => tuples(rows, columns, false),
        }
    }

    /// Makes what is missing of the tables.
    pub(super) async fn migrate(&mut self) -> Result<(), sqlx::migrate::MigrateError> {
        either!(Inner: &mut self.inner, it => super::schema::migrator(&**it).run_direct(&mut **it).await)
    }

    /// Makes it so.
    pub(super) async fn commit(self) -> Result<(), Fault> {
        let done = async { either!(Inner: self.inner, it => Ok(it.commit().await?)) };
        within(self.limit, done).await
    }
}

impl Row {
    pub(super) fn integer(&self, column: usize) -> Result<Option<i64>, Fault> {
        either!(Row: self, it => Ok(it.try_get(column)?))
    }

    pub(super) fn octets(&self, column: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        let octets: Option<Vec<u8>> = either!(Row: self, it => it.try_get(column)?);
        Ok(octets.map(Zeroizing::new))
    }

    pub(super) fn real(&self, column: usize) -> Result<f64, Fault> {
        either!(Row: self, it => Ok(it.try_get(column)?))
    }

    pub(super) fn text(&self, column: usize) -> Result<Option<String>, Fault> {
        either!(Row: self, it => Ok(it.try_get(column)?))
    }
}

/// So many tuples of placeholders. Those with numbers take SQLite the square of their count to read.
pub(super) fn tuples(rows: usize, columns: usize, numbered: bool) -> String {
    let mut text = String::with_capacity(rows * columns * 4);
    for number in 1..=rows * columns {
        let first = number % columns == 1 || columns == 1;
        text.push_str(match (first, number) {
            (true, 1) => "(",
            (true, _) => "),(",
            (false, _) => ",",
        });
        if numbered {
            text.push('$');
            text.push_str(&number.to_string());
        } else {
            text.push('?');
        }
    }
    text.push(')');
    text
}

/// Runs a statement.
async fn fetch<'c, 'q, DB, E>(on: E, sql: &'q str, values: &[Value<'q>]) -> Result<Vec<Row>, Fault>
where
    DB: Database + HasStatementCache,
    E: Executor<'c, Database = DB>,
    Row: From<DB::Row>,
    DB::Arguments<'q>: IntoArguments<'q, DB>,
    f64: Encode<'q, DB> + Type<DB>,
    Option<i64>: Encode<'q, DB> + Type<DB>,
    Option<&'q [u8]>: Encode<'q, DB> + Type<DB>,
    Option<&'q str>: Encode<'q, DB> + Type<DB>,
{
    // A long statement is one of many lengths, and isn't worth to be kept prepared.
    const KEPT: usize = 2048;
    let mut query = sqlx::query(sql).persistent(sql.len() <= KEPT);
    for value in values {
        query = match *value {
            Value::Integer(it) => query.bind(it),
            Value::Octets(it) => query.bind(it),
            Value::Real(it) => query.bind(it),
            Value::Text(it) => query.bind(it),
        };
    }
    Ok(query.fetch_all(on).await?.into_iter().map(Row::from).collect())
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Fault::late()))
}

#[cfg(feature = "postgres")]
impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self::Postgres(row)
    }
}

#[cfg(feature = "sqlite")]
impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self::Sqlite(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_in_tuples() {
        assert_eq!(tuples(2, 3, true), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(tuples(3, 1, false), "(?),(?),(?)");
    }
}
