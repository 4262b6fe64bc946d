//! PostgreSQL: the common behaviour, and what a server does.

use std::{
    env,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use aiosasl_store::{
    Account, Accounts as _, Conflict, Database, DatabaseOptions, NameRule, StoreErrorKind,
    Timestamp,
};
use libtest_mimic::Trial;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::net::TcpListener;

use crate::{
    contract::{self, find, put},
    counts, kill,
    samples::{full, name, plain},
    stage::{Entrant, Stage},
};

const VARIABLE: &str = "AIOSASL_TEST_POSTGRES";

pub(crate) fn trials() -> Vec<Trial> {
    let absent = env::var(VARIABLE).is_err().then_some("AIOSASL_TEST_POSTGRES names no database");
    let entrant = Entrant { name: "postgres", open: || Box::pin(open()), absent };
    let mut trials = entrant.trials(contract::ALL);
    trials.extend(entrant.trials(counts::ALL));
    trials.extend([
        entrant.trial("nothing_is_lost_by_kill", || Box::pin(killed())),
        entrant.trial("many_make_one_store_at_once", || Box::pin(made_at_once())),
        entrant.trial("a_newer_version_is_refused", || Box::pin(newer())),
        entrant.trial("imports_at_once_take_each_account_in_once", || Box::pin(imports_at_once())),
        entrant.trial("an_account_in_use_is_not_waited_for_long", || Box::pin(locked())),
        entrant.trial("what_does_not_fit_is_refused", || Box::pin(too_long())),
        entrant.trial("a_lost_connection_is_made_again", || Box::pin(lost())),
        entrant.trial("a_lookup_needs_no_scan", || Box::pin(plans())),
        entrant.trial("who_meets_another_begins_anew", || Box::pin(serializable())),
        entrant.trial("a_role_that_may_make_no_tables_will_do", || Box::pin(modest())),
        entrant.trial("faded_counts_go", || Box::pin(swept())),
    ]);
    let alone = Entrant { absent: None, ..entrant };
    trials.extend([
        alone.trial("a_server_that_is_down_is_said_so_soon", || Box::pin(down())),
        alone.trial("a_server_that_is_silent_is_said_so_soon", || Box::pin(silent())),
    ]);
    trials
}

fn url() -> String {
    env::var(VARIABLE).unwrap()
}

/// The same with more said.
fn url_with(more: &str) -> String {
    let mark = if url().contains('?') { '&' } else { '?' };
    format!("{}{mark}{more}", url())
}

/// A schema for one test, gone when it has ended well.
struct Schema {
    options: DatabaseOptions,
}

impl Schema {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut options = DatabaseOptions::default();
        options.names = NameRule::Raw;
        options.schema = format!("test_{}_{number}", std::process::id());
        Self { options }
    }

    async fn open(&self) -> Database {
        Database::open_with(&url(), &self.options).await.unwrap()
    }

    async fn raw(&self) -> PgConnection {
        let mut raw = PgConnection::connect(&url()).await.unwrap();
        let path = format!("SET search_path TO {}", self.options.schema);
        sqlx::query(&path).execute(&mut raw).await.unwrap();
        raw
    }

    async fn end(self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.options.schema);
        sqlx::query(&drop).execute(&mut self.raw().await).await.unwrap();
    }
}

async fn open() -> Stage {
    let schema = Schema::new();
    let database = Arc::new(schema.open().await);
    let end = Arc::clone(&database);
    Stage {
        accounts: database.clone(),
        counters: Some(database),
        keep: Box::new(()),
        end: Box::pin(async move {
            end.close().await;
            schema.end().await;
        }),
    }
}

async fn killed() {
    let schema = Schema::new();
    kill::kill(&url(), &schema.options.schema).await;
    schema.end().await;
}

async fn made_at_once() {
    let schema = Schema::new();
    let makers: Vec<_> = (0..8)
        .map(|number| {
            let options = schema.options.clone();
            tokio::spawn(async move {
                let database = Database::open_with(&url(), &options).await.unwrap();
                put(&database, &plain(&format!("user{number}"))).await;
                let secret = database.settings().await.unwrap().secret;
                database.close().await;
                secret
            })
        })
        .collect();
    let mut secrets = Vec::new();
    for maker in makers {
        secrets.push(maker.await.unwrap());
    }
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    let database = schema.open().await;
    assert_eq!(database.page(None, 99).await.unwrap().len(), 8);
    assert_eq!(database.settings().await.unwrap().secret, secrets[0]);
    database.close().await;
    schema.end().await;
}

