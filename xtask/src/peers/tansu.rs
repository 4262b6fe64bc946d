//! Tansu, a broker that speaks Kafka's protocol, in clear alone. It takes a quarter of an hour to build, and so is there only
//! for who asks for it by name.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Credentials, Site};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "tansu",
    packages: &[],
    program: "tansu",
    needs_root: false,
    accounts: &CHAT,
    fetch: Some(fetch),
    start,
};

const VERSION: &str = "0.6.0";

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let log = room.join("log");
    // Accounts can be made only while nobody has to log in.
    let [port] = free_ports()?;
    let mut open = broker(&room, port, &[], &room.join("accounts.log"))?;
    open.wait_for(port)?;
    for account in CHAT {
        for mechanism in ["scram256", "scram512"] {
            add(port, mechanism, account.stored)?;
        }
    }
    drop(open);
    let [port] = free_ports()?;
    let mut server = broker(&room, port, &["--authentication"], &log)?;
    server.wait_for(port)?;
    Ok(Running { processes: vec![server], places: Vec::new(), ports: vec![("kafka", port)], log })
}

fn broker(room: &Path, port: u16, more: &[&str], log: &Path) -> Result<Process> {
    let url = format!("tcp://127.0.0.1:{port}");
    let mut command = Command::new(program());
    command.args(["broker", "--listener-url", &url, "--advertised-listener-url", &url]);
    command.args(["--storage-engine", "sqlite://tansu.db"]).args(more);
    Process::start("tansu", command.current_dir(room).env("RUST_LOG", "warn"), log)
}

fn add(port: u16, mechanism: &str, account: Credentials) -> Result<()> {
    let mut command = Command::new(program());
    command.args(["user", "create", "--broker", &format!("tcp://127.0.0.1:{port}")]);
    command.args(["--mechanism", mechanism, account.user, account.password]);
    let said = run::output(&mut command, run::SHORT)?;
    if said.success() { Ok(()) } else { bail!("tansu user create: {}", said.text()) }
}

/// Builds it, once, into a place of its own.
fn fetch() -> Result<()> {
    if program().is_file() {
        return Ok(());
    }
    println!("building tansu {VERSION}, which takes a quarter of an hour");
    let mut cargo = run::cargo();
    cargo.args(["install", "tansu", "--version", VERSION, "--locked"]);
    cargo.args(["--no-default-features", "--features", "libsql", "--root"]).arg(folder());
    let said = run::output(&mut cargo, 3 * run::BUILD)?;
    if said.success() { Ok(()) } else { bail!("tansu does not build:\n{}", said.text()) }
}

/// What was built.
pub(super) fn version() -> Option<String> {
    program().is_file().then(|| format!("tansu {VERSION}"))
}

fn program() -> PathBuf {
    folder().join("bin/tansu")
}

fn folder() -> PathBuf {
    run::target().join("peers/tansu")
}
