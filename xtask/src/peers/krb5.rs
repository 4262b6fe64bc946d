//! MIT Kerberos: a key distribution centre for one realm, keys for services on localhost, and a ticket of the user's.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports};
use super::site::Site;
use super::{Peer, Running, Variable};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "krb5",
    packages: &["krb5-admin-server", "krb5-kdc", "krb5-user"],
    program: "krb5kdc",
    needs_root: false,
    accounts: &[],
    fetch: None,
    start,
};

/// The realm. Its user is `user`.
pub(crate) const REALM: &str = "TEST.REALM";

/// The services that have keys, all on localhost.
const SERVICES: [&str; 8] = ["host", "imap", "ldap", "nntp", "pop", "sieve", "smtp", "xmpp"];

/// What a try leaves behind, and the next begins without.
const DATABASE: [&str; 6] =
    ["principal", "principal.kadm5", "principal.kadm5.lock", "principal.ok", "keytab", "stash"];

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    for file in DATABASE {
        fs::remove_file(room.join(file)).ok();
    }
    let [port] = free_ports()?;
    fs::write(room.join("krb5.conf"), client_configuration(port))?;
    fs::write(room.join("kdc.conf"), server_configuration(&room, port))?;
    let log = site.path().join(format!("{name}.log"));
    run(program("kdb5_util", site).args(["create", "-s", "-r", REALM, "-P", "master"]))?;
    fill(site, &room)?;
    let mut server =
        Process::start(name, program("krb5kdc", site).args(["-n", "-r", REALM]), &log)?;
    server.wait_for(port)?;
    let mut kinit = program("kinit", site);
    kinit.arg("-k").arg("-t").arg(room.join("user.keytab")).arg(format!("user@{REALM}"));
    run(&mut kinit)?;
    for file in ["keytab", "user.keytab", "ccache"] {
        fs::set_permissions(room.join(file), fs::Permissions::from_mode(0o644))?;
    }
    Ok(Running { processes: vec![server], ports: vec![("krb5", port)], places: Vec::new(), log })
}

/// What tells programs where the realm is, what the user's ticket and the services' keys.
pub(crate) fn environment(site: &Site) -> Vec<Variable> {
    let file = |name: &str| site.path().join(PEER.name).join(name);
    vec![
        ("KRB5_CONFIG", file("krb5.conf").into()),
        ("KRB5_KDC_PROFILE", file("kdc.conf").into()),
        ("KRB5_KTNAME", prefixed(&file("keytab"))),
        ("KRB5CCNAME", prefixed(&file("ccache"))),
        // Replayed tokens are noticed by the mechanisms' own state; a shared cache on disk only slows tests down.
        ("KRB5RCACHENAME", "none:".into()),
    ]
}

fn prefixed(file: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from("FILE:");
    text.push(file);
    text
}

fn client_configuration(port: u16) -> String {
    format!(
        "[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
 kdc = 127.0.0.1:{port}
}}
[domain_realm]
localhost = {REALM}
"
    )
}

fn server_configuration(room: &Path, port: u16) -> String {
    let room = room.display();
    format!(
        "[kdcdefaults]
kdc_listen = 127.0.0.1:{port}
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{REALM} = {{
 database_name = {room}/principal
 key_stash_file = {room}/stash
 max_life = 1d
}}
[logging]
kdc = FILE:{room}/kdc.log
"
    )
}

/// The principals and their keys.
fn fill(site: &Site, room: &Path) -> Result<()> {
    let room_name = room.display();
    let keys = SERVICES.map(|service| {
        format!("addprinc -randkey {service}/localhost\nktadd -q -k {room_name}/keytab {service}/localhost\n")
    });
    let user =
        format!("addprinc -pw pencil user\nktadd -q -norandkey -k {room_name}/user.keytab user\n");
    let script = keys.concat() + &user;
    let mut kadmin = program("kadmin.local", site);
    kadmin.args(["-r", REALM]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = kadmin.spawn().context("cannot run kadmin.local")?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(script.as_bytes())?;
    }
    let status = child.wait()?;
    if !status.success() || !room.join("user.keytab").is_file() {
        bail!("kadmin.local: {status}");
    }
    Ok(())
}

fn program(name: &str, site: &Site) -> Command {
    let file = run::find_program(name).unwrap_or_else(|| PathBuf::from(name));
    let mut command = Command::new(file);
    command.envs(environment(site));
    command
}

fn run(command: &mut Command) -> Result<()> {
    let said = run::output(command, run::SHORT)?;
    if !said.success() {
        bail!("{command:?}:\n{}", said.text());
    }
    Ok(())
}
