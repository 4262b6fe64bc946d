//! PostgreSQL, for the tests of the accounts' store: passwords by SCRAM, TLS, names sorted as a dictionary does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::certificates::Certificates;
use super::install;
use super::process::{Process, free_ports};
use super::site::{give, is_root, open, user_ids};
use crate::run;

/// The variable in which the tests look for a server's URL.
pub(crate) const VARIABLE: &str = "AIOSASL_TEST_POSTGRES";

const PACKAGE: &str = "postgresql-15";
const PASSWORD: &str = "pencil";
const START_TRIES: u32 = 3;

/// A server; dropped, it ends, and its folder goes.
pub(crate) struct Postgres {
    pub(crate) url: String,
    _server: Process,
    _folder: TempDir,
}

/// Whether the package may be installed, where it is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Install,
    Refuse,
}

impl Postgres {
    /// Starts a server on a free port of 127.0.0.1.
    pub(crate) fn start(missing: Missing) -> Result<Self> {
        let programs = match (programs(), missing) {
            (Some(programs), _) => programs,
            (None, Missing::Refuse) => bail!("{PACKAGE} is not installed"),
            (None, Missing::Install) => {
                install::install_packages(&[PACKAGE])?;
                programs().with_context(|| format!("{PACKAGE} has brought no initdb"))?
            }
        };
        let mut last = None;
        // A port that was free a moment ago may be taken by now.
        for _ in 0..START_TRIES {
            match start(&programs) {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no try at all")?)
    }
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|it| Some(it.ok()?.path())).max_by_key(version)?;
    Some(newest.join("bin")).filter(|it| it.join("initdb").is_file())
}

fn start(programs: &Path) -> Result<Postgres> {
    let folder = tempfile::Builder::new().prefix("aiosasl-postgres-").tempdir()?;
    open(folder.path())?;
    let tls = Certificates::make(&folder.path().join("tls"))?;
    fs::set_permissions(&tls.server_key, fs::Permissions::from_mode(0o600))?;
    let password = folder.path().join("password");
    fs::write(&password, PASSWORD)?;
    // It refuses to run as root.
    let user = if is_root() { Some(user_ids("postgres")?) } else { None };
    if let Some(user) = user {
        give(folder.path(), user)?;
    }
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.current_dir(folder.path());
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command
    };
    let data = folder.path().join("data");
    let mut initdb = program("initdb");
    initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password).args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        // Not the order of octets: who needs that has to say so.
        "--locale-provider=icu",
        "--icu-locale=en",
        "--no-sync",
    ]);
    let said = run::output(&mut initdb, run::SHORT)?;
    if !said.success() {
        bail!("initdb:\n{}", said.text());
    }
    let [port] = free_ports()?;
    let mut command = program("postgres");
    command.arg("-D").arg(&data).arg("-k").arg(folder.path()).arg("-p").arg(port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "max_connections=200",
        "fsync=off",
        "ssl=on",
        &format!("ssl_cert_file={}", tls.server.display()),
        &format!("ssl_key_file={}", tls.server_key.display()),
    ] {
        command.arg("-c").arg(setting);
    }
    let mut server = Process::start("postgres", &mut command, &folder.path().join("log"))?;
    server.wait_for(port)?;
    let url = format!(
        "postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={}",
        tls.ca.display()
    );
    Ok(Postgres { url, _server: server, _folder: folder })
}
