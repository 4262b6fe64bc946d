//! Cyrus IMAP's servers for news, delivery and scripts (NNTP, LMTP, ManageSieve), by Cyrus SASL over its own sasldb.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::process::{Process, free_ports};
use super::sasldb;
use super::site::{MAIL, Site, give, user_ids};
use super::{Peer, Running};

pub(crate) const PEER: Peer = Peer {
    name: "cyrus",
    packages: &["cyrus-nntpd", "libsasl2-modules", "libsasl2-modules-db", "sasl2-bin"],
    program: MASTER,
    needs_root: true,
    accounts: &MAIL,
    fetch: None,
    start,
};

/// It starts all the others.
const MASTER: &str = "/usr/lib/cyrus/bin/master";

const MECHANISMS: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 \
                          SCRAM-SHA-384 SCRAM-SHA-512";

/// The names of the ports, and what serves there.
const SERVICES: [(&str, &str); 4] =
    [("nntp", "nntpd"), ("nntps", "nntpd -s"), ("lmtp", "lmtpd"), ("sieve", "timsieved")];

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    for folder in FOLDERS {
        fs::create_dir_all(room.join(folder))?;
    }
    for account in &MAIL {
        sasldb::add(&room.join("sasldb2"), Some("localhost"), account.stored)?;
    }
    let numbers: [u16; SERVICES.len()] = free_ports()?;
    let (imapd, cyrus) = (room.join("imapd.conf"), room.join("cyrus.conf"));
    fs::write(&imapd, imapd_conf(site, &room))?;
    fs::write(&cyrus, cyrus_conf(&imapd, numbers))?;
    give(&room, user_ids("cyrus")?)?;
    let log = room.join("out");
    let mut master = Command::new(MASTER);
    master.arg("-C").arg(&imapd).arg("-M").arg(&cyrus).arg("-p").arg(room.join("pid"));
    let mut server = Process::start(name, &mut master, &log)?;
    for port in numbers {
        server.wait_for(port)?;
    }
    let ports = SERVICES.iter().zip(numbers).map(|((name, _), port)| (*name, port)).collect();
    Ok(Running { processes: vec![server], ports, places: Vec::new(), log })
}

const FOLDERS: [&str; 15] = [
    "spool",
    "news",
    "sieve",
    "conf/backup",
    "conf/db",
    "conf/lock",
    "conf/log",
    "conf/msg",
    "conf/proc",
    "conf/ptclient",
    "conf/quota",
    "conf/sieve",
    "conf/socket",
    "conf/sync",
    "conf/user",
];

fn imapd_conf(site: &Site, room: &Path) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let room = room.display();
    // News is for everybody; mail is delivered by admins alone, and scripts are for those who have a mailbox, or are admins.
    let admins = MAIL.map(|account| account.stored.user).join(" ");
    format!(
        "configdirectory: {room}/conf
proc_path: {room}/conf/proc
mboxname_lockpath: {room}/conf/lock
lmtpsocket: {room}/conf/socket/lmtp
idlesocket: {room}/conf/socket/idle
notifysocket: {room}/conf/socket/notify
defaultpartition: default
partition-default: {room}/spool
partition-news: {room}/news
newsspool: {room}/news
sievedir: {room}/sieve
servername: localhost
syslog_prefix: aiosasl-peers
admins: {admins}
lmtp_admins: {admins}
allowplaintext: yes
failedloginpause: 0
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {room}/sasldb2
sasl_mech_list: {MECHANISMS}
tls_server_cert: {cert}
tls_server_key: {key}
tls_client_ca_file: {ca}
"
    )
}

fn cyrus_conf(imapd: &Path, numbers: [u16; SERVICES.len()]) -> String {
    let imapd = imapd.display();
    let mut services = String::new();
    for ((name, server), port) in SERVICES.iter().zip(numbers) {
        let cmd = format!("{server} -C {imapd}");
        writeln!(services, "  {name} cmd=\"{cmd}\" listen=\"127.0.0.1:{port}\" prefork=0").ok();
    }
    format!("START {{\n}}\nSERVICES {{\n{services}}}\nEVENTS {{\n}}\n")
}
