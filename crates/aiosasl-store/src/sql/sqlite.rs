//! SQLite: one file, made on first use, for all processes of one machine.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions as _,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
    },
};

use super::{
    fault::Fault,
    link::{To, Worth},
    options::DatabaseOptions,
};
use crate::error::{StoreError, StoreErrorKind};

/// How many rows may wait to be taken: a page's worth, so that two threads don't wake each other for each.
const ROWS: usize = 4096;

/// Connections to one file.
pub(super) struct Pools {
    pub(super) readers: SqlitePool,
    /// Of one connection, since SQLite takes one writer at a time: here they wait in a row.
    kept: SqlitePool,
    /// The same, without waiting for the disk.
    losable: SqlitePool,
}

impl Pools {
    pub(super) fn writer(&self, worth: Worth) -> &SqlitePool {
        match worth {
            Worth::Kept => &self.kept,
            Worth::Losable => &self.losable,
        }
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.losable.close().await;
        self.kept.close().await;
    }
}

/// The file that a URL names: all after `sqlite:`, as it stands.
pub(super) fn path(rest: &str) -> Result<PathBuf, StoreError> {
    let invalid = |what: &str| StoreError::new(StoreErrorKind::Invalid, what);
    if rest.is_empty() || rest.contains('\0') {
        return Err(invalid("expected a file: sqlite:FILE"));
    }
    if rest.starts_with("//") && !rest.starts_with("///") {
        return Err(invalid("a file is on no host: expected sqlite:FILE or sqlite:///FILE"));
    }
    // Absolute, so that it is the same file wherever the process goes, and no word that SQLite takes for more than a
    // file.
    std::path::absolute(rest).map_err(|error| invalid("no path of a file").because(error))
}

/// Opens a file, or makes it.
pub(super) async fn open(rest: &str, options: &DatabaseOptions) -> Result<To, StoreError> {
    let path = path(rest)?;
    create(&path, options)?;
    let connect = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(options.lock_timeout)
        .synchronous(SqliteSynchronous::Full)
        .row_buffer_size(ROWS)
        .disable_statement_logging();
    let pool = |count| {
        SqlitePoolOptions::new()
            .max_connections(count)
            .acquire_timeout(options.connect_timeout.max(options.lock_timeout))
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let first = connect.clone().journal_mode(SqliteJournalMode::Wal);
    let kept = connect_patiently(&pool(1), &first, options.lock_timeout).await?;
    let losable = connect.clone().synchronous(SqliteSynchronous::Normal);
    Ok(To::Sqlite(Pools {
        readers: pool(options.connections.max(1)).connect_lazy_with(connect),
        losable: pool(1).connect_lazy_with(losable),
        kept,
    }))
}

/// Makes an empty file that nobody else may read; SQLite takes it for an empty database, and gives the files beside it
/// the same permissions.
fn create(path: &Path, options: &DatabaseOptions) -> Result<(), StoreError> {
    if !options.create {
        return match path.try_exists() {
            Ok(true) => Ok(()),
            Ok(false) => Err(cannot("find", path)),
            Err(error) => Err(cannot("find", path).because(error)),
        };
    }
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("make", path).because(error)),
    }
}

fn cannot(verb: &str, path: &Path) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("cannot {verb} {}", path.display()))
}

/// Several processes may make the file at once: its change to a write-ahead log can't wait for others by itself.
async fn connect_patiently(
    pool: &SqlitePoolOptions,
    connect: &SqliteConnectOptions,
    limit: Duration,
) -> Result<SqlitePool, StoreError> {
    const PAUSE: Duration = Duration::from_millis(20);
    let started = Instant::now();
    loop {
        match pool.clone().connect_with(connect.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if is_busy(&error) && started.elapsed() < limit => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
}

/// `SQLITE_BUSY`, or one of its family.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|it| it.parse::<u32>().ok()).is_some_and(|it| it & 0xFF == 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_scheme_is_a_file_as_it_stands() {
        let here = std::env::current_dir().unwrap();
        for file in ["a.db", "file:a?mode=memory", ":memory:", "a b%20#?.db"] {
            assert_eq!(path(file).unwrap(), here.join(file));
        }
        for file in ["/var/a.db", "///var/a.db"] {
            assert_eq!(path(file).unwrap(), Path::new("/var/a.db"));
        }
        for nothing in ["", "//host/a.db", "a\0b"] {
            assert_eq!(path(nothing).unwrap_err().kind, StoreErrorKind::Invalid, "{nothing:?}");
        }
    }
}
