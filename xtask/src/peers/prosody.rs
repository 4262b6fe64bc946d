//! Prosody, 0.12 as installed and 13 unpacked beside it: a few small servers each, one per way of
//! authenticating, so that all of them are `localhost`.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports};
use super::site::{CHAT, Site, give, user_ids};
use super::{Peer, Running, backports, token};
use crate::run;

const PACKAGES: &[&str] = &["prosody", "prosody-modules", "lua-sec", "lua-unbound", "libicu72"];

pub(crate) const PEER: Peer = Peer {
    name: "prosody",
    packages: PACKAGES,
    program: "prosody",
    needs_root: false,
    accounts: &CHAT,
    fetch: None,
    start,
};

/// It borrows the installed one's dependencies, and its user.
pub(crate) const PEER_13: Peer = Peer {
    name: "prosody13",
    packages: PACKAGES,
    program: "prosody",
    needs_root: false,
    accounts: &CHAT,
    fetch: Some(backports::fetch),
    start: start_13,
};

struct Kind {
    name: &'static str,
    ports: [&'static str; 2],
    authentication: &'static str,
    has_accounts: bool,
    sasl2: Sasl2,
}

/// Whether a server has extensible SASL (XEP-0388), which Prosody 13 has modules for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sasl2 {
    /// Where it can.
    Possible,
    /// Otherwise there is no such server.
    Needed,
    /// Never: what came before it is tested.
    Unwanted,
}

const SASL2: &str = ", \"sasl2\", \"sasl2_bind2\", \"sasl2_fast\"";

const KINDS: [Kind; 6] = [
    Kind {
        name: "plain",
        ports: ["xmpp", "xmpps"],
        authentication: "authentication = \"internal_plain\"",
        has_accounts: true,
        sasl2: Sasl2::Unwanted,
    },
    Kind {
        name: "extensible",
        ports: ["xmpp-sasl2", "xmpps-sasl2"],
        authentication: "authentication = \"internal_plain\"",
        has_accounts: true,
        sasl2: Sasl2::Needed,
    },
    Kind {
        name: "hashed",
        ports: ["xmpp-hashed", "xmpps-hashed"],
        authentication: "authentication = \"internal_hashed\"\npassword_hash = \"SHA-256\"",
        has_accounts: true,
        sasl2: Sasl2::Possible,
    },
    Kind {
        name: "anonymous",
        ports: ["xmpp-anonymous", "xmpps-anonymous"],
        authentication: "authentication = \"anonymous\"",
        has_accounts: false,
        sasl2: Sasl2::Possible,
    },
    Kind {
        name: "certificate",
        ports: ["xmpp-certificate", "xmpps-certificate"],
        authentication: "authentication = \"ccert\"",
        has_accounts: false,
        sasl2: Sasl2::Possible,
    },
    Kind {
        name: "token",
        ports: ["xmpp-token", "xmpps-token"],
        authentication: "authentication = \"one_token\"",
        has_accounts: false,
        sasl2: Sasl2::Needed,
    },
];

fn start(site: &Site, name: &str) -> Result<Running> {
    let programs = Programs::make(&site.room(name)?, Path::new("/"))?;
    start_all(site, name, &programs, Version::V0_12)
}

fn start_13(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let root = room.join("root");
    backports::unpack(&root)?;
    let programs = Programs::make(&room, &root)?;
    start_all(site, name, &programs, Version::V13)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V0_12,
    V13,
}

impl Version {
    fn has(self, kind: &Kind) -> bool {
        self == Self::V13 || kind.sasl2 != Sasl2::Needed
    }

    fn extensible(self, kind: &Kind) -> &'static str {
        if self == Self::V13 && kind.sasl2 != Sasl2::Unwanted { SASL2 } else { "" }
    }
}

/// A module that knows one token, and whose it is: those of the package ask a web service.
fn one_token() -> Result<String> {
    let token = token::of("user")?;
    Ok(format!(
        r#"local token = "{token}"
module:provides("auth", {{
  user_exists = function (user) return user == "user" end;
  get_sasl_handler = function ()
    return require "util.sasl".new(module.host, {{ oauthbearer = function (_, said)
      if said == token then return "user", true, {{}} end
    end }});
  end;
}})
"#
    ))
}

/// Copies of the two programs that look for their library below `root`.
struct Programs {
    lua: String,
    prosody: PathBuf,
    prosodyctl: PathBuf,
}

