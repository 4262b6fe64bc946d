//! OpenLDAP's slapd as people log in to it: by SASL with passwords from the directory, by tickets, certificates and the
//! Unix socket's peer, and by simple bind.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64ct::{Base64, Encoding};

use super::krb5;
use super::process::{Process, free_ports};
use super::site::{Account, MAIL, Site, plain};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "openldap",
    packages: &[
        "krb5-admin-server",
        "krb5-kdc",
        "krb5-user",
        "libsasl2-modules",
        "libsasl2-modules-gssapi-mit",
        "slapd",
    ],
    program: "slapd",
    needs_root: false,
    accounts: &ACCOUNTS,
    fetch: None,
    start,
};

/// The mail servers' accounts, by their names and by their entries'; and one whose name SCRAM must escape.
const ACCOUNTS: [Account; 8] = {
    let [user, hard, prepared] = MAIL;
    [
        plain("comma", "a,b=c", "pencil"),
        plain("user's entry", "uid=user,ou=people,dc=test", "pencil"),
        plain("hard's entry", "uid=quoted,ou=people,dc=test", "pässwörd € \"q\\b\"  z"),
        plain("wrong at user's entry", "uid=user,ou=people,dc=test", "pencils"),
        plain("nobody's entry", "uid=nobody,ou=people,dc=test", "pencil"),
        user,
        hard,
        prepared,
    ]
};

/// A server of the kind, with a directory of its own.
struct Instance {
    name: &'static str,
    /// What its logins are tied to (`sasl-cbinding`).
    binding: &'static str,
    /// Further lines of its configuration.
    more: &'static str,
}

const INSTANCES: [Instance; 4] = [
    Instance { name: "main", binding: "tls-endpoint", more: "" },
    Instance { name: "unique", binding: "tls-unique", more: "" },
    Instance { name: "strict", binding: "none", more: "security tls=128\n" },
    // It tells nobody what it can do before a login.
    Instance { name: "closed", binding: "none", more: "require authc\ndisallow bind_anon\n" },
];

fn start(site: &Site, name: &str) -> Result<Running> {
    let program = run::find_program("slapd").context("slapd is not installed")?;
    let room = site.room(name)?;
    let with_tickets = site.has_realm()?;
    let ports: [u16; 6] = free_ports()?;
    let names = ["ldap", "ldaps", "ldap-unique", "ldaps-unique", "ldap-strict", "ldap-closed"];
    let [ldap, ldaps, unique, uniques, strict, closed] =
        ports.map(|port| format!("127.0.0.1:{port}"));
    let socket = room.join("ldapi");
    let encoded = socket.display().to_string().replace('/', "%2F");
    let urls = [
        format!("ldap://{ldap}/ ldaps://{ldaps}/ ldapi://{encoded}/"),
        format!("ldap://{unique}/ ldaps://{uniques}/"),
        format!("ldap://{strict}/"),
        format!("ldap://{closed}/"),
    ];
    let mut processes = Vec::new();
    for (instance, urls) in INSTANCES.iter().zip(&urls) {
        let conf = directory(site, &room, instance)?;
        let mut command = Command::new(&program);
        // With -d, even of nothing, it stays in the foreground.
        command.args(["-d", "0", "-h", urls]).arg("-f").arg(&conf);
        if with_tickets {
            command.envs(krb5::environment(site));
        }
        let log = room.join(instance.name).join("out");
        processes.push(Process::start(instance.name, &mut command, &log)?);
    }
    let owners = [0, 0, 1, 1, 2, 3];
    for (port, owner) in ports.into_iter().zip(owners) {
        if let Some(process) = processes.get_mut(owner) {
            process.wait_for(port)?;
        }
    }
    Ok(Running {
        processes,
        ports: names.into_iter().zip(ports).collect(),
        places: vec![("ldapi", socket.display().to_string())],
        log: room.join("main").join("out"),
    })
}

/// Makes an instance's directory; where its configuration is.
fn directory(site: &Site, room: &Path, instance: &Instance) -> Result<std::path::PathBuf> {
    let home = room.join(instance.name);
    let data = home.join("data");
    // A second try begins with nothing.
    fs::remove_dir_all(&home).ok();
    fs::create_dir_all(&data)?;
    let conf = home.join("slapd.conf");
    fs::write(&conf, configuration(site, &home, &data, instance))?;
    let entries = home.join("entries");
    fs::write(&entries, ldif())?;
    let slapadd = run::find_program("slapadd").context("slapadd is not installed")?;
    let mut add = Command::new(slapadd);
    add.arg("-q").arg("-f").arg(&conf).arg("-l").arg(&entries);
    let said = run::output(&mut add, run::SHORT)?;
    if !said.success() {
        bail!("slapadd: {}", said.text());
    }
    Ok(conf)
}

/// The people, each with the password as it is: SASL's mechanisms take it from there.
fn ldif() -> String {
    let base = |text: &str| Base64::encode_string(text.as_bytes());
    let mut ldif = "\
dn: dc=test
objectClass: dcObject
objectClass: organization
o: test
dc: test

dn: ou=people,dc=test
objectClass: organizationalUnit
ou: people
"
    .to_owned();
    for account in ACCOUNTS.iter().filter(|account| !account.key.ends_with("entry")) {
        let user = account.stored.user;
        let escaped = user.replace(',', "\\2C").replace('=', "\\3D");
        let dn = base(&format!("uid={escaped},ou=people,dc=test"));
        let (uid, password) = (base(user), base(account.stored.password));
        write!(ldif, "\ndn:: {dn}\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid:: {uid}\nuserPassword:: {password}\n").ok();
    }
    ldif
}

fn configuration(site: &Site, home: &Path, data: &Path, instance: &Instance) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let (home, data) = (home.display(), data.display());
    let Instance { binding, more, .. } = instance;
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
argsfile {home}/args
sasl-host localhost
sasl-realm localhost
sasl-auxprops slapd
sasl-cbinding {binding}
# All that there is, passwords in the clear included.
sasl-secprops none
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
TLSCACertificateFile {ca}
TLSVerifyClient allow
authz-policy none
authz-regexp \"^uid=([^,@]+)(@[^,]+)?(,cn=[^,]+)*,cn=auth$\" \"uid=$1,ou=people,dc=test\"
authz-regexp \"^cn=([^,]+)$\" \"uid=$1,ou=people,dc=test\"
{more}database mdb
suffix dc=test
directory {data}
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"
    )
}
