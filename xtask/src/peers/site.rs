//! What all servers share: the folder, the certificates, the accounts, and who we are.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::certificates::Certificates;
use super::{Running, krb5};
use crate::run;

/// An account, with what the server stores and what a person types.
pub(crate) struct Account {
    /// Its name in `xtask/peers`.
    pub(crate) key: &'static str,
    pub(crate) stored: Credentials,
    pub(crate) typed: Credentials,
}

/// A name and a password.
#[derive(Clone, Copy)]
pub(crate) struct Credentials {
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
}

/// An account that is stored as it is typed.
pub(crate) const fn plain(
    key: &'static str,
    user: &'static str,
    password: &'static str,
) -> Account {
    let credentials = Credentials { user, password };
    Account { key, stored: credentials, typed: credentials }
}

/// The accounts of the mail servers.
pub(crate) const MAIL: [Account; 3] = [
    plain("user", "user", "pencil"),
    plain("hard", "quoted", "pässwörd € \"q\\b\"  z"),
    // What a person types becomes the stored form by SASLprep alone: none of the mail servers
    // prepares a password by itself.
    Account {
        key: "prepared",
        stored: Credentials { user: "Iviii", password: "pviiix" },
        typed: Credentials { user: "I\u{2177}", password: "p\u{2177}\u{AD}x" },
    },
];

/// The accounts of the chat servers.
pub(crate) const CHAT: [Account; 2] =
    [plain("user", "user", "pencil"), plain("hard", "hard", "pässwörd € \"q\" 'a' \\b,c=d")];

/// The temporary home of one run.
pub(crate) struct Site {
    /// The realm that several servers share; it ends before its folder does.
    realm: Mutex<Option<Running>>,
    folder: tempfile::TempDir,
    pub(crate) certificates: Certificates,
    pub(crate) is_root: bool,
}

impl Site {
    /// Makes the folder, passable for the servers' own users, with certificates in it.
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("aiosasl-peers-").tempdir()?;
        open(folder.path())?;
        let tls = folder.path().join("tls");
        let certificates = Certificates::make(&tls)?;
        Ok(Self { realm: Mutex::default(), folder, certificates, is_root: is_root() })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the realm, unless it is there already; false where the machine has not what it takes.
    pub(crate) fn has_realm(&self) -> Result<bool> {
        if run::find_program(krb5::PEER.program).is_none() {
            return Ok(false);
        }
        let mut realm = self.realm.lock().unwrap_or_else(PoisonError::into_inner);
        if realm.is_none() {
            *realm = Some((krb5::PEER.start)(self, krb5::PEER.name)?);
        }
        Ok(true)
    }

    /// A folder for one server.
    pub(crate) fn room(&self, name: &str) -> Result<PathBuf> {
        let room = self.path().join(name);
        fs::create_dir_all(&room)?;
        open(&room)?;
        Ok(room)
    }

    /// A file that holds `password`, for `--password-file`.
    pub(crate) fn password_file(&self, name: &str, password: &str) -> Result<PathBuf> {
        let folder = self.path().join("passwords");
        fs::create_dir_all(&folder)?;
        let file = folder.join(name);
        if !file.exists() {
            fs::write(&file, password)?;
        }
        Ok(file)
    }
}

/// Whether we may do what only the machine's owner may.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The numbers of a user of this machine: user, group.
pub(crate) fn user_ids(name: &str) -> Result<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find_map(|fields| match fields[..] {
            [user, _, uid, gid, ..] if user == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
            _ => None,
        })
        .with_context(|| format!("there is no user {name}"))
}

/// Lets everyone in.
pub(crate) fn open(path: &Path) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Gives `path`, and all below it, to a user.
pub(crate) fn give(path: &Path, (uid, gid): (u32, u32)) -> Result<()> {
    chown(path, Some(uid), Some(gid))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), (uid, gid))?;
        }
    }
    Ok(())
}
