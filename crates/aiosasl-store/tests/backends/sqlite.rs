//! SQLite: the common behaviour, and what a file does.

use std::{path::Path, sync::Arc, time::Duration};

use aiosasl::identity::AuthorizationId;
use aiosasl_store::{
    Accounts as _, ActsAs, Conflict, Database, DatabaseOptions, NameRule, StoreErrorKind, Timestamp,
};
use libtest_mimic::Trial;
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::{
    contract::{self, find, put},
    counts, kill,
    samples::{full, name, plain},
    stage::{Entrant, Stage},
};

const ENTRANT: Entrant = Entrant { name: "sqlite", open: || Box::pin(open()), absent: None };

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = ENTRANT.trials(contract::ALL);
    trials.extend(ENTRANT.trials(counts::ALL));
    trials.extend([
        ENTRANT.trial("nothing_is_lost_by_kill", || Box::pin(killed())),
        ENTRANT.trial("a_store_stays_what_it_was_made", || Box::pin(reopened())),
        ENTRANT.trial("many_make_one_store_at_once", || Box::pin(made_at_once())),
        ENTRANT.trial("a_file_may_have_any_name", || Box::pin(any_name())),
        ENTRANT.trial("nobody_else_may_read_the_files", || Box::pin(private())),
        ENTRANT.trial("a_newer_version_is_refused", || Box::pin(newer())),
        ENTRANT.trial("what_is_no_store_is_refused", || Box::pin(no_store())),
        ENTRANT.trial("a_star_is_an_identity_like_any_other", || Box::pin(star())),
        ENTRANT.trial("a_writer_that_takes_too_long_is_not_waited_for", || Box::pin(locked())),
        ENTRANT.trial("faded_counts_go", || Box::pin(swept())),
    ]);
    trials
}

fn url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

async fn open() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let mut options = DatabaseOptions::default();
    options.names = NameRule::Raw;
    let database = Database::open_with(&url(&folder.path().join("a.db")), &options).await.unwrap();
    let database = Arc::new(database);
    let end = Arc::clone(&database);
    Stage {
        accounts: database.clone(),
        counters: Some(database),
        keep: Box::new(folder),
        end: Box::pin(async move { end.close().await }),
    }
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    kill::kill(&url(&path), "aiosasl").await;
    let mut raw = raw(&path).await;
    let check = sqlx::query("PRAGMA integrity_check").fetch_one(&mut raw).await.unwrap();
    assert_eq!(check.get::<String, _>(0), "ok");
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut raw).await.unwrap();
    assert_eq!(orphans.len(), 0);
}

async fn reopened() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder.path().join("a.db"));
    let mut options = DatabaseOptions::default();
    options.names = NameRule::CasePreserved;
    let first = Database::open_with(&url, &options).await.unwrap();
    put(&first, &full("user")).await;
    options.names = NameRule::Saslprep;
    let second = Database::open_with(&url, &options).await.unwrap();
    assert_eq!(find(&second, "user").await, Some(full("user")));
    let settings = [first.settings().await.unwrap(), second.settings().await.unwrap()];
    assert_eq!(settings[0].secret, settings[1].secret);
    assert_eq!(settings[1].names, NameRule::CasePreserved);
    first.close().await;
    put(&second, &plain("other")).await;
    second.close().await;
    let third = Database::open(&url).await.unwrap();
    assert_eq!(third.page(None, 9).await.unwrap(), [plain("other"), full("user")]);

    let another = Database::open(&format!("{url}2")).await.unwrap();
    assert_ne!(another.settings().await.unwrap().secret, settings[0].secret);
}

async fn made_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = url(&folder.path().join("a.db"));
    let makers: Vec<_> = (0..8)
        .map(|number| {
            let url = url.clone();
            tokio::spawn(async move {
                let database = Database::open(&url).await.unwrap();
                put(&database, &plain(&format!("user{number}"))).await;
                database.settings().await.unwrap().secret
            })
        })
        .collect();
    let mut secrets = Vec::new();
    for maker in makers {
        secrets.push(maker.await.unwrap());
    }
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    let database = Database::open(&url).await.unwrap();
    assert_eq!(database.page(None, 99).await.unwrap().len(), 8);
}

