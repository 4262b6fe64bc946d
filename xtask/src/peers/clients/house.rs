//! A server of ours over one store, with all its protocols, and what it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::peers::process::{Process, tail};
use crate::peers::rows::Tls;
use crate::peers::site::Site;
use crate::run;

/// The account.
pub(super) const USER: &str = "user";
/// Its password.
pub(super) const PASSWORD: &str = "pencil";
/// Its token.
pub(super) const TOKEN: &str = "a-token-that-nobody-guesses-0123456789";
/// Protocols, each without TLS from the start and with it, where it has a scheme for that.
const SCHEMES: [&str; 23] = [
    "http",
    "https",
    "imap",
    "imaps",
    "irc",
    "ircs",
    "kafka",
    "kafkas",
    "lmtp",
    "mongodb",
    "mongodbs",
    "mqtt",
    "mqtts",
    "nntp",
    "nntps",
    "pop3",
    "pop3s",
    "postgres",
    "sieve",
    "submission",
    "submissions",
    "xmpp",
    "xmpps",
];
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running server; dropped, it ends.
pub(super) struct House {
    pub(super) ca: PathBuf,
    ports: Vec<(String, u16)>,
    out: PathBuf,
    _process: Process,
}

impl House {
    /// Makes the account with our command, and starts the server.
    pub(super) fn open(
        site: &Site,
        command: &Path,
        name: &str,
        accounts: &str,
        offer: &[&str],
    ) -> Result<Self> {
        let room = site.room(&format!("serve-{name}"))?;
        let password = site.password_file("serve-password", PASSWORD)?;
        let token = site.password_file("serve-token", TOKEN)?;
        let mut add = Command::new(command);
        add.args(["account", "add", USER, "--accounts", accounts, "--password-file"]);
        add.arg(password).arg("--token-file").arg(token);
        let said = run::output(&mut add, run::SHORT)?;
        if !said.success() {
            bail!("account add: {}", said.text());
        }
        let ca = room.join("ca.pem");
        let out = room.join("out");
        let mut serve = Command::new(command);
        // Clients that meet the server in clear are part of the table, and so are many that fail.
        serve.args(["serve", "--json", "--allow-plaintext", "--no-throttle", "--log", "warn"]);
        serve.args(["--accounts", accounts, "--ca-out"]).arg(&ca);
        for scheme in SCHEMES {
            serve.arg("--listen").arg(format!("{scheme}://127.0.0.1:0"));
        }
        for mechanism in offer {
            serve.args(["-m", mechanism]);
        }
        let process = Process::start("aiosasl serve", &mut serve, &out)?;
        let ports = wait_for_ports(&out)?;
        Ok(Self { ca, ports, out, _process: process })
    }

    /// Where a protocol is spoken.
    pub(super) fn port(&self, protocol: &str, tls: Tls) -> Result<u16> {
        let scheme = match tls {
            Tls::Implicit => format!("{protocol}s"),
            _ => protocol.to_owned(),
        };
        let port = self.ports.iter().find(|(name, _)| *name == scheme).map(|(_, port)| *port);
        port.with_context(|| format!("nobody listens for {scheme}"))
    }

    /// The outcomes that it has told so far.
    pub(super) fn outcomes(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(&self.out)?;
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(lines.filter(|line| line["outcome"].is_string()).collect())
    }
}

/// The line with which it says where it listens.
fn wait_for_ports(out: &Path) -> Result<Vec<(String, u16)>> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let text = fs::read_to_string(out)?;
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let listening = lines.find_map(|line| line["listening"].as_array().cloned());
        if let Some(listening) = listening {
            return listening.iter().map(port).collect();
        }
        if Instant::now() > deadline {
            bail!("the server does not listen:\n{}", tail(out));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn port(listening: &Value) -> Result<(String, u16)> {
    let url = listening["url"].as_str().context("a URL")?;
    let (scheme, rest) = url.split_once("://").context("a scheme")?;
    let (_, port) = rest.rsplit_once(':').context("a port")?;
    Ok((scheme.to_owned(), port.parse()?))
}
