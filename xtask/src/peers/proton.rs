//! Proton, from PyPI: AMQP 1.0 and nothing else, with all that Cyrus SASL has. Debian's own is built without that.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site, open};
use super::{Peer, Running, install, sasldb};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "proton",
    packages: &[
        "gcc",
        "libsasl2-dev",
        "libsasl2-modules",
        "libsasl2-modules-db",
        "libssl-dev",
        "pkg-config",
        "python3-dev",
        "python3-venv",
        "sasl2-bin",
    ],
    program: "saslpasswd2",
    needs_root: false,
    accounts: &CHAT,
    fetch: Some(fetch),
    start,
};

const WANTED: &str = "python-qpid-proton==0.40.0";
const MECHANISMS: &str = "EXTERNAL PLAIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 \
                          SCRAM-SHA-384 SCRAM-SHA-512";

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let sasl = room.join("sasl");
    fs::create_dir_all(&sasl)?;
    open(&sasl)?;
    let accounts = sasl.join("sasldb2");
    for account in &CHAT {
        sasldb::add(&accounts, None, account.stored)?;
    }
    let configuration = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: {MECHANISMS}\n",
        accounts.display()
    );
    fs::write(sasl.join("server.conf"), configuration)?;

    let [clear, tls, certified] = free_ports()?;
    let log = room.join("log");
    let certificates = &site.certificates;
    let mut command = Command::new(python());
    command.arg(run::root().join("xtask/peers/amqp10.py")).arg(&sasl);
    command.args([&certificates.server, &certificates.server_key, &certificates.ca]);
    command.args([clear, tls, certified].map(|port| port.to_string()));
    let mut server = Process::start(name, &mut command, &log)?;
    for port in [clear, tls, certified] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        places: Vec::new(),
        ports: vec![
            ("amqp", clear),
            ("amqp10", clear),
            ("amqp10s", tls),
            ("amqp10s-certificate", certified),
        ],
        log,
    })
}

/// Builds it, once, into a place of its own.
fn fetch() -> Result<()> {
    if version().is_some() {
        return Ok(());
    }
    let folder = folder();
    fs::remove_dir_all(&folder).ok();
    println!("building {WANTED}, which takes a minute");
    // Debian's Python is the one whose headers the packages above are.
    let mut make = Command::new("/usr/bin/python3");
    let said = run::output(make.args(["-m", "venv"]).arg(&folder), run::SHORT)?;
    if !said.success() {
        bail!("no place for {WANTED}: {}", said.text());
    }
    install::with_retries(|| {
        let mut pip = Command::new(python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", WANTED]);
        pip
    })
}

/// What was built, with its version.
pub(super) fn version() -> Option<String> {
    const SHOW: &str =
        "import proton; print('python-qpid-proton', '.'.join(map(str, proton.VERSION)))";
    let said = run::output(Command::new(python()).args(["-c", SHOW]), run::SHORT).ok()?;
    said.success().then(|| said.stdout.trim().to_owned())
}

fn python() -> PathBuf {
    folder().join("bin/python")
}

fn folder() -> PathBuf {
    run::target().join("peers/proton")
}
