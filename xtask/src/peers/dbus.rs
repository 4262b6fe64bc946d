//! dbus-daemon, over a Unix socket and TCP, by everything that it has. It runs as whoever runs us: its cookies lie in that
//! user's home.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::process::{Process, free_ports};
use super::site::Site;
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "dbus",
    packages: &["dbus-daemon"],
    program: "dbus-daemon",
    needs_root: false,
    accounts: &[],
    fetch: None,
    start,
};

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [tcp] = free_ports()?;
    // A second try finds no socket of the first in its way.
    let socket = room.join(format!("bus-{tcp}"));
    let file = room.join("bus.conf");
    fs::write(&file, configuration(&socket.display().to_string(), tcp))?;
    let log = room.join("log");
    let program = run::find_program("dbus-daemon").context("dbus-daemon is not installed")?;
    let mut command = Command::new(program);
    command.arg(format!("--config-file={}", file.display())).args(["--nofork", "--nopidfile"]);
    let mut server = Process::start(name, &mut command, &log)?;
    server.wait_for(tcp)?;
    Ok(Running {
        processes: vec![server],
        places: vec![("dbus", socket.display().to_string())],
        ports: vec![("dbus-tcp", tcp)],
        log,
    })
}

fn configuration(socket: &str, port: u16) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>tcp:host=127.0.0.1,port={port},family=ipv4</listen>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <auth>DBUS_COOKIE_SHA1</auth>
  <auth>ANONYMOUS</auth>
  <allow_anonymous/>
  <policy context="default">
    <allow user="*"/>
  </policy>
</busconfig>
"#
    )
}
