//! ZooKeeper 3.8, which asks for SASL, in clear and over TLS: DIGEST-MD5 with passwords of a file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "zookeeper",
    packages: &["zookeeper", "default-jre-headless"],
    program: "zookeeper",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

/// What the server needs; the first names most of its dependencies itself, but not these.
const JARS: [&str; 5] =
    ["zookeeper", "netty-codec", "netty-resolver", "slf4j-log4j12", "log4j-1.2"];

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [clear, tls] = free_ports()?;
    let certificates = &site.certificates;
    let both = [fs::read(&certificates.server_key)?, fs::read(&certificates.server)?].concat();
    let keys = room.join("server.pem");
    fs::write(&keys, both)?;
    let file = room.join("zoo.cfg");
    fs::write(&file, configuration(&room, &keys, &certificates.ca, clear, tls))?;
    let accounts_file = room.join("jaas.conf");
    fs::write(&accounts_file, accounts())?;
    fs::write(room.join("log4j.properties"), LOGGING)?;

    let mut login = std::ffi::OsString::from("-Djava.security.auth.login.config=");
    login.push(&accounts_file);
    let mut classes = room.as_os_str().to_owned();
    for jar in JARS {
        classes.push(format!(":/usr/share/java/{jar}.jar"));
    }
    let program = run::find_program("java").context("java is not installed")?;
    let mut command = Command::new(program);
    // It starts faster so.
    command.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    command.arg(login).arg("-cp").arg(classes);
    command.arg("org.apache.zookeeper.server.quorum.QuorumPeerMain").arg(&file);
    let log = room.join("log");
    let mut server = Process::start(name, command.current_dir(&room), &log)?;
    for port in [tls, clear] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        places: Vec::new(),
        ports: vec![("zookeeper", clear), ("zookeeper-tls", tls)],
        log,
    })
}

fn configuration(room: &Path, keys: &Path, ca: &Path, clear: u16, tls: u16) -> String {
    format!(
        "tickTime=2000\n\
         dataDir={}\n\
         clientPort={clear}\n\
         clientPortAddress=127.0.0.1\n\
         secureClientPort={tls}\n\
         secureClientPortAddress=127.0.0.1\n\
         serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n\
         admin.enableServer=false\n\
         maxClientCnxns=0\n\
         sessionRequireClientSASLAuth=true\n\
         authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n\
         ssl.keyStore.location={}\n\
         ssl.keyStore.type=PEM\n\
         ssl.trustStore.location={}\n\
         ssl.trustStore.type=PEM\n\
         ssl.clientAuth=none\n",
        room.join("data").display(),
        keys.display(),
        ca.display(),
    )
}

/// In the form of JAAS, whose texts are quoted as Java's are.
fn accounts() -> String {
    let mut text =
        "Server {\n  org.apache.zookeeper.server.auth.DigestLoginModule required".to_owned();
    for account in CHAT {
        let password = account.stored.password.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(text, "\n  user_{}=\"{password}\"", account.stored.user);
    }
    text.push_str(";\n};\n");
    text
}

const LOGGING: &str = "\
log4j.rootLogger=INFO, C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d %p %c: %m%n
";
