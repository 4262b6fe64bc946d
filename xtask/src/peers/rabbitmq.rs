//! RabbitMQ 3.10: AMQP 0-9-1 and 1.0 on the same ports, in clear and over TLS. It starts slowly, with an epmd of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64ct::{Base64, Encoding as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::process::{Process, free_ports, tail};
use super::site::{CHAT, Site, give, user_ids};
use super::{Peer, Running};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "rabbitmq",
    packages: &["rabbitmq-server"],
    program: "rabbitmq-server",
    // Debian keeps it to its own user.
    needs_root: true,
    accounts: &CHAT,
    fetch: None,
    start,
};

/// Erlang takes its time.
const LIMIT: Duration = Duration::from_secs(90);

struct Ports {
    amqp: u16,
    amqps: u16,
    distribution: u16,
    epmd: u16,
}

fn start(site: &Site, name: &str) -> Result<Running> {
    let room = site.room(name)?;
    let [amqp, amqps, distribution, epmd] = free_ports()?;
    let ports = Ports { amqp, amqps, distribution, epmd };
    fs::write(room.join("definitions.json"), definitions())?;
    fs::write(room.join("rabbitmq.conf"), configuration(site, &room, &ports))?;
    fs::write(room.join("plugins"), "[rabbitmq_auth_mechanism_ssl,rabbitmq_amqp1_0].")?;
    let cookie = room.join(".erlang.cookie");
    fs::write(&cookie, format!("AIOSASL{epmd}"))?;
    fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400))?;
    let user = user_ids("rabbitmq")?;
    give(&room, user)?;

    let found = run::find_program("epmd").context("epmd is not installed")?;
    let mut daemon = Command::new(found);
    daemon.args(["-port", &epmd.to_string(), "-address", "127.0.0.1"]);
    let mut daemon =
        Process::start("epmd", daemon.uid(user.0).gid(user.1), &room.join("epmd.out"))?;
    daemon.wait_for(epmd)?;

    let log = room.join("out");
    let mut command = Command::new(program()?);
    environment(&mut command, &room, &ports);
    let mut server = Process::start(name, command.uid(user.0).gid(user.1), &log)?;
    wait_for(amqps, &log)?;
    server.wait_for(amqp)?;
    Ok(Running {
        processes: vec![server, daemon],
        places: Vec::new(),
        ports: vec![("amqp", amqp), ("amqps", amqps), ("amqp10", amqp), ("amqp10s", amqps)],
        log,
    })
}

/// The server itself: the one in the path wants to change the user.
fn program() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/rabbitmq/lib").context("RabbitMQ is not installed")?;
    let found = versions.filter_map(Result::ok).map(|it| it.path().join("sbin/rabbitmq-server"));
    found.filter(|it| it.exists()).last().context("RabbitMQ is not installed")
}

fn environment(command: &mut Command, room: &Path, ports: &Ports) {
    let inside = |name: &str| room.join(name);
    command
        .current_dir(room)
        .env("HOME", room)
        .env("ERL_EPMD_PORT", ports.epmd.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODENAME", format!("peer{}@localhost", ports.amqp))
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("RABBITMQ_CONFIG_FILE", inside("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", inside("plugins"))
        .env("RABBITMQ_MNESIA_BASE", inside("mnesia"))
        .env("RABBITMQ_LOG_BASE", inside("log"))
        .env("RABBITMQ_PID_FILE", inside("pid"))
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", inside("none"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", inside("generated"))
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +S 1:1",
        );
}

fn wait_for(port: u16, log: &Path) -> Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let deadline = Instant::now() + LIMIT;
    while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        if Instant::now() > deadline {
            bail!("RabbitMQ does not answer:\n{}", tail(log));
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn definitions() -> String {
    let users = CHAT.map(|account| {
        json!({
            "name": account.stored.user,
            "password_hash": hash(account.stored.password),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": [],
        })
    });
    let permissions = CHAT.map(|account| {
        json!({ "user": account.stored.user, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" })
    });
    json!({ "users": users, "vhosts": [{ "name": "/" }], "permissions": permissions }).to_string()
}

/// Four octets of salt, and the digest of salt and password.
fn hash(password: &str) -> String {
    const SALT: [u8; 4] = *b"salt";
    let digest = Sha256::new().chain_update(SALT).chain_update(password).finalize();
    Base64::encode_string(&[&SALT[..], &digest[..]].concat())
}

fn configuration(site: &Site, room: &Path, ports: &Ports) -> String {
    let tls = &site.certificates;
    format!(
        "listeners.tcp.1 = 127.0.0.1:{}\n\
         listeners.ssl.1 = 127.0.0.1:{}\n\
         ssl_options.cacertfile = {}\n\
         ssl_options.certfile = {}\n\
         ssl_options.keyfile = {}\n\
         ssl_options.verify = verify_peer\n\
         ssl_options.fail_if_no_peer_cert = false\n\
         ssl_options.versions.1 = tlsv1.3\n\
         ssl_options.versions.2 = tlsv1.2\n\
         ssl_cert_login_from = common_name\n\
         auth_mechanisms.1 = PLAIN\n\
         auth_mechanisms.2 = AMQPLAIN\n\
         auth_mechanisms.3 = EXTERNAL\n\
         auth_mechanisms.4 = RABBIT-CR-DEMO\n\
         amqp1_0.default_user = user\n\
         load_definitions = {}\n",
        ports.amqp,
        ports.amqps,
        tls.ca.display(),
        tls.server.display(),
        tls.server_key.display(),
        room.join("definitions.json").display(),
    )
}
