//! Dovecot 2.3: IMAP, POP3, submission and ManageSieve, in clear, with STARTTLS and over TLS; its authentication by itself;
//! and a saslauthd that asks it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::krb5;
use super::process::{Process, free_ports};
use super::relay;
use super::site::{MAIL, Site, give, user_ids};
use super::token;
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "dovecot",
    packages: &[
        "dovecot-gssapi",
        "dovecot-imapd",
        "dovecot-managesieved",
        "dovecot-pop3d",
        "dovecot-submissiond",
        "krb5-admin-server",
        "krb5-kdc",
        "krb5-user",
        "sasl2-bin",
    ],
    program: "dovecot",
    needs_root: false,
    accounts: &MAIL,
    fetch: None,
    start,
};

/// The services that face the network, and the names of their ports; those that end in an s have TLS from the start.
const SERVICES: [(&str, &[&str]); 5] = [
    ("auth", &["dovecot-auth-tcp"]),
    ("imap-login", &["imap", "imaps"]),
    ("managesieve-login", &["sieve"]),
    ("pop3-login", &["pop3", "pop3s"]),
    ("submission-login", &["submission", "submissions"]),
];

/// The number of a port, by its name.
type Ports = Vec<(&'static str, u16)>;

fn start(site: &Site, name: &str) -> Result<Running> {
    let program = run::find_program("dovecot").context("dovecot is not installed")?;
    let version = run::output(Command::new(&program).arg("--version"), run::SHORT)?.stdout;
    if !version.starts_with("2.3.") {
        bail!("this is Dovecot {}, whose configuration differs from 2.3's", version.trim());
    }
    let room = site.room(name)?;
    let relay = relay::start()?;
    let with_tickets = site.has_realm()?;
    let numbers: [u16; 8] = free_ports()?;
    let ports: Ports =
        SERVICES.iter().flat_map(|(_, names)| *names).copied().zip(numbers).collect();
    let mail = room.join("mail");
    fs::create_dir_all(&mail)?;
    fs::write(room.join("passwd"), passwd_file())?;
    token::validate_at(&room)?;
    let users = if site.is_root {
        give(&mail, user_ids("nobody")?)?;
        Users::package()
    } else {
        Users::ourselves()?
    };
    let conf = room.join("dovecot.conf");
    let mut text = configuration(site, &room, &ports, relay, &users);
    if with_tickets {
        text += &with_kerberos(site);
    }
    fs::write(&conf, text)?;

    let mut server = Process::start(
        name,
        Command::new(program).arg("-F").arg("-c").arg(&conf),
        &room.join("out"),
    )?;
    for (_, port) in &ports {
        server.wait_for(*port)?;
    }
    let mut processes = vec![server];
    let imap = ports.iter().find(|(name, _)| *name == "imap").context("a port for IMAP")?;
    let (saslauthd, mux) = saslauthd(&room, imap.1)?;
    processes.push(saslauthd);
    let at = |socket: &Path| socket.display().to_string();
    let places = vec![("dovecot-auth", at(&room.join("run/auth-client"))), ("saslauthd", at(&mux))];
    Ok(Running { processes, ports, places, log: room.join("log") })
}

/// A saslauthd whose passwords are right where one can log in to this IMAP with them; and its socket.
fn saslauthd(room: &Path, imap: u16) -> Result<(Process, PathBuf)> {
    let program = run::find_program("saslauthd").context("saslauthd is not installed")?;
    let folder = room.join("saslauthd");
    fs::create_dir_all(&folder)?;
    let mux = folder.join("mux");
    let mut server = Process::start(
        "saslauthd",
        Command::new(program)
            .args(["-d", "-n", "1", "-a", "rimap", "-O", &format!("127.0.0.1/{imap}"), "-m"])
            .arg(&folder),
        &room.join("saslauthd-out"),
    )?;
    server.wait_until(|| mux.exists())?;
    Ok((server, mux))
}

/// Tickets for any service that there are keys for; the user of the realm is the user here.
fn with_kerberos(site: &Site) -> String {
    let variables =
        krb5::environment(site).into_iter().fold(String::new(), |text, (name, value)| {
            text + " " + name + "=" + &value.to_string_lossy()
        });
    let keytab = site.path().join(krb5::PEER.name).join("keytab");
    format!(
        "auth_mechanisms = $auth_mechanisms gssapi gss-spnego
auth_gssapi_hostname = \"$ALL\"
auth_krb5_keytab = {}
import_environment = $import_environment{variables}
passdb {{
  driver = static
  args = nopassword=y k5principals=user@{}
  mechanisms = gssapi gss-spnego
}}
",
        keytab.display(),
        krb5::REALM
    )
}

/// Who does the work. Dovecot's own users face the network where root may choose them.
pub(super) struct Users {
    pub(super) login: String,
    pub(super) internal: String,
    pub(super) group: String,
    mail: (String, String),
    chroot: bool,
}

impl Users {
    pub(super) fn package() -> Self {
        Self {
            login: "dovenull".into(),
            internal: "dovecot".into(),
            group: "dovecot".into(),
            mail: ("nobody".into(), "nogroup".into()),
            chroot: true,
        }
    }

    pub(super) fn ourselves() -> Result<Self> {
        let [user, group] = ["-un", "-gn"].map(|what| {
            run::output(Command::new("id").arg(what), run::SHORT)
                .map(|it| it.stdout.trim().to_owned())
        });
        let (user, group) = (user?, group?);
        Ok(Self {
            login: user.clone(),
            internal: user.clone(),
            group: group.clone(),
            mail: (user, group),
            chroot: false,
        })
    }
}

pub(super) fn passwd_file() -> String {
    MAIL.iter().fold(String::new(), |mut text, account| {
        let super::site::Credentials { user, password } = account.stored;
        writeln!(text, "{user}:{{PLAIN}}{password}").ok();
        text
    })
}

fn configuration(site: &Site, room: &Path, ports: &Ports, relay: u16, users: &Users) -> String {
    let room = room.display();
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let (uid, gid) = &users.mail;
    let Users { login, internal, group, .. } = users;
    let mut text = format!(
        "protocols = imap pop3 submission sieve
base_dir = {room}/run
state_dir = {room}/run
instance_name = aiosasl-peers
log_path = {room}/log
auth_verbose = yes
# A refusal at once, every user name, mechanisms in clear: what is tested is the client.
auth_failure_delay = 0
auth_username_chars =
auth_username_format =
auth_mechanisms = plain login scram-sha-1 scram-sha-256 oauthbearer xoauth2 anonymous external
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
ssl_ca = <{ca}
ssl_verify_client_cert = yes
ssl_require_crl = no
ssl_dh =
ssl_min_protocol = TLSv1.2
first_valid_uid = 1
mail_location = maildir:{room}/mail/%u
mail_home = {room}/mail/%u
hostname = localhost
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
default_vsz_limit = 0
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = username_format=%u {room}/passwd
  mechanisms = plain login scram-sha-1 scram-sha-256
}}
passdb {{
  driver = oauth2
  args = {room}/oauth2.conf
  mechanisms = oauthbearer xoauth2
}}
passdb {{
  driver = static
  args = nopassword=y
  mechanisms = external anonymous
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={room}/mail/%u allow_all_users=yes
}}
"
    );
    for (name, listeners) in SERVICES {
        let has = |it: &&(&str, u16)| listeners.contains(&it.0);
        let listeners: Vec<_> = ports.iter().filter(has).copied().collect();
        text += &service(users, name, &listeners);
    }
    // No growing delay after refused logins.
    write!(
        text,
        "service anvil {{
{}  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
",
        chroot(users)
    )
    .ok();
    text + &service(users, "stats", &[])
}

pub(super) fn chroot(users: &Users) -> &'static str {
    if users.chroot { "" } else { "  chroot =\n" }
}

fn service(users: &Users, name: &str, listeners: &[(&str, u16)]) -> String {
    let mut text = format!("service {name} {{\n{}", chroot(users));
    for (listener, port) in listeners {
        let ssl = if listener.ends_with('s') { "    ssl = yes\n" } else { "" };
        writeln!(
            text,
            "  inet_listener {listener} {{\n    address = 127.0.0.1\n    port = {port}\n{ssl}  }}"
        )
        .ok();
    }
    text + "}\n"
}
