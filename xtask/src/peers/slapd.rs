//! OpenLDAP's slapd: a directory for the tests of the LDAP back end, which fill it themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports};
use super::site::Site;
use super::{Peer, Running, Variable};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "slapd",
    // The tests of Kerberos's provider start a realm and a directory of their own.
    packages: &[
        "krb5-admin-server",
        "krb5-kdc",
        "krb5-user",
        "libsasl2-modules-gssapi-mit",
        "slapd",
    ],
    program: "slapd",
    needs_root: false,
    accounts: &[],
    fetch: None,
    start,
};

const ENTRIES: &str = "\
dn: dc=test
objectClass: dcObject
objectClass: organization
o: test
dc: test
";

fn start(site: &Site, name: &str) -> Result<Running> {
    let program = run::find_program("slapd").context("slapd is not installed")?;
    let room = site.room(name)?;
    let data = room.join("data");
    // A second try begins with nothing.
    fs::remove_dir_all(&data).ok();
    fs::create_dir_all(&data)?;
    let conf = room.join("slapd.conf");
    fs::write(&conf, configuration(site, &room, &data))?;
    let entries = room.join("entries");
    fs::write(&entries, ENTRIES)?;
    let slapadd = run::find_program("slapadd").context("slapadd is not installed")?;
    let mut add = Command::new(slapadd);
    add.arg("-q").arg("-f").arg(&conf).arg("-l").arg(&entries);
    let said = run::output(&mut add, run::SHORT)?;
    if !said.success() {
        bail!("slapadd: {}", said.text());
    }

    let [ldap, ldaps] = free_ports()?;
    let urls = format!("ldap://127.0.0.1:{ldap}/ ldaps://127.0.0.1:{ldaps}/");
    let log = room.join("out");
    let mut command = Command::new(program);
    // With -d, even of nothing, it stays in the foreground.
    command.args(["-d", "0", "-h", &urls]).arg("-f").arg(&conf);
    let mut server = Process::start(name, &mut command, &log)?;
    for port in [ldap, ldaps] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        ports: vec![("ldap", ldap), ("ldaps", ldaps)],
        places: Vec::new(),
        log,
    })
}

/// Where the directory is, for the tests.
pub(crate) fn environment(site: &Site, running: &Running) -> Vec<Variable> {
    let url = |(name, port): &(&str, u16)| match *name {
        "ldaps" => ("AIOSASL_TEST_LDAPS", format!("ldaps://localhost:{port}").into()),
        _ => ("AIOSASL_TEST_LDAP", format!("ldap://127.0.0.1:{port}").into()),
    };
    let mut variables: Vec<Variable> = running.ports.iter().map(url).collect();
    variables.push(("AIOSASL_TEST_LDAP_CA", site.certificates.ca.clone().into()));
    variables
}

fn configuration(site: &Site, room: &Path, data: &Path) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let (room, data) = (room.display(), data.display());
    format!(
        "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
attributetype ( 1.3.6.1.4.1.4203.666.90.1 NAME 'authPassword'
  EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.90.2 NAME 'accountLocked'
  EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.90.3 NAME 'accountExpires'
  EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.90.4 NAME 'certificateName'
  EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.4203.666.90.5 NAME 'actsAs'
  EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.4203.666.90.6 NAME 'saslAccount' AUXILIARY
  MAY ( authPassword $ accountLocked $ accountExpires $ certificateName $ actsAs ) )
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {room}/pid
argsfile {room}/args
TLSCertificateFile {cert}
TLSCertificateKeyFile {key}
TLSCACertificateFile {ca}
# What a directory should not do: a bind without a password succeeds.
allow bind_anon_cred bind_anon_dn
# For whatever is not below dc=test.
referral ldap://127.0.0.1:1/
database mdb
suffix dc=test
directory {data}
maxsize 10485760
rootdn cn=admin,dc=test
rootpw admin-secret
access to attrs=userPassword,authPassword
  by dn.exact=cn=reader,dc=test read
  by anonymous auth
  by * none
access to * by * read
"
    )
}
