//! Files as they have to be handled where nothing may be lost: replaced as a whole, under a lock, with their owner and
//! their permissions.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use aiosasl::secret::Secret;
use fs4::{FileExt, TryLockError};
use zeroize::Zeroizing;

use crate::error::{StoreError, StoreErrorKind};

/// The largest passwd-file, in octets: all of it is kept in memory.
const MAX_FILE: u64 = 2 << 30;
/// How long somebody usually waits for others who write.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// The octets of a store's secret.
const SECRET_LEN: usize = 32;

/// By what a file that has changed is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    inode: u64,
}

/// The right to write; it ends with the value, and with the process.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Stamp {
    /// The file's, as it is now.
    pub(super) fn of(path: &Path) -> Result<Self, StoreError> {
        fs::metadata(path).map(|it| Self::new(&it)).map_err(|error| unreadable(path, error))
    }

    fn new(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Self { modified: metadata.modified().ok(), len: metadata.len(), inode }
    }
}

/// The whole file, and its stamp from before it was read.
///
/// # Errors
///
/// [`StoreErrorKind::Missing`] where there is none, [`StoreErrorKind::Unavailable`], and
/// [`StoreErrorKind::Unsupported`] where it is too large.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, Stamp), StoreError> {
    let failed = |error| unreadable(path, error);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut octets = Vec::with_capacity(usize::try_from(metadata.len().min(MAX_FILE)).unwrap_or(0));
    file.take(MAX_FILE + 1).read_to_end(&mut octets).map_err(failed)?;
    if octets.len() as u64 > MAX_FILE {
        let text = format!("{} has more than 2 GiB: that is work for a database", path.display());
        return Err(StoreError::new(StoreErrorKind::Unsupported, text));
    }
    Ok((octets, Stamp::new(&metadata)))
}

/// Puts new content in the place of a file: whoever reads it sees the old one or the new one, whatever happens. A file that
/// is made is its owner's alone.
///
/// # Errors
///
/// [`StoreErrorKind::Unavailable`]; the old content is there then.
pub(super) fn replace(path: &Path, octets: &[u8], _lock: &Lock) -> Result<Stamp, StoreError> {
    let new = beside(path, ".new");
    let replaced = write_new(&new, path, octets).and_then(|stamp| {
        fs::rename(&new, path)?;
        sync_folder(path)?;
        Ok(stamp)
    });
    replaced.map_err(|error| {
        fs::remove_file(&new).ok();
        failed(path, "write", error)
    })
}

fn write_new(new: &Path, old: &Path, octets: &[u8]) -> io::Result<Stamp> {
    // Only whoever has the lock writes here: what there is was left by somebody who died.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private().create_new(true).open(new)?;
    match fs::metadata(old) {
        Ok(metadata) => keep_owner(&file, &metadata)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.write_all(octets)?;
    file.sync_all()?;
    file.metadata().map(|it| Stamp::new(&it))
}

#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A name that was taken is safe only when the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(path))?.sync_all() } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits for others who write, and keeps them away.
///
/// # Errors
///
/// [`StoreErrorKind::Unavailable`] where that takes too long, and where no file can be made.
pub(super) fn lock(path: &Path, patience: Duration) -> Result<Lock, StoreError> {
    let place = beside(path, ".lock");
    let file = private().create(true).truncate(false).open(&place);
    let file = file.map_err(|error| failed(&place, "open", error))?;
    let started = Instant::now();
    loop {
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::Error(error)) => return Err(failed(&place, "lock", error)),
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                let text = format!("{} is locked by somebody who writes", path.display());
                return Err(StoreError::new(StoreErrorKind::Unavailable, text));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// The store's secret, which stands in a file of its own; made where there is none.
///
/// # Errors
///
/// [`StoreErrorKind::Malformed`] where the file holds something else, [`StoreErrorKind::Unavailable`].
pub(super) fn secret(path: &Path) -> Result<Secret, StoreError> {
    let place = beside(path, ".secret");
    let lock = match read_secret(&place) {
        Err(error) if error.kind == StoreErrorKind::Missing => lock(path, PATIENCE)?,
        other => return other,
    };
    // Somebody may have made it while we waited.
    match read_secret(&place) {
        Err(error) if error.kind == StoreErrorKind::Missing => {}
        other => return other,
    }
    let mut octets = Zeroizing::new([0; SECRET_LEN]);
    getrandom::fill(octets.as_mut()).map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "no randomness").because(error)
    })?;
    replace(&place, octets.as_ref(), &lock)?;
    Ok(Secret::new(octets.as_slice()))
}

fn read_secret(place: &Path) -> Result<Secret, StoreError> {
    let mut octets = Zeroizing::new(Vec::with_capacity(SECRET_LEN + 1));
    let read = File::open(place)
        .and_then(|file| file.take(SECRET_LEN as u64 + 1).read_to_end(&mut octets));
    read.map_err(|error| unreadable(place, error))?;
    if octets.len() != SECRET_LEN {
        let text = format!("expected {SECRET_LEN} octets in {}", place.display());
        return Err(StoreError::new(StoreErrorKind::Malformed, text));
    }
    Ok(Secret::new(octets.as_slice()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn unreadable(path: &Path, error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => {
            StoreError::new(StoreErrorKind::Missing, format!("there is no {}", path.display()))
        }
        _ => failed(path, "read", error),
    }
}

fn failed(path: &Path, what: &str, error: io::Error) -> StoreError {
    let text = format!("can't {what} {}", path.display());
    StoreError::new(StoreErrorKind::Unavailable, text).because(error)
}

#[cfg(test)]
mod tests;
