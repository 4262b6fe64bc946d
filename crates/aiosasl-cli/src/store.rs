//! Where the accounts are: the option `--accounts`, and the store that it names.

use std::{path::PathBuf, sync::Arc};

use aiosasl_store::{Accounts, NameRule, PasswdFile, StoreError, StoreErrorKind};
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
    /// Make it, with this rule for names.
    #[expect(dead_code, reason = "accounts that are added need it")]
    Make(NameRule),
}

/// A store, opened.
pub(crate) struct OpenStore {
    /// Its accounts.
    pub(crate) accounts: Arc<dyn Accounts>,
    file: Option<Arc<PasswdFile>>,
}

/// Where accounts can be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A database behind a network.
    Url(String),
}

impl StoreOption {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where there is no such store, of status 4 where it can't be reached.
    pub(crate) async fn open(&self, missing: IfMissing) -> Result<OpenStore, Failure> {
        match self.place()? {
            Place::File(path) => {
                let opened = tokio::task::spawn_blocking(move || match missing {
                    IfMissing::Fail => PasswdFile::open(path),
                    IfMissing::Make(names) => PasswdFile::open_or_make(path, names),
                });
                let opened = opened.await.map_err(|error| Failure::usage(error.to_string()))?;
                let file = Arc::new(opened.map_err(|error| failure(&error))?);
                Ok(OpenStore { accounts: Arc::clone(&file) as _, file: Some(file) })
            }
            Place::Sqlite(_) | Place::Url(_) => {
                Err(Failure::usage("databases are not built in: expected file:FILE"))
            }
        }
    }

    fn place(&self) -> Result<Place, Failure> {
        match &self.accounts {
            Some(text) => place(text),
            None => default_file().map(Place::Sqlite),
        }
    }
}

impl OpenStore {
    /// Reads what is kept in memory again; where nothing is, that is nothing to do. It waits for the disk.
    pub(crate) fn reload(&self) -> Result<(), StoreError> {
        self.file.as_ref().map_or(Ok(()), |file| file.reload())
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
    // An absolute path may be written as in URLs.
    let path = rest.strip_prefix("//").filter(|it| it.starts_with('/')).unwrap_or(rest);
    match scheme {
        "file" | "sqlite" if path.is_empty() => {
            Err(Failure::usage(format!("--accounts: expected a file after {scheme}:")))
        }
        "file" => Ok(Place::File(path.into())),
        "sqlite" => Ok(Place::Sqlite(path.into())),
        "postgres" | "postgresql" => Ok(Place::Url(text.to_owned())),
        _ => Err(Failure::usage("--accounts: expected sqlite:FILE, postgres://... or file:FILE")),
    }
}

fn default_file() -> Result<PathBuf, Failure> {
    let places = etcetera::base_strategy::choose_native_strategy();
    let places = places.map_err(|_| Failure::usage("there is no home: expected --accounts"))?;
    Ok(places.data_dir().join("aiosasl").join("accounts.sqlite"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let file = |path: &str| Some(Place::File(path.into()));
        for (text, expected) in [
            ("file:accounts", file("accounts")),
            ("file:/var/lib/accounts", file("/var/lib/accounts")),
            ("file:///var/lib/accounts", file("/var/lib/accounts")),
            ("sqlite:a.db", Some(Place::Sqlite("a.db".into()))),
            (
                "postgres://user:secret@host/db",
                Some(Place::Url("postgres://user:secret@host/db".into())),
            ),
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
