//! memcached 1.6: the binary protocol, in clear and over TLS, with all that Cyrus SASL has over its own sasldb.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site, give, open, user_ids};
use super::{Peer, Running, sasldb};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "memcached",
    packages: &[
        "libsasl2-modules",
        "libsasl2-modules-db",
        "libsasl2-modules-otp",
        "memcached",
        "sasl2-bin",
    ],
    program: "memcached",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

const MECHANISMS: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 SCRAM-SHA-384 \
                          SCRAM-SHA-512 ANONYMOUS OTP NTLM";

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
    fs::write(sasl.join("memcached.conf"), configuration)?;

    let [clear, tls] = free_ports()?;
    let certificates = &site.certificates;
    let program = run::find_program("memcached").context("memcached is not installed")?;
    let mut command = Command::new(program);
    command.env("SASL_CONF_PATH", &sasl).args(["-S", "-vv", "-t", "2", "-m", "16", "-Z", "-o"]);
    command.arg(format!(
        "ssl_chain_cert={},ssl_key={}",
        certificates.server.display(),
        certificates.server_key.display()
    ));
    command.arg("-l").arg(format!("notls:127.0.0.1:{clear},127.0.0.1:{tls}"));
    if site.is_root {
        // It counts one-time passwords down.
        give(&sasl, user_ids("memcache")?)?;
        command.args(["-u", "memcache"]);
    }
    let log = room.join("log");
    let mut server = Process::start(name, &mut command, &log)?;
    for port in [clear, tls] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        places: Vec::new(),
        ports: vec![("memcached", clear), ("memcached-tls", tls)],
        log,
    })
}
