//! The tables: made on first use, brought up to date, refused where a newer version has made them.

use std::borrow::Cow;

use aiosasl::secret::Secret;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use zeroize::Zeroizing;

use super::{
    fault::{Fault, Patience},
    link::{Link, Transaction, Value, Worth},
    options::DatabaseOptions,
};
use crate::{
    backend::Settings,
    error::{StoreError, StoreErrorKind},
};

/// A step from one version of the tables to the next; what has been released is never changed.
pub(super) struct Step {
    version: i64,
    name: &'static str,
    #[cfg(feature = "postgres")]
    postgres: &'static str,
    #[cfg(feature = "sqlite")]
    sqlite: &'static str,
}

const STEPS: [Step; 1] = [Step {
    version: LATEST,
    name: "accounts",
    #[cfg(feature = "postgres")]
    postgres: include_str!("migrations/postgres/0001_accounts.sql"),
    #[cfg(feature = "sqlite")]
    sqlite: include_str!("migrations/sqlite/0001_accounts.sql"),
}];

/// The version of the tables that this code knows.
const LATEST: i64 = 1;

/// How many octets of secret a store draws.
const SECRET: usize = 32;

/// Which of a step's texts a connection understands.
pub(super) trait Speaks {
    /// That text.
    fn text(step: &Step) -> &'static str;
}

#[cfg(feature = "postgres")]
impl Speaks for sqlx::PgConnection {
    fn text(step: &Step) -> &'static str {
        step.postgres
    }
}

#[cfg(feature = "sqlite")]
impl Speaks for sqlx::SqliteConnection {
    fn text(step: &Step) -> &'static str {
        step.sqlite
    }
}

/// All steps, for such a connection.
pub(super) fn migrator<C: Speaks>(_: &C) -> Migrator {
    let migrations = STEPS.iter().map(|step| {
        let (name, text) = (Cow::Borrowed(step.name), Cow::Borrowed(C::text(step)));
        Migration::new(step.version, name, MigrationType::Simple, text, false)
    });
    // Not every database has the locks that sqlx would take: who comes second tries again.
    Migrator { migrations: Cow::Owned(migrations.collect()), locking: false, ..Migrator::DEFAULT }
}

/// Makes the tables, or brings them up to date, and reads what holds for all accounts.
pub(super) async fn prepare(
    link: &Link,
    options: &DatabaseOptions,
) -> Result<Settings, StoreError> {
    match installed(link, options).await? {
        Some(LATEST) => {}
        Some(newer) if newer > LATEST => return Err(too_new(newer)),
        None if !options.create => {
            let text = "there are no accounts in this database";
            return Err(StoreError::new(StoreErrorKind::Unavailable, text));
        }
        _ => {
            let mut patience = Patience::of(link.patience);
            while let Err(fault) = make(link, options).await {
                patience.after(fault).await?;
            }
        }
    }
    Ok(settings(link).await?)
}

/// The version of the tables that are there.
async fn installed(link: &Link, options: &DatabaseOptions) -> Result<Option<i64>, Fault> {
    const POSTGRES: &str = "SELECT 1 FROM information_schema.tables \
                            WHERE table_schema = $1 AND table_name = '_sqlx_migrations'";
    const SQLITE: &str = "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let schema = [Value::Text(Some(&options.schema))];
    let there = if link.is_postgres() {
        link.read(POSTGRES, &schema).await?
    } else {
        link.read(SQLITE, &[]).await?
    };
    if there.is_empty() {
        return Ok(None);
    }
    let rows = link.read("SELECT max(version) FROM _sqlx_migrations", &[]).await?;
    rows.first().map_or(Ok(None), |row| row.integer(0))
}

async fn make(link: &Link, options: &DatabaseOptions) -> Result<(), Fault> {
    const SETTINGS: &str = "INSERT INTO settings (one, secret, names) VALUES (1, $1, $2) \
                            ON CONFLICT (one) DO NOTHING";
    let mut transaction = link.begin(Worth::Kept).await?;
    if link.is_postgres() {
        // Its name was looked at: it needs no quotes.
        let create = format!("CREATE SCHEMA IF NOT EXISTS {}", options.schema);
        transaction.run(&create, &[]).await?;
    }
    migrate(&mut transaction).await?;
    let secret = match &options.secret {
        Some(secret) => secret.clone(),
        None => draw()?,
    };
    let names = Value::Text(Some(options.names.as_str()));
    transaction.run(SETTINGS, &[Value::Octets(Some(secret.expose())), names]).await?;
    transaction.commit().await
}

async fn migrate(transaction: &mut Transaction) -> Result<(), Fault> {
    transaction.migrate().await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(version) => too_new(version).into(),
        error => Fault::malformed("tables that are not ours").because(error).into(),
    })
}

async fn settings(link: &Link) -> Result<Settings, Fault> {
    let rows = link.read("SELECT secret, names FROM settings WHERE one = 1", &[]).await?;
    let row = rows.first().ok_or_else(|| Fault::malformed("no settings"))?;
    let secret = row.octets(0)?.ok_or_else(|| Fault::malformed("no secret"))?;
    let names = row.text(1)?.unwrap_or_default().parse();
    let names = names.map_err(|error| Fault::malformed("no rule for names").because(error))?;
    Ok(Settings { secret: Secret::new(&**secret), names })
}

fn draw() -> Result<Secret, StoreError> {
    let mut octets = Zeroizing::new([0; SECRET]);
    getrandom::fill(&mut *octets).map_err(|error| {
        let text = "the system has no random numbers";
        StoreError::new(StoreErrorKind::Unavailable, text).because(error.to_string())
    })?;
    Ok(Secret::new(*octets))
}

fn too_new(version: i64) -> StoreError {
    let text = format!(
        "a newer version has made these tables: they are of version {version}, and we know {LATEST}"
    );
    StoreError::new(StoreErrorKind::Malformed, text)
}
