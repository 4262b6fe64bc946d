//! PostgreSQL, or what speaks like it: for more than one machine.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{fault::Fault, link::To, options::DatabaseOptions};
use crate::error::{StoreError, StoreErrorKind};

/// A connection that has been idle for longer is tried before it is used.
const FRESH: Duration = Duration::from_secs(2);

/// How long a connection is kept for later.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// Connects to a server.
pub(super) async fn open(url: &str, options: &DatabaseOptions) -> Result<To, StoreError> {
    // The URL holds a password, the parser's words may hold the URL: they go no further.
    let connect = PgConnectOptions::from_str(url).map_err(|_| {
        let expected = "expected postgres://user:password@host:port/database";
        StoreError::new(StoreErrorKind::Invalid, expected)
    })?;
    check_schema(&options.schema)?;
    let connect = match connect.get_application_name() {
        Some(_) => connect,
        None => connect.application_name("aiosasl"),
    };
    let limits = [
        ("lock_timeout", options.lock_timeout),
        ("statement_timeout", options.statement_timeout),
        ("idle_in_transaction_session_timeout", options.statement_timeout),
    ];
    let connect = connect
        .options([("search_path", &options.schema)])
        .options(limits.map(|(name, limit)| (name, limit.as_millis().clamp(1, 0x7FFF_FFFF))))
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.connect_timeout)
        .idle_timeout(IDLE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > FRESH {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(connect)
        .await
        .map_err(Fault::from)?;
    Ok(To::Postgres(pool))
}

/// A name that needs no quotes.
fn check_schema(name: &str) -> Result<(), StoreError> {
    let word = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    let fine = name.bytes().all(word)
        && name.starts_with(|it: char| !it.is_ascii_digit())
        && name.len() <= 63;
    if fine {
        return Ok(());
    }
    let expected = "a schema's name is of a-z, 0-9 and _";
    Err(StoreError::new(StoreErrorKind::Invalid, expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_needs_no_quotes() {
        for name in ["aiosasl", "a_1"] {
            check_schema(name).unwrap();
        }
        for name in ["", "1a", "a b", "A", "a\"", "a;b"] {
            assert!(check_schema(name).is_err(), "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_url_is_said_without_its_password() {
        let url = "postgres://user:pencil@host:port/database";
        let error = open(url, &DatabaseOptions::default()).await.err().unwrap();
        assert_eq!(error.kind, StoreErrorKind::Invalid);
        assert!(!format!("{error} {error:?}").contains("pencil"), "{error:?}");
    }
}