async fn newer() {
    let schema = Schema::new();
    schema.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 1000, 'newer', installed_on, success, checksum, \
                 execution_time FROM _sqlx_migrations";
    sqlx::query(newer).execute(&mut schema.raw().await).await.unwrap();
    let error = Database::open_with(&url(), &schema.options).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Malformed);
    assert!(error.to_string().contains("newer version"), "{error}");

    let mut nothing = Schema::new();
    nothing.options.create = false;
    let error = Database::open_with(&url(), &nothing.options).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    schema.end().await;
}

/// The same accounts, in another order each time: nobody waits for somebody who waits for him.
async fn imports_at_once() {
    const COUNT: usize = 300;
    let schema = Schema::new();
    let database = Arc::new(schema.open().await);
    let importers: Vec<_> = (0..6)
        .map(|importer| {
            let database = Arc::clone(&database);
            let mut accounts: Vec<_> = (0..COUNT).map(|it| full(&format!("user{it}"))).collect();
            accounts.rotate_left(importer * 37);
            let conflict = [Conflict::Replace, Conflict::Skip][importer % 2];
            tokio::spawn(async move { database.import(accounts, conflict).await.unwrap() })
        })
        .collect();
    let mut added = 0;
    for importer in importers {
        let imported = importer.await.unwrap();
        assert_eq!(imported.added + imported.replaced + imported.skipped, COUNT as u64);
        added += imported.added;
    }
    assert_eq!(added, COUNT as u64);
    assert_eq!(database.page(None, 1000).await.unwrap().len(), COUNT);
    database.close().await;
    schema.end().await;
}

