//! Where the accounts are: the option `--accounts`, and the store that it names.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use aiosasl_store::{
    Accounts, Counters, Database, DatabaseOptions, NameRule, PasswdFile, StoreError, StoreErrorKind,
};
use clap::Args;
use etcetera::BaseStrategy as _;

use crate::status::{Failure, Status};

/// The option `--accounts`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StoreOption {
    /// Where the accounts are: sqlite:FILE, postgres://..., file:FILE (a passwd-file); default: an SQLite database in the
    /// platform's folder for data
    // As text: an error of the parser of arguments would repeat it, with a password that does not belong there.
    #[arg(long, value_name = "DB", env = "AIOSASL_ACCOUNTS", hide_env_values = true)]
    accounts: Option<String>,
}

/// What to do where there is no store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IfMissing {
    /// Say so.
    Fail,
    /// Make it, with this rule for names, or the usual one. A store that is there must have the rule, if one is said.
    Make(Option<NameRule>),
}

/// A store, opened.
pub(crate) struct OpenStore {
    /// Its accounts.
    pub(crate) accounts: Arc<dyn Accounts>,
    database: Option<Arc<Database>>,
    file: Option<Arc<PasswdFile>>,
}

/// Where accounts can be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A database's URL.
    Database(String),
    /// A passwd-file.
    File(PathBuf),
}

impl StoreOption {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where there is no such store, of status 4 where it can't be reached.
    pub(crate) async fn open(&self, missing: IfMissing) -> Result<OpenStore, Failure> {
        let opened = match self.place(missing)? {
            Place::Database(url) => open_database(&url, missing).await,
            Place::File(path) => open_file(path, missing).await,
        };
        let store = opened.map_err(|error| failure(&error))?;
        if let IfMissing::Make(Some(rule)) = missing {
            let settings = store.accounts.settings().await.map_err(|error| failure(&error))?;
            if settings.names != rule {
                let text = format!("the store has the rule {} for names", settings.names);
                return Err(Failure::usage(text));
            }
        }
        Ok(store)
    }

    fn place(&self, missing: IfMissing) -> Result<Place, Failure> {
        match &self.accounts {
            Some(text) => place(text),
            None => default_place(missing),
        }
    }
}

async fn open_database(url: &str, missing: IfMissing) -> Result<OpenStore, StoreError> {
    let mut options = DatabaseOptions::default();
    match missing {
        // The database can't tell a file that is not there from one that can't be opened.
        IfMissing::Fail
            if url.strip_prefix("sqlite:").is_some_and(|it| !Path::new(it).exists()) =>
        {
            let text = format!("there is no {url}");
            return Err(StoreError::new(StoreErrorKind::Missing, text));
        }
        IfMissing::Fail => options.create = false,
        IfMissing::Make(names) => options.names = names.unwrap_or_default(),
    }
    let database = Arc::new(Database::open_with(url, &options).await?);
    Ok(OpenStore { accounts: Arc::clone(&database) as _, database: Some(database), file: None })
}

async fn open_file(path: PathBuf, missing: IfMissing) -> Result<OpenStore, StoreError> {
    let opened = tokio::task::spawn_blocking(move || match (PasswdFile::open(&path), missing) {
        (Err(error), IfMissing::Make(names)) if error.kind == StoreErrorKind::Missing => {
            PasswdFile::open_or_make(path, names.unwrap_or_default())
        }
        (opened, _) => opened,
    });
    let file = opened.await.map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "a thread was lost").because(error)
    })?;
    let file = Arc::new(file?);
    Ok(OpenStore { accounts: Arc::clone(&file) as _, database: None, file: Some(file) })
}

impl OpenStore {
    /// Where failures are counted for all who share the store, if it can do that.
    pub(crate) fn counters(&self) -> Option<Arc<dyn Counters>> {
        self.database.as_ref().map(|it| Arc::clone(it) as _)
    }

    /// Reads what is kept in memory again; where nothing is, that is nothing to do. It waits for the disk.
    pub(crate) fn reload(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |file| file.reload())
    }

    /// How many accounts are taken in at once: a passwd-file is written whole each time.
    pub(crate) fn batch(&self) -> usize {
        if self.file.is_some() { 100_000 } else { 5_000 }
    }

    /// Ends it.
    pub(crate) async fn close(&self) {
        if let Some(database) = &self.database {
            database.close().await;
        }
    }
}

/// Why a store did not do it, as the command's end.
pub(crate) fn failure(error: &StoreError) -> Failure {
    let status = match error.kind {
        StoreErrorKind::Unavailable => Status::Unreachable,
        StoreErrorKind::Malformed => Status::Failed,
        _ => Status::Usage,
    };
    Failure::new(status, error.to_string())
}

fn place(text: &str) -> Result<Place, Failure> {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    match scheme {
        "file" | "sqlite" if rest.is_empty() => {
            Err(Failure::usage(format!("--accounts: expected a file after {scheme}:")))
        }
        "file" => {
            // An absolute path may be written as in URLs.
            let path = rest.strip_prefix("//").filter(|it| it.starts_with('/')).unwrap_or(rest);
            Ok(Place::File(path.into()))
        }
        "postgres" | "postgresql" | "sqlite" => Ok(Place::Database(text.to_owned())),
        _ => Err(Failure::usage("--accounts: expected sqlite:FILE, postgres://... or file:FILE")),
    }
}

/// An SQLite database in the platform's folder for data.
fn default_place(missing: IfMissing) -> Result<Place, Failure> {
    let places = etcetera::base_strategy::choose_native_strategy();
    let places = places.map_err(|_| Failure::usage("there is no home: expected --accounts"))?;
    let folder = places.data_dir().join("aiosasl");
    if let IfMissing::Make(_) = missing {
        fs::create_dir_all(&folder).map_err(|error| {
            Failure::usage(format!("can't make the folder {}: {error}", folder.display()))
        })?;
    }
    let path = folder.join("accounts.sqlite");
    let path = path.to_str().ok_or_else(|| Failure::usage("expected a path in UTF-8"))?;
    Ok(Place::Database(format!("sqlite:{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let file = |path: &str| Some(Place::File(path.into()));
        let database = |url: &str| Some(Place::Database(url.to_owned()));
        for (text, expected) in [
            ("file:accounts", file("accounts")),
            ("file:/var/lib/accounts", file("/var/lib/accounts")),
            ("file:///var/lib/accounts", file("/var/lib/accounts")),
            ("sqlite:a.db", database("sqlite:a.db")),
            ("postgres://user:secret@host/db", database("postgres://user:secret@host/db")),
            ("file:", None),
            ("a.db", None),
            ("mysql://user:secret@host/db", None),
        ] {
            assert_eq!(place(text).ok(), expected, "{text}");
        }
        let failure = place("mysql://user:secret@host/db").unwrap_err();
        assert!(!failure.text.contains("secret"), "{failure}");
    }
}
