//! Mosquitto 2: MQTT 5 with names and passwords, in clear and over TLS. It has no enhanced authentication of its own.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site, give, user_ids};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "mosquitto",
    packages: &["mosquitto"],
    program: "mosquitto",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [mqtt, mqtts] = free_ports()?;
    let passwords = room.join("passwords");
    fs::write(&passwords, accounts())?;
    let said = run::output(
        Command::new(program("mosquitto_passwd")?).arg("-U").arg(&passwords),
        run::SHORT,
    )?;
    if !said.success() {
        bail!("mosquitto_passwd: {}", said.text());
    }
    let tls = &site.certificates;
    let file = room.join("mosquitto.conf");
    let configuration = format!(
        "password_file {}\nallow_anonymous false\n\
         listener {mqtt} 127.0.0.1\n\
         listener {mqtts} 127.0.0.1\ncafile {}\ncertfile {}\nkeyfile {}\n",
        passwords.display(),
        tls.ca.display(),
        tls.server.display(),
        tls.server_key.display(),
    );
    fs::write(&file, configuration)?;
    if site.is_root {
        give(&room, user_ids("mosquitto")?)?;
    }
    let log = room.join("log");
    let mut command = Command::new(program("mosquitto")?);
    let mut server = Process::start(name, command.arg("-v").arg("-c").arg(&file), &log)?;
    for port in [mqtt, mqtts] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        places: Vec::new(),
        ports: vec![("mqtt", mqtt), ("mqtts", mqtts)],
        log,
    })
}

fn program(name: &str) -> Result<std::path::PathBuf> {
    run::find_program(name).with_context(|| format!("{name} is not installed"))
}

/// As they are: `mosquitto_passwd -U` hashes them in place.
fn accounts() -> String {
    let mut lines = String::new();
    for account in CHAT {
        let _ = writeln!(lines, "{}:{}", account.stored.user, account.stored.password);
    }
    lines
}