async fn locked() {
    let mut schema = Schema::new();
    schema.options.lock_timeout = Duration::from_millis(200);
    let database = schema.open().await;
    put(&database, &plain("user")).await;
    let mut raw = schema.raw().await;
    let mut lock = raw.begin().await.unwrap();
    let rows = "SELECT 1 FROM credentials JOIN accounts ON account = name FOR UPDATE";
    sqlx::query(rows).execute(&mut *lock).await.unwrap();
    let edit = |_| Ok(Some(full("user")));
    let error = database.edit(&name("user"), Box::new(edit)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    let at = Timestamp::from_unix(1_800_000_000);
    let error = database.used(&name("user"), ("", "SCRAM-SHA-256"), at).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    // Who reads does not wait.
    assert_eq!(find(&database, "user").await, Some(plain("user")));
    lock.rollback().await.unwrap();
    put(&database, &full("user")).await;
    database.close().await;
    schema.end().await;
}

async fn too_long() {
    let schema = Schema::new();
    let database = schema.open().await;
    // Not to be made shorter than an index takes, as PostgreSQL does with what repeats.
    let long: String = (0..4000_u32)
        .map(|it| char::from_u32(0x4E00 + it.wrapping_mul(2_654_435_761) % 20_000).unwrap())
        .collect();
    let edit = |_| Ok(Some(Account::new(name(&long))));
    let error = database.edit(&name(&long), Box::new(edit)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Invalid, "{error}");
    assert_eq!(find(&database, &long).await, None);
    let other = |_| Ok(Some(plain("other")));
    let error = database.edit(&name("user"), Box::new(other)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Invalid, "{error}");
    assert_eq!(database.page(None, 9).await.unwrap(), []);
    database.close().await;
    schema.end().await;
}

/// As when the server is restarted: nobody notices who asks afterwards.
async fn lost() {
    let mut schema = Schema::new();
    let own_url = url_with(&format!("application_name={}", schema.options.schema));
    schema.options.connections = 3;
    let database = Arc::new(Database::open_with(&own_url, &schema.options).await.unwrap());
    put(&*database, &plain("user")).await;
    let mut raw = schema.raw().await;
    for round in 0..2 {
        let at_once: Vec<_> = (0..6)
            .map(|_| {
                let database = Arc::clone(&database);
                tokio::spawn(async move { find(&*database, "user").await })
            })
            .collect();
        for found in at_once {
            assert!(found.await.unwrap().is_some());
        }
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
        let ended =
            sqlx::query(end).bind(&schema.options.schema).fetch_all(&mut raw).await.unwrap();
        assert!(ended.len() > 1, "only {} connections", ended.len());
        if round == 0 {
            assert_eq!(find(&*database, "user").await, Some(plain("user")));
        } else {
            put(&*database, &full("user")).await;
        }
    }
    assert_eq!(find(&*database, "user").await, Some(full("user")));
    database.close().await;
    schema.end().await;
}

/// With accounts enough that a look at all of them would be noticed.
async fn plans() {
    let schema = Schema::new();
    let database = schema.open().await;
    let accounts = (0..3000).map(|it| plain(&format!("user{it}"))).collect();
    database.import(accounts, Conflict::Fail).await.unwrap();
    let mut raw = schema.raw().await;
    sqlx::query("ANALYZE accounts, credentials").execute(&mut raw).await.unwrap();
    for query in [
        "SELECT name FROM accounts WHERE name = 'user7'",
        "SELECT name FROM accounts WHERE name > 'user7' ORDER BY name LIMIT 10",
        "SELECT account FROM credentials WHERE lookup = '\\x00' ORDER BY account LIMIT 1",
    ] {
        let explain = format!("EXPLAIN {query}");
        let rows = sqlx::query(&explain).fetch_all(&mut raw).await.unwrap();
        let plan: String = rows.iter().map(|it| it.get::<String, _>(0) + "\n").collect();
        assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{plan}");
    }
    database.close().await;
    schema.end().await;
}

async fn swept() {
    let mut schema = Schema::new();
    schema.options.counts = 10;
    let database = schema.open().await;
    let raw = tokio::sync::Mutex::new(schema.raw().await);
    counts::swept(&database, || {
        Box::pin(async {
            let count = "SELECT count(*) FROM counters";
            sqlx::query_scalar(count).fetch_one(&mut *raw.lock().await).await.unwrap()
        })
    })
    .await;
    database.close().await;
    schema.end().await;
}

async fn modest() {
    let schema = Schema::new();
    schema.open().await.close().await;
    let mut raw = schema.raw().await;
    let name = schema.options.schema.clone();
    for statement in [
        format!("CREATE ROLE {name} LOGIN PASSWORD 'paper'"),
        format!("GRANT USAGE ON SCHEMA {name} TO {name}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {name}"),
    ] {
        sqlx::query(&statement).execute(&mut raw).await.unwrap();
    }
    let url = url_with(&format!("user={name}&password=paper"));
    let database = Database::open_with(&url, &schema.options).await.unwrap();
    put(&database, &full("user")).await;
    assert_eq!(find(&database, "user").await, Some(full("user")));
    database.close().await;

    let mut other = Schema::new();
    other.options.create = true;
    let error = Database::open_with(&url, &other.options).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unsupported, "{error}");
    schema.end().await;
    sqlx::query(&format!("DROP ROLE {name}")).execute(&mut raw).await.unwrap();
}

/// As databases of many machines do it: of two that meet, one begins anew.
async fn serializable() {
    for behaviour in [contract::EDITS_AT_ONCE, counts::AT_ONCE] {
        let schema = Schema::new();
        let url = url_with("options[default_transaction_isolation]=serializable");
        let database = Arc::new(Database::open_with(&url, &schema.options).await.unwrap());
        let stage = Stage {
            accounts: database.clone(),
            counters: Some(database.clone()),
            keep: Box::new(()),
            end: Box::pin(async {}),
        };
        behaviour(&stage).await;
        database.close().await;
        schema.end().await;
    }
}

async fn down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    unavailable(&format!("postgres://user:pencil@{address}/a")).await;
}

async fn silent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    unavailable(&format!("postgres://user:pencil@{address}/a")).await;
}

async fn unavailable(url: &str) {
    let mut options = DatabaseOptions::default();
    options.connect_timeout = Duration::from_millis(300);
    let started = Instant::now();
    let error = Database::open_with(url, &options).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(!format!("{error} {error:?}").contains("pencil"), "{error:?}");
}
