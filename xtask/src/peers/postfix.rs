//! Postfix: SMTP with Cyrus SASL over its own sasldb, in clear, with STARTTLS, over TLS, and strict; and with Dovecot's
//! SASL.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports, tail};
use super::site::{MAIL, Site, give, open, user_ids};
use super::{Peer, Running, dovecot_auth, sasldb};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "postfix",
    packages: &[
        "postfix",
        "libsasl2-modules",
        "libsasl2-modules-db",
        "sasl2-bin",
        dovecot_auth::PACKAGE,
    ],
    program: "postfix",
    needs_root: true,
    accounts: &MAIL,
    fetch: None,
    start,
};

const MECHANISMS: &str = "PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-224 SCRAM-SHA-256 SCRAM-SHA-384 \
                          SCRAM-SHA-512 ANONYMOUS";

/// The ports' names, and what their server has of its own. Dovecot adds no realm to a name.
const SERVICES: [(&str, &str); 5] = [
    ("smtp", ""),
    ("smtps", "-o smtpd_tls_wrappermode=yes"),
    ("smtp-strict", "-o smtpd_tls_auth_only=yes -o smtpd_sasl_security_options=noanonymous"),
    (
        "smtp-dovecot",
        "-o smtpd_sasl_type=dovecot -o smtpd_sasl_path=$dovecot_socket -o smtpd_sasl_local_domain=",
    ),
    (
        "smtps-dovecot",
        "-o smtpd_tls_wrappermode=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path=$dovecot_socket \
         -o smtpd_sasl_local_domain=",
    ),
];

fn start(site: &Site, name: &str) -> Result<Running> {
    let program = run::find_program("postfix").context("postfix is not installed")?;
    let room = site.room(name)?;
    let postfix = user_ids("postfix")?;
    let [etc, spool, data, sasl] =
        ["etc", "spool", "data", "etc/sasl"].map(|folder| room.join(folder));
    for folder in [&etc, &spool, &data, &sasl] {
        fs::create_dir_all(folder)?;
        open(folder)?;
    }
    for account in &MAIL {
        sasldb::add(&sasl.join("sasldb2"), Some("localhost"), account.stored)?;
    }
    // Cyrus SASL's configuration is read from this folder, whatever `cyrus_sasl_config_path` says.
    fs::write(
        sasl.join("smtpd.conf"),
        format!(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: {MECHANISMS}\n",
            sasl.join("sasldb2").display()
        ),
    )?;
    let (dovecot, socket) = dovecot_auth::start(site, &room.join("dovecot"), name)?;
    let numbers: [u16; 5] = free_ports()?;
    let ports: Vec<_> = SERVICES.iter().map(|(port, _)| *port).zip(numbers).collect();
    fs::write(etc.join("main.cf"), main_cf(site, &room, &socket))?;
    fs::write(etc.join("master.cf"), master_cf(numbers))?;
    give(&data, postfix)?;
    give(&sasl, postfix)?;

    let said = run::output(Command::new(program).arg("-c").arg(&etc).arg("start"), run::SHORT)?;
    let log = room.join("log");
    if !said.success() {
        bail!("postfix did not start:\n{}\n{}", said.text(), tail(&log));
    }
    let mut server = Process::adopt(name, &spool.join("pid/master.pid"), &log)?;
    for (_, port) in &ports {
        server.wait_for(*port)?;
    }
    Ok(Running { processes: vec![server, dovecot], places: Vec::new(), ports, log })
}

fn main_cf(site: &Site, room: &Path, socket: &Path) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let (room, socket) = (room.display(), socket.display());
    format!(
        "compatibility_level = 3.6
queue_directory = {room}/spool
data_directory = {room}/data
maillog_file = {room}/log
maillog_file_prefixes = {room}
multi_instance_enable = no
multi_instance_name = postfix-aiosasl-peers
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
alias_maps =
local_recipient_maps =
default_transport = discard:
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_CAfile = {ca}
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options =
smtpd_sasl_local_domain = localhost
smtpd_sasl_service = smtp
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
dovecot_socket = {socket}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
"
    )
}

fn master_cf(ports: [u16; 5]) -> String {
    let servers = SERVICES.iter().zip(ports).fold(String::new(), |text, ((_, own), port)| {
        text + &format!("127.0.0.1:{port} inet n - n - - smtpd {own}\n")
    });
    format!(
        "{servers}pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}
