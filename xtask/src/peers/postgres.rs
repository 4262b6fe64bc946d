//! PostgreSQL, for logins of every kind that it has, and for the tests of the accounts' store: TLS, names sorted as a
//! dictionary does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::{Process, free_ports, tail};
use super::site::{Account, CHAT, Credentials, Site, give, plain, user_ids};
use super::{Peer, Running, Variable};
use crate::run;

pub(crate) const PEER: Peer = Peer {
    name: "postgres",
    packages: &["postgresql-15"],
    program: "pg_ctlcluster",
    needs_root: false,
    accounts: &ACCOUNTS,
    fetch: None,
    start,
};

const PASSWORD: &str = "pencil";

/// What the names tell is how `HBA` lets them in.
const ACCOUNTS: [Account; 7] = [
    plain("user", "user", PASSWORD),
    plain("hard", "hard", CHAT[1].stored.password),
    plain("md5", "md5", PASSWORD),
    plain("clear", "clear", PASSWORD),
    // Forbidden by SASLprep, and so hashed and sent as it is.
    plain("unassigned", "unassigned", "pencil\u{1F511}"),
    plain("tls-only", "tls_only", PASSWORD),
    // A right password is not enough.
    plain("not-allowed", "not_allowed", PASSWORD),
];

/// How each user may come, the first line that fits.
const HBA: &str = "\
local   all  all       scram-sha-256
host    all  md5       127.0.0.1/32  md5
host    all  clear     127.0.0.1/32  password
hostssl cert user      127.0.0.1/32  cert
host    all  rejected  127.0.0.1/32  reject
host    all  trusted   127.0.0.1/32  trust
hostssl all  tls_only  127.0.0.1/32  scram-sha-256
host    all  tls_only  127.0.0.1/32  reject
host    all  all       127.0.0.1/32  scram-sha-256
";

fn start(site: &Site, name: &str) -> Result<Running> {
    let programs = programs().context("PostgreSQL is not installed")?;
    let room = site.room(name)?;
    let data = room.join("data");
    // A second try begins with nothing.
    fs::remove_dir_all(&data).ok();
    let password = room.join("password");
    fs::write(&password, PASSWORD)?;
    let key = room.join("server.key");
    fs::copy(&site.certificates.server_key, &key)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    // It refuses to run as root.
    let user = if site.is_root { Some(user_ids("postgres")?) } else { None };
    if let Some(user) = user {
        give(&room, user)?;
    }
    let by = |program: PathBuf| {
        let mut command = Command::new(program);
        command.current_dir(&room);
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command
    };
    let program = |name: &str| {
        let mut command = by(programs.join(name));
        command.arg("-D").arg(&data);
        command
    };
    let mut initdb = program("initdb");
    initdb.arg("--pwfile").arg(&password).args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        // Not the order of octets: who needs that has to say so.
        "--locale-provider=icu",
        "--icu-locale=en",
        "--no-sync",
    ]);
    let said = run::output(&mut initdb, run::SHORT)?;
    if !said.success() {
        bail!("initdb:\n{}", said.text());
    }
    fs::write(data.join("pg_hba.conf"), HBA)?;
    fs::write(room.join("statements"), statements())?;
    let mut single = by("sh".into());
    single.args(["-c", "exec \"$0\" \"$@\" <statements"]).arg(programs.join("postgres"));
    single.args(["--single", "-j"]).arg("-D").arg(&data).arg("postgres");
    let said = run::output(&mut single, run::SHORT)?;
    if !said.success() || said.text().contains("ERROR") {
        bail!("the accounts:\n{}", said.text());
    }
    let [port] = free_ports()?;
    let mut command = program("postgres");
    command.arg("-k").arg(&room).arg("-p").arg(port.to_string());
    let certificate = format!("ssl_cert_file={}", site.certificates.server.display());
    let key = format!("ssl_key_file={}", key.display());
    let ca = format!("ssl_ca_file={}", site.certificates.ca.display());
    let settings = ["listen_addresses=127.0.0.1", "max_connections=200", "fsync=off", "ssl=on"];
    for setting in settings.into_iter().chain([&*certificate, &*key, &*ca]) {
        command.arg("-c").arg(setting);
    }
    let log = site.path().join(format!("{name}.log"));
    let mut server = Process::start(name, &mut command, &log)?;
    server.wait_for(port)?;
    // It answers on its port before it lets anybody in.
    wait_until_ready(&log)?;
    Ok(Running {
        processes: vec![server],
        ports: vec![("postgres", port)],
        places: vec![
            ("postgres-postgres", format!("127.0.0.1:{port}/postgres")),
            ("postgres-cert", format!("user@127.0.0.1:{port}/cert")),
            ("postgres-nothing", format!("127.0.0.1:{port}/nothing")),
            ("postgres-trusted", format!("trusted@127.0.0.1:{port}/postgres")),
            ("postgres-socket", room.join(format!(".s.PGSQL.{port}")).display().to_string()),
        ],
        log,
    })
}

fn wait_until_ready(log: &Path) -> Result<()> {
    let deadline = Instant::now() + run::SHORT;
    while !fs::read_to_string(log)?.contains("database system is ready") {
        if Instant::now() > deadline {
            bail!("it is not ready:\n{}", tail(log));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// What makes the accounts, an empty line behind each.
fn statements() -> String {
    let account = |account: &Account| {
        let Credentials { user, password } = account.stored;
        let password = password.replace('\'', "''");
        let hash = if account.key == "md5" { "md5" } else { "scram-sha-256" };
        let login = if account.key == "not-allowed" { "NOLOGIN" } else { "LOGIN" };
        [
            format!("SET password_encryption = '{hash}'"),
            format!("CREATE ROLE \"{user}\" {login} PASSWORD '{password}'"),
        ]
    };
    let others = [
        "CREATE ROLE trusted LOGIN",
        // A database for whoever names none, and one that certificates open.
        "CREATE DATABASE \"user\" TEMPLATE template0",
        "CREATE DATABASE cert TEMPLATE template0",
    ];
    let all = ACCOUNTS.iter().flat_map(account).chain(others.map(str::to_owned));
    let end = ";\n\n";
    all.collect::<Vec<_>>().join(end) + end
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|it| Some(it.ok()?.path())).max_by_key(version)?;
    Some(newest.join("bin")).filter(|it| it.join("initdb").is_file())
}

/// Where a database is, for the tests.
pub(crate) fn environment(site: &Site, running: &Running) -> Vec<Variable> {
    let url = |(_, port): &(&str, u16)| {
        let ca = site.certificates.ca.display();
        let url = format!(
            "postgres://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={ca}"
        );
        ("AIOSASL_TEST_POSTGRES", url.into())
    };
    running.ports.iter().map(url).collect()
}
