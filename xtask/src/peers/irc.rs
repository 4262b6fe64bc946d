//! InspIRCd 3 with the services of Atheme 7.2, which know the accounts: in clear, with STARTTLS and over TLS.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports, tail};
use super::site::{CHAT, Site, give, user_ids};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "irc",
    packages: &["inspircd", "atheme-services"],
    program: "inspircd",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

/// The passwords of [`CHAT`], as `openssl passwd -6` stores them.
const STORED: [&str; 2] = [
    "$6$aiosasl$W9HGSLsBX357XIgdIvat45eGj1mRTVwkNkofjR2BTW.0h4mnKMnONjMlnlOd2.SD9h7My6nL6XnamvGA0eGrq/",
    "$6$aiosasl$CYGh.p6f4utul8uoQ2bcFwgnBclQ9FBH2jlyHHMOJ0lYUdigvikdyrHFUBJzBj6VVf19uyEGI8Vdyd9z/s7b3.",
];

/// How long the services may take to find their server.
const LINK_LIMIT: Duration = Duration::from_secs(20);

struct Ports {
    clear: u16,
    tls: u16,
    link: u16,
}

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [clear, tls, link] = free_ports()?;
    let ports = Ports { clear, tls, link };
    let (ircd, services) = (room.join("ircd"), room.join("services"));
    for folder in [&ircd, &services] {
        fs::create_dir_all(folder)?;
    }
    fs::write(ircd.join("inspircd.conf"), ircd_configuration(site, &ircd, &ports))?;
    fs::write(services.join("atheme.conf"), services_configuration(&services, &ports))?;
    fs::write(services.join("services.db"), accounts(site))?;
    if site.is_root {
        give(&room, user_ids("irc")?)?;
    }

    let mut command = command(site, "inspircd")?;
    command.args(["--nofork", "--runasroot"]);
    command.arg(format!("--config={}", ircd.join("inspircd.conf").display()));
    let mut server = Process::start(name, &mut command, &room.join("inspircd.out"))?;
    for port in [clear, tls, link] {
        server.wait_for(port)?;
    }
    let log = services.join("atheme.log");
    let mut command = self::command(site, "atheme-services")?;
    command.arg("-n").arg("-c").arg(services.join("atheme.conf"));
    command.arg("-D").arg(&services).arg("-l").arg(&log).arg("-p").arg(services.join("pid"));
    let out = room.join("atheme.out");
    let services = Process::start(&format!("{name} (services)"), &mut command, &out)?;
    wait_for_mechanisms(clear, &log)?;
    Ok(Running {
        processes: vec![services, server],
        places: Vec::new(),
        ports: vec![("irc", clear), ("ircs", tls)],
        log,
    })
}

/// One of the two programs under IRC's own user, where we may choose.
fn command(site: &Site, program: &str) -> Result<Command> {
    let found =
        run::find_program(program).with_context(|| format!("{program} is not installed"))?;
    let mut command = Command::new(found);
    command.current_dir("/");
    if site.is_root {
        let (uid, gid) = user_ids("irc")?;
        command.uid(uid).gid(gid);
    }
    Ok(command)
}

/// The server offers SASL once the services have told it their mechanisms.
fn wait_for_mechanisms(port: u16, log: &Path) -> Result<()> {
    let deadline = Instant::now() + LINK_LIMIT;
    while !capabilities(port)?.contains("sasl=") {
        if Instant::now() > deadline {
            bail!("the services do not come:\n{}", tail(log));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn capabilities(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"CAP LS 302\r\nQUIT\r\n")?;
    let mut said = Vec::new();
    // Whatever has come until the server hangs up, or is silent for too long.
    stream.take(65_536).read_to_end(&mut said).ok();
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn ircd_configuration(site: &Site, room: &Path, ports: &Ports) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let Ports { clear, tls, link } = ports;
    let room = room.display();
    format!(
        r#"<server name="irc.localhost" description="aiosasl peers" id="1IN" network="Peers">
<admin name="a" nick="a" email="a@localhost">
<bind address="127.0.0.1" port="{clear}" type="clients">
<bind address="127.0.0.1" port="{tls}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="{link}" type="servers">
<module name="ssl_gnutls"> <module name="starttls"> <module name="sslinfo">
<module name="spanningtree"> <module name="services_account"> <module name="cap"> <module name="sasl">
<module name="ircv3"> <module name="ircv3_capnotify">
<sslprofile name="tls" provider="gnutls" certfile="{cert}" keyfile="{key}"
  cafile="{ca}" requestclientcert="yes" hash="sha256" priority="NORMAL">
<starttls sslprofile="tls">
<services server="services.localhost"> <sasl target="services.localhost" requiressl="no">
<link name="services.localhost" ipaddr="127.0.0.1" port="{link}" allowmask="127.0.0.1/32"
  sendpass="link" recvpass="link"> <uline server="services.localhost">
<connect allow="*" timeout="60" threshold="1000" commandrate="100000" fakelag="no" localmax="500" globalmax="500"
  recvq="16384" softsendq="65536" hardsendq="1048576" useident="no" resolvehostnames="no" limit="500">
<performance softlimit="1000"> <path configdir="{room}" datadir="{room}" logdir="{room}">
<pid file="{room}/pid"> <log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{room}/log">
<class name="c" commands="*"> <options prefixquit="" nouserdns="yes" xlinemessage="no">
"#
    )
}

fn services_configuration(room: &Path, ports: &Ports) -> String {
    let Ports { link, .. } = ports;
    let room = room.display();
    format!(
        r#"loadmodule "modules/protocol/inspircd"; loadmodule "modules/backend/opensex";
loadmodule "modules/crypto/posix";
loadmodule "modules/nickserv/main"; loadmodule "modules/nickserv/identify"; loadmodule "modules/nickserv/cert";
loadmodule "modules/saslserv/main"; loadmodule "modules/saslserv/plain"; loadmodule "modules/saslserv/external";
serverinfo {{ name = "services.localhost"; desc = "services"; numeric = "00A"; recontime = 1; netname = "Peers";
  hidehostsuffix = "users.localhost"; adminname = "a"; adminemail = "a@localhost"; registeremail = "a@localhost";
  mta = "/bin/true"; loglevel = {{ error; info; admin; network; wallops; }}; maxlogins = 500; maxusers = 0;
  mdlimit = 30; emaillimit = 10; auth = none; casemapping = rfc1459; }};
uplink "irc.localhost" {{ host = "127.0.0.1"; send_password = "link"; receive_password = "link"; port = {link}; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.localhost"; real = "NickServ"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.localhost"; real = "SaslServ"; }};
database {{}}; logfile "{room}/atheme.log" {{ error; info; network; commands; }};
general {{ permissive_mode = yes; }};
"#
    )
}

/// The services' database: written here, since they register no password that has a space.
fn accounts(site: &Site) -> String {
    let mut text = "GRVER 1\nDBV 12\nLUID AAAAAAAADA\nCF +AFHORVabefhioqrstv\n".to_owned();
    for ((account, stored), id) in CHAT.iter().zip(STORED).zip(["AAAAAAAAB", "AAAAAAAAC"]) {
        let user = account.stored.user;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "MU {id} {user} {stored} {user}@localhost.localdomain 1400000000 1400000000 +Cb default\n\
             MN {user} {user} 1400000000 1400000000\n"
        );
    }
    let fingerprint = &site.certificates.client_fingerprint;
    text + &format!("MCFP user {fingerprint}\nKID 0\nXID 0\nQID 0\n")
}