impl Programs {
    fn make(room: &Path, root: &Path) -> Result<Self> {
        let library = root.join("usr/lib/prosody");
        let mut lua = None;
        let [prosody, prosodyctl] = ["prosody", "prosodyctl"].map(|program| -> Result<PathBuf> {
            let original = root.join("usr/bin").join(program);
            let text = fs::read_to_string(&original)
                .with_context(|| format!("cannot read {}", original.display()))?;
            let first = text.lines().next().unwrap_or_default();
            lua = first.rsplit(['!', ' ']).find(|it| it.contains("lua")).map(str::to_owned);
            let text = text.replace("'/usr/lib/prosody", &format!("'{}", library.display()));
            let copy = room.join(program);
            fs::write(&copy, text)?;
            Ok(copy)
        });
        let Some(lua) = lua else { bail!("cannot find out which Lua runs Prosody") };
        Ok(Self { lua, prosody: prosody?, prosodyctl: prosodyctl? })
    }
}

fn start_all(site: &Site, name: &str, programs: &Programs, version: Version) -> Result<Running> {
    let mut running = Running {
        processes: Vec::new(),
        ports: Vec::new(),
        places: Vec::new(),
        log: site.room(name)?.join("log"),
    };
    for kind in KINDS.iter().filter(|kind| version.has(kind)) {
        let room = site.room(&format!("{name}/{}", kind.name))?;
        let [clear, direct] = free_ports()?;
        let conf = room.join("prosody.cfg.lua");
        let modules = room.join("modules");
        fs::create_dir_all(&modules)?;
        fs::write(modules.join("mod_auth_one_token.lua"), one_token()?)?;
        let more = version.extensible(kind);
        fs::write(&conf, configuration(site, &room, &running.log, kind, more, [clear, direct]))?;
        fs::create_dir_all(room.join("data"))?;
        fs::write(&running.log, "")?;
        if site.is_root {
            give(&site.room(name)?, user_ids("prosody")?)?;
        }
        if kind.has_accounts {
            for account in &CHAT {
                let (user, password) = (account.stored.user, account.stored.password);
                let mut command = lua(site, programs, &programs.prosodyctl, &conf)?;
                command.args(["register", user, "localhost", password]);
                let said = run::output(&mut command, run::SHORT)?;
                if !said.success() {
                    bail!("{name} did not take the account {user}:\n{}", said.text());
                }
            }
        }
        let mut command = lua(site, programs, &programs.prosody, &conf)?;
        let mut server = Process::start(
            &format!("{name} ({})", kind.name),
            command.arg("-F"),
            &room.join("out"),
        )?;
        server.wait_for(clear)?;
        server.wait_for(direct)?;
        running.processes.push(server);
        running.ports.push((kind.ports[0], clear));
        running.ports.push((kind.ports[1], direct));
    }
    Ok(running)
}

/// One of the two programs under Prosody's own user, where we may choose.
fn lua(site: &Site, programs: &Programs, program: &Path, conf: &Path) -> Result<Command> {
    let mut command = Command::new(&programs.lua);
    command.arg(program).arg("--config").arg(conf).current_dir("/");
    if site.is_root {
        let (uid, gid) = user_ids("prosody")?;
        command.uid(uid).gid(gid);
    }
    Ok(command)
}

fn configuration(
    site: &Site,
    room: &Path,
    log: &Path,
    kind: &Kind,
    more_modules: &str,
    [clear, direct]: [u16; 2],
) -> String {
    let tls = &site.certificates;
    let (cert, key, ca) = (tls.server.display(), tls.server_key.display(), tls.ca.display());
    let end_point = &tls.end_point;
    let authentication = kind.authentication;
    let (room, log) = (room.display(), log.display());
    format!(
        r#"pidfile = "{room}/prosody.pid"
data_path = "{room}/data"
plugin_paths = {{ "{room}/modules" }}
log = {{ {{ levels = {{ min = "info" }}, to = "file", filename = "{log}" }} }}
modules_enabled = {{ "disco", "roster", "saslauth", "tls", "ping", "sasl_ssdp"{more_modules} }}
modules_disabled = {{ "s2s", "offline" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {clear} }}
c2s_direct_tls_ports = {{ {direct} }}
http_ports = {{}} https_ports = {{}} s2s_ports = {{}}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
disable_sasl_mechanisms = {{}}
-- Given, because "auto" holds for the first connection only.
tls_server_end_point_hash = "{end_point}"
local tls = {{ key = "{key}", certificate = "{cert}", cafile = "{ca}",
  verify = {{ "peer", "client_once" }}, verifyext = {{ lsec_ignore_purpose = false }} }}
ssl = tls  c2s_ssl = tls  c2s_direct_tls_ssl = tls
VirtualHost "localhost"
{authentication}
"#
    )
}
