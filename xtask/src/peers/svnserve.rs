//! svnserve 1.14 with two repositories: one whose accounts are Cyrus SASL's, and one with svnserve's own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site};
use super::{Peer, Running, sasldb};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "svnserve",
    packages: &["subversion", "libsasl2-modules", "libsasl2-modules-db", "sasl2-bin"],
    program: "svnserve",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

const REALM: &str = "localhost";

const MECHANISMS: &str = "CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 SCRAM-SHA-384 \
                          SCRAM-SHA-512 PLAIN ANONYMOUS";

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [port] = free_ports()?;
    let repositories = room.join("repositories");
    fs::create_dir_all(&repositories)?;
    write_cyrus(&room, &repositories)?;
    write_own(&repositories)?;
    let log = room.join("log");
    let mut command = Command::new(program("svnserve")?);
    command.env("SASL_CONF_PATH", room.join("sasl"));
    command.args(["--daemon", "--foreground", "--listen-host", "127.0.0.1", "--listen-port"]);
    command.arg(port.to_string()).arg("--root").arg(&repositories);
    let mut server = Process::start(name, &mut command, &log)?;
    server.wait_for(port)?;
    let at = |repository: &str| format!("127.0.0.1:{port}/{repository}");
    Ok(Running {
        processes: vec![server],
        places: vec![("svn-cyrus", at("cyrus")), ("svn-own", at("own"))],
        ports: Vec::new(),
        log,
    })
}

/// Both take anybody in for reading, who says so, and want a name for the rest.
fn general(more: &str) -> String {
    format!("[general]\nanon-access = read\nauth-access = write\nrealm = {REALM}\n{more}")
}

fn write_cyrus(room: &Path, repositories: &Path) -> Result<()> {
    let folder = room.join("sasl");
    fs::create_dir_all(&folder)?;
    let database = folder.join("sasldb2");
    for account in &CHAT {
        sasldb::add(&database, Some(REALM), account.stored)?;
    }
    let configuration = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: {MECHANISMS}\n",
        database.display()
    );
    fs::write(folder.join("svn.conf"), configuration)?;
    let sasl = "[sasl]\nuse-sasl = true\nmin-encryption = 0\nmax-encryption = 256\n";
    fs::write(create(repositories, "cyrus")?.join("svnserve.conf"), general(sasl))?;
    Ok(())
}

fn write_own(repositories: &Path) -> Result<()> {
    let folder = create(repositories, "own")?;
    let mut users = "[users]\n".to_owned();
    for account in &CHAT {
        writeln!(users, "{} = {}", account.stored.user, account.stored.password)?;
    }
    fs::write(folder.join("passwd"), users)?;
    fs::write(folder.join("svnserve.conf"), general("password-db = passwd\n"))?;
    Ok(())
}

/// Makes a repository; the folder of its configuration.
fn create(repositories: &Path, name: &str) -> Result<PathBuf> {
    let folder = repositories.join(name);
    if !folder.exists() {
        let mut command = Command::new(program("svnadmin")?);
        let said = run::output(command.arg("create").arg(&folder), run::SHORT)?;
        if !said.success() {
            bail!("svnadmin: {}", said.text());
        }
    }
    Ok(folder.join("conf"))
}

fn program(name: &str) -> Result<PathBuf> {
    run::find_program(name).with_context(|| format!("{name} is not installed"))
}