async fn any_name() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["a b", "file:a?mode=memory", ":memory:", "%41#?x=y&z", "'\"\u{1f5a4}"];
    for file in files {
        let path = folder.path().join(file);
        let database = Database::open(&url(&path)).await.unwrap();
        put(&database, &plain("user")).await;
        database.close().await;
        assert!(path.metadata().unwrap().len() > 0, "{file}");
    }
    for entry in folder.path().read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(files.iter().any(|it| name.starts_with(it)), "{name}");
    }
}

async fn private() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&url(&folder.path().join("a.db"))).await.unwrap();
    put(&database, &plain("user")).await;
    let mut files = Vec::new();
    for entry in folder.path().read_dir().unwrap() {
        let entry = entry.unwrap();
        files.push(entry.file_name().into_string().unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{files:?}");
        }
    }
    files.sort();
    assert_eq!(files, ["a.db", "a.db-shm", "a.db-wal"]);
}

async fn newer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    Database::open(&url(&path)).await.unwrap().close().await;
    let mut raw = raw(&path).await;
    let newer = "INSERT INTO _sqlx_migrations SELECT 1000, 'newer', installed_on, success, checksum, \
                 execution_time FROM _sqlx_migrations";
    sqlx::query(newer).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    let error = Database::open(&url(&path)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Malformed);
    assert!(error.to_string().contains("newer version"), "{error}");
    assert!(error.to_string().contains("1000"), "{error}");
}

async fn no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut options = DatabaseOptions::default();
    options.create = false;
    let missing = Database::open_with(&url(&path), &options).await.unwrap_err();
    assert_eq!(missing.kind, StoreErrorKind::Unavailable);
    assert!(!path.exists());

    std::fs::write(&path, "user:{PLAIN}pencil\n".repeat(1000)).unwrap();
    let error = Database::open(&url(&path)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Malformed, "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("user:{PLAIN}"));

    let nowhere = Database::open(&url(&folder.path().join("no/a.db"))).await.unwrap_err();
    assert_eq!(nowhere.kind, StoreErrorKind::Unavailable);
    for other in ["", "a.db", "mysql://host/a", "file:a.db"] {
        let error = Database::open(other).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Invalid, "{other}");
    }
}

async fn star() {
    let stage = open().await;
    let mut account = plain("user");
    account.acts_as.push(ActsAs::Identity(AuthorizationId::new("*").unwrap()));
    put(&*stage.accounts, &account).await;
    let found = find(&*stage.accounts, "user").await.unwrap();
    assert_eq!(found, account);
    assert!(!found.may_act_as(&AuthorizationId::new("root").unwrap()));
}

async fn locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut options = DatabaseOptions::default();
    options.lock_timeout = Duration::from_millis(200);
    let database = Database::open_with(&url(&path), &options).await.unwrap();
    put(&database, &plain("user")).await;
    let mut raw = raw(&path).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.unwrap();
    let edit = |_| Ok(Some(full("user")));
    let error = database.edit(&name("user"), Box::new(edit)).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    let at = Timestamp::from_unix(1_800_000_000);
    let error = database.used(&name("user"), ("", "SCRAM-SHA-256"), at).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
    // Who reads does not wait.
    assert_eq!(find(&database, "user").await, Some(plain("user")));
    sqlx::query("ROLLBACK").execute(&mut raw).await.unwrap();
    let accounts = vec![plain("other")];
    database.import(accounts, Conflict::Fail).await.unwrap();
}

async fn swept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut options = DatabaseOptions::default();
    options.counts = 10;
    let database = Database::open_with(&url(&path), &options).await.unwrap();
    let raw = tokio::sync::Mutex::new(raw(&path).await);
    counts::swept(&database, || {
        Box::pin(async {
            let count = "SELECT count(*) FROM counters";
            sqlx::query_scalar(count).fetch_one(&mut *raw.lock().await).await.unwrap()
        })
    })
    .await;
}
