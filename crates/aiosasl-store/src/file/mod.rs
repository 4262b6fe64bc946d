//! Accounts in a passwd-file, which Dovecot can read, too.
//!
//! | file | what it is |
//! | --- | --- |
//! | `FILE` | the accounts: Dovecot's lines, and between them ours, which are comments for Dovecot |
//! | `FILE.secret` | 32 random octets, of which decoys are made; mode 0600 |
//! | `FILE.lock` | empty; who writes has it locked |
//! | `FILE.new` | the next content of `FILE`, while somebody writes |

pub(crate) mod block;
mod disk;
mod document;
pub(crate) mod line;
mod uses;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aiosasl::{driver::BoxFuture, identity::AuthenticationId};

use self::{
    disk::{Lock, Stamp},
    document::{Changes, Document},
    uses::Uses,
};
use crate::{
    account::Account,
    backend::{Accounts, Backend, Conflict, Edit, Imported, Key, Settings},
    error::{StoreError, StoreErrorKind},
    name::NameRule,
    timestamp::Timestamp,
};

/// How often somebody looks whether the file has changed.
const LOOK: Duration = Duration::from_secs(1);

/// Accounts in a passwd-file. All of it is kept in memory, and each change writes all of it: right for some thousands of
/// accounts; for more there are databases.
///
/// It is read again when it has changed (looked at no more than once a second); a file that can't be understood is told to
/// the log, and what was there before stays in use. Uses of credentials are written with the next change, or after some
/// minutes.
#[derive(Debug)]
pub struct PasswdFile {
    path: PathBuf,
    now: Mutex<Now>,
    uses: Mutex<Uses>,
    /// Held by whoever changes something: they wait here, not at the file's lock.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Now {
    document: Arc<Document>,
    stamp: Stamp,
    looked: Instant,
}

impl PasswdFile {
    /// Opens a file that is there. It waits for the disk.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Missing`] where there is none, [`StoreErrorKind::Malformed`] with the number of a line that
    /// can't be understood, [`StoreErrorKind::Unavailable`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        // The file is replaced, not the symbolic link that leads to it.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (document, stamp) = read(&path)?;
        let now = Now { document, stamp, looked: Instant::now() };
        Ok(Self {
            path,
            now: Mutex::new(now),
            uses: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// Opens a file, and makes it where there is none. It waits for the disk.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`StoreErrorKind::Invalid`] where the file is there and has another rule.
    pub fn open_or_make(path: impl AsRef<Path>, names: NameRule) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let lock = disk::lock(path, disk::PATIENCE)?;
        match Stamp::of(path) {
            Err(error) if error.kind == StoreErrorKind::Missing => {
                disk::replace(path, line::names_line(names).as_bytes(), &lock)?;
            }
            _ => {}
        }
        drop(lock);
        let file = Self::open(path)?;
        match file.now().document.names() {
            rule if rule == names => {}
            rule => {
                let text = format!("{} has the rule {rule} for names", path.display());
                return Err(StoreError::new(StoreErrorKind::Invalid, text));
            }
        }
        Ok(file)
    }

    /// Reads the file again. It waits for the disk.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open); what was there before stays in use then.
    pub fn reload(&self) -> Result<(), StoreError> {
        let (document, stamp) = read(&self.path)?;
        *self.now() = Now { document, stamp, looked: Instant::now() };
        Ok(())
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        // Every change is made whole, after all that can panic.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the file holds, as of at most a second ago.
    async fn current(&self) -> Arc<Document> {
        let (document, old) = {
            let mut now = self.now();
            if now.looked.elapsed() < LOOK {
                return Arc::clone(&now.document);
            }
            // Others go on with what there is, until it is read.
            now.looked = Instant::now();
            (Arc::clone(&now.document), now.stamp)
        };
        let path = self.path.clone();
        let looked = off_thread(move || {
            let stamp = Stamp::of(&path)?;
            Ok((stamp != old).then(|| (stamp, read(&path))))
        });
        let (stamp, error) = match looked.await {
            Ok(None) => return document,
            Ok(Some((_, Ok((document, stamp))))) => {
                let mut now = self.now();
                (now.document, now.stamp) = (Arc::clone(&document), stamp);
                return document;
            }
            // It is not read again until it changes.
            Ok(Some((stamp, Err(error)))) => (stamp, error),
            Err(error) => (old, error),
        };
        self.now().stamp = stamp;
        tracing::error!(file = %self.path.display(), %error, "the accounts of before stay in use");
        document
    }

    /// Changes the file under its lock; `change` says from what is there now what is to be.
    async fn change<T>(
        &self,
        change: impl FnOnce(&Document, &Uses) -> Result<(Changes, T), StoreError>,
    ) -> Result<T, StoreError> {
        let _writing = self.writing.lock().await;
        let path = self.path.clone();
        let (lock, document) = off_thread(move || {
            let lock = disk::lock(&path, disk::PATIENCE)?;
            Ok((lock, read(&path)?.0))
        })
        .await?;
        let uses = self.uses().clone();
        let (mut changes, result) = change(&document, &uses)?;
        uses.complete(&document, &mut changes)?;
        if !changes.is_empty() {
            let path = self.path.clone();
            let write = move || write(&path, &document, &changes, &lock);
            let (document, stamp) = off_thread(write).await?;
            *self.now() = Now { document, stamp, looked: Instant::now() };
        }
        self.uses().forget(&uses);
        Ok(result)
    }

    fn write_uses(&self) -> Result<(), StoreError> {
        let uses = self.uses().clone();
        if uses.is_empty() {
            return Ok(());
        }
        let lock = disk::lock(&self.path, Duration::ZERO)?;
        let (document, _) = read(&self.path)?;
        let mut changes = Changes::new();
        uses.complete(&document, &mut changes)?;
        write(&self.path, &document, &changes, &lock).map(|_| ())
    }
}

impl Drop for PasswdFile {
    fn drop(&mut self) {
        if let Err(error) = self.write_uses() {
            tracing::warn!(file = %self.path.display(), %error, "last uses are lost");
        }
    }
}

impl Backend for PasswdFile {
    fn find<'a>(&'a self, key: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async move {
            let document = self.current().await;
            let name = match key {
                Key::Certificate(name) => document.by_certificate(name),
                Key::Name(name) => Some(name.as_str()),
                Key::Token(digest) => document.by_token(digest),
            };
            let mut account = name.map(|name| document.account(name)).transpose()?.flatten();
            if let Some(account) = &mut account {
                self.uses().apply(account);
            }
            Ok(account)
        })
    }
}

