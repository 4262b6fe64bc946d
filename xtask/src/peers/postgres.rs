//! PostgreSQL, for the tests of the accounts' store: passwords by SCRAM, TLS, names sorted as a dictionary does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports};
use super::site::{Site, give, user_ids};
use super::{Peer, Running, Variable};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "postgres",
    packages: &["postgresql-15"],
    program: "pg_ctlcluster",
    needs_root: false,
    accounts: &[],
    fetch: None,
    start,
};

const PASSWORD: &str = "pencil";

fn start(site: &Site, name: &str) -> Result<Running> {
    let programs = programs().context("PostgreSQL is not installed")?;
    let room = site.room(name)?;
    let data = room.join("data");
    // A second try begins with nothing.
    fs::remove_dir_all(&data).ok();
    let password = room.join("password");
    fs::write(&password, PASSWORD)?;
    let key = room.join("server.key");
    fs::copy(&site.certificates.server_key, &key)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    // It refuses to run as root.
    let user = if site.is_root { Some(user_ids("postgres")?) } else { None };
    if let Some(user) = user {
        give(&room, user)?;
    }
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.current_dir(&room).arg("-D").arg(&data);
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command
    };
    let mut initdb = program("initdb");
    initdb.arg("--pwfile").arg(&password).args([
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
    command.arg("-k").arg(&room).arg("-p").arg(port.to_string());
    let certificate = format!("ssl_cert_file={}", site.certificates.server.display());
    let key = format!("ssl_key_file={}", key.display());
    let settings = ["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "ssl=on"];
    for setting in settings.into_iter().chain([&*certificate, &*key]) {
        command.arg("-c").arg(setting);
    }
    let log = site.path().join(format!("{name}.log"));
    let mut server = Process::start(name, &mut command, &log)?;
    server.wait_for(port)?;
    Ok(Running {
        processes: vec![server],
        ports: vec![("postgres", port)],
        places: Vec::new(),
        log,
    })
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|it| Some(it.ok()?.path())).max_by_key(version)?;
    Some(newest.join("bin")).filter(|it| it.join("initdb").is_file())
}

/// Where a database is, for the tests.
pub(crate) fn environment(site: &Site, running: &Running) -> Vec<Variable> {
    let url = |(_, port): &(&str, u16)| {
        let ca = site.certificates.ca.display();
        let url = format!(
            "postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={ca}"
        );
        ("AIOSASL_TEST_POSTGRES", url.into())
    };
    running.ports.iter().map(url).collect()
}
