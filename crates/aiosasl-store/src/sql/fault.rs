//! What a database says that went wrong: whether to try again, and what to tell the caller.

use std::{
    fmt,
    time::{Duration, Instant},
};

use sqlx::error::DatabaseError;

use crate::error::{StoreError, StoreErrorKind};

/// A fault of one attempt.
#[derive(Debug)]
pub(super) enum Fault {
    /// Somebody else was faster; nothing has happened, and the next attempt may go through.
    Again(sqlx::Error),
    /// The connection is gone: what was going on has not happened, unless it was just being made so.
    Lost(sqlx::Error),
    /// The caller shall hear of it.
    Told(StoreError),
}

/// How long an attempt is made again, and how long is waited before.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Duration,
    started: Instant,
    attempts: u32,
}

impl Patience {
    /// An attempt that takes long by itself is made so often at least.
    const ATTEMPTS: u32 = 4;

    /// Attempts are made as long as this.
    pub(super) fn of(limit: Duration) -> Self {
        Self { limit, started: Instant::now(), attempts: 0 }
    }

    /// Waits before the next attempt, or gives the fault out where there shall be none.
    pub(super) async fn after(&mut self, fault: Fault) -> Result<(), StoreError> {
        let over = self.started.elapsed() > self.limit && self.attempts >= Self::ATTEMPTS;
        if over || !matches!(fault, Fault::Again(_)) {
            return Err(fault.into());
        }
        // Those who met once shall not meet again: up to 2, 4, ... 64 milliseconds, by chance.
        let most = 2_u64 << self.attempts.min(5);
        self.attempts += 1;
        let chance = getrandom::u32().unwrap_or(u32::MAX / 2);
        let wait = u64::from(chance) * most / u64::from(u32::MAX);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        Ok(())
    }
}

impl Fault {
    /// No answer came in time.
    pub(super) fn late() -> Self {
        Self::Told(unavailable("the database takes too long"))
    }

    /// What is there can't be read.
    pub(super) fn malformed(what: impl fmt::Display) -> StoreError {
        StoreError::new(StoreErrorKind::Malformed, format!("the database holds {what}"))
    }

    /// Octets that should be text are none; which, is not told: they may be a secret.
    pub(super) fn no_text(_: std::str::Utf8Error) -> Self {
        Self::malformed("octets for a text").into()
    }
}

fn unavailable(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, what)
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Again(error) => {
                unavailable("too many change the database at once").because(error)
            }
            Fault::Lost(error) => unavailable("the database can't be reached").because(error),
            Fault::Told(error) => error,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        use StoreErrorKind::{Malformed, Unavailable};
        let (kind, what) = match &error {
            sqlx::Error::Database(said) => match judge(&**said) {
                Verdict::Again => return Self::Again(error),
                Verdict::Lost => return Self::Lost(error),
                Verdict::Told(kind, what) => (kind, what),
            },
            sqlx::Error::PoolTimedOut => {
                (Unavailable, "the database does not answer, or all connections to it are busy")
            }
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => return Self::Lost(error),
            sqlx::Error::Tls(_) => (Unavailable, "there is no TLS to the database"),
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                (Malformed, "the database holds what is not ours")
            }
            _ => (Unavailable, "the database can't be used"),
        };
        Self::Told(StoreError::new(kind, what).because(error))
    }
}

/// What a database's code means.
enum Verdict {
    Again,
    Lost,
    Told(StoreErrorKind, &'static str),
}

/// PostgreSQL's codes (its manual, appendix A) have five characters, SQLite's (<https://sqlite.org/rescode.html>) are
/// shorter numbers.
fn judge(said: &dyn DatabaseError) -> Verdict {
    let code = said.code().unwrap_or_default();
    match code.parse() {
        Ok(number) if code.len() != 5 => judge_sqlite(number),
        _ => judge_postgres(&code),
    }
}

fn judge_postgres(code: &str) -> Verdict {
    use StoreErrorKind::{Invalid, Malformed, Unavailable, Unsupported};
    match code {
        // A serialization failure, a deadlock; and what an insert meets that another made at the same time.
        "40001" | "40P01" | "23505" | "42P06" | "42P07" => Verdict::Again,
        // The server is going down.
        "57P01" | "57P02" => Verdict::Lost,
        "25006" | "42501" => Verdict::Told(Unsupported, "the database may not be changed by us"),
        it => match it.get(..2) {
            Some("08") => Verdict::Lost,
            // What is no text there; what is longer than an index takes.
            Some("22" | "54") => Verdict::Told(Invalid, "the database can't keep that"),
            Some("42") => Verdict::Told(Malformed, "the database holds what is not ours"),
            _ => Verdict::Told(Unavailable, "the database refuses"),
        },
    }
}

/// The lowest octet of a code is its family.
fn judge_sqlite(code: u32) -> Verdict {
    use StoreErrorKind::{Invalid, Malformed, Unavailable, Unsupported};
    match code & 0xFF {
        1 => Verdict::Told(Malformed, "the file holds what is not ours"),
        5 | 6 => Verdict::Told(Unavailable, "others are changing the file, and take too long"),
        8 => Verdict::Told(Unsupported, "the file may not be changed by us"),
        11 | 26 => Verdict::Told(Malformed, "the file is damaged, or none of SQLite's"),
        18 => Verdict::Told(Invalid, "the database can't keep that"),
        19 => Verdict::Again,
        _ => Verdict::Told(Unavailable, "the file can't be used"),
    }
}