impl Accounts for PasswdFile {
    fn settings(&self) -> BoxFuture<'_, Result<Settings, StoreError>> {
        Box::pin(async {
            let path = self.path.clone();
            let secret = off_thread(move || disk::secret(&path)).await?;
            Ok(Settings { secret, names: self.now().document.names() })
        })
    }

    fn edit<'a>(
        &'a self,
        name: &'a AuthenticationId,
        mut edit: Edit<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let change = |document: &Document, uses: &Uses| {
                let mut old = document.account(name.as_str())?;
                if let Some(old) = &mut old {
                    uses.apply(old);
                }
                let new = edit(old.clone())?;
                if new.as_ref().is_some_and(|it| it.name != *name) {
                    let text = "a change keeps the account's name";
                    return Err(StoreError::new(StoreErrorKind::Invalid, text));
                }
                let changed = (new != old).then(|| (name.as_str().into(), new));
                Ok((changed.into_iter().collect(), ()))
            };
            self.change(change).await
        })
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a AuthenticationId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Account>, StoreError>> {
        Box::pin(async move {
            let document = self.current().await;
            let accounts = document.after(after.map(AuthenticationId::as_str)).take(limit);
            let mut accounts = accounts.collect::<Result<Vec<_>, _>>()?;
            let uses = self.uses();
            for account in &mut accounts {
                uses.apply(account);
            }
            Ok(accounts)
        })
    }

    fn import(
        &self,
        accounts: Vec<Account>,
        conflict: Conflict,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(self.change(move |document, _| take_in(document, accounts, conflict)))
    }

    fn used<'a>(
        &'a self,
        name: &'a AuthenticationId,
        slot: (&'a str, &'a str),
        at: Timestamp,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let is_due = self.uses().note(name.as_str(), slot, at);
            if is_due { self.change(|_, _| Ok((Changes::new(), ()))).await } else { Ok(()) }
        })
    }
}

fn take_in(
    document: &Document,
    accounts: Vec<Account>,
    conflict: Conflict,
) -> Result<(Changes, Imported), StoreError> {
    let mut changes = Changes::new();
    let mut imported = Imported::default();
    for account in accounts {
        let name = account.name.as_str();
        let is_taken = document.has(name) || changes.contains_key(name);
        match (is_taken, conflict) {
            (true, Conflict::Fail) => {
                let text = format!("there is an account {name:?}");
                return Err(StoreError::new(StoreErrorKind::Exists, text));
            }
            (true, Conflict::Skip) => {
                imported.skipped += 1;
                continue;
            }
            (true, Conflict::Replace) => imported.replaced += 1,
            (false, _) => imported.added += 1,
        }
        changes.insert(name.into(), Some(account));
    }
    Ok((changes, imported))
}

fn read(path: &Path) -> Result<(Arc<Document>, Stamp), StoreError> {
    let (octets, stamp) = disk::read(path)?;
    let document = Document::parse(octets).map_err(|error| {
        StoreError::new(StoreErrorKind::Malformed, path.display().to_string()).because(error)
    })?;
    Ok((Arc::new(document), stamp))
}

fn write(
    path: &Path,
    old: &Document,
    changes: &Changes,
    lock: &Lock,
) -> Result<(Arc<Document>, Stamp), StoreError> {
    let text = old.changed(changes)?;
    // What can't be read again must not be written.
    let document = Document::parse(text)?;
    let stamp = disk::replace(path, document.text(), lock)?;
    Ok((Arc::new(document), stamp))
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "a thread was lost").because(error)
    })?
}
