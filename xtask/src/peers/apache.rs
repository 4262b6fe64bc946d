//! Apache 2.4 with name and password (Basic), in clear and over TLS.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site, open};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "apache",
    packages: &["apache2-bin", "apache2-utils"],
    program: "apache2",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

const MODULES: &str = "/usr/lib/apache2/modules";

/// What it needs for this, and nothing else.
const NEEDED: [&str; 7] =
    ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "ssl"];

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [http, https] = free_ports()?;
    let pages = room.join("pages");
    fs::create_dir_all(&pages)?;
    open(&pages)?;
    fs::write(pages.join("index.html"), "in\n")?;
    let passwords = room.join("passwords");
    write_passwords(&passwords)?;
    let file = room.join("apache.conf");
    fs::write(&file, configuration(site, &room, [http, https])?)?;
    let log = room.join("log");
    let mut command = Command::new(program("apache2")?);
    // As it is told: without a shell around it, nothing sets its variables.
    command.args(["-D", "FOREGROUND", "-d"]).arg(&room).arg("-f").arg(&file);
    let mut server = Process::start(name, &mut command, &log)?;
    for port in [http, https] {
        server.wait_for(port)?;
    }
    Ok(Running {
        processes: vec![server],
        places: Vec::new(),
        ports: vec![("http", http), ("https", https)],
        log,
    })
}

fn configuration(site: &Site, room: &Path, [http, https]: [u16; 2]) -> Result<String> {
    let mut text = String::new();
    for module in NEEDED {
        writeln!(text, "LoadModule {module}_module {MODULES}/mod_{module}.so")?;
    }
    if site.is_root {
        text += "User www-data\nGroup www-data\n";
    }
    let tls = &site.certificates;
    let place = room.display();
    write!(
        text,
        "ServerName localhost
DefaultRuntimeDir {place}
PidFile {place}/pid
ErrorLog {place}/error.log
Listen 127.0.0.1:{http}
Listen 127.0.0.1:{https}
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
DocumentRoot {place}/pages
<Directory {place}/pages>
AuthType Basic
AuthName \"the peers\"
AuthBasicProvider file
AuthUserFile {place}/passwords
Require valid-user
</Directory>
<VirtualHost 127.0.0.1:{https}>
SSLEngine on
SSLCertificateFile {}
SSLCertificateKeyFile {}
</VirtualHost>
",
        tls.server.display(),
        tls.server_key.display(),
    )?;
    Ok(text)
}

/// The passwords go in by a pipe: a command line can be read by everybody.
fn write_passwords(file: &Path) -> Result<()> {
    for (at, account) in CHAT.iter().enumerate() {
        let mut command = Command::new(program("htpasswd")?);
        command.arg(if at == 0 { "-ciB" } else { "-iB" }).arg(file).arg(account.stored.user);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(account.stored.password.as_bytes())?;
        }
        if !child.wait()?.success() {
            bail!("htpasswd did not take the account {}", account.key);
        }
    }
    open(file)
}

fn program(name: &str) -> Result<PathBuf> {
    run::find_program(name).with_context(|| format!("{name} is not installed"))
}
