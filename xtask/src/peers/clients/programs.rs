//! The clients: what each is installed from, and how it is told to log in.

use std::path::Path;
use std::process::Command;

use super::confluent;
use crate::peers::install;
use crate::peers::interop;
use crate::peers::rows::Tls;
use crate::peers::site::Site;
use crate::run;

/// A client.
pub(super) struct Program {
    pub(super) name: &'static str,
    packages: &'static [&'static str],
    /// The file whose absence means that it is not installed.
    file: &'static str,
    pub(super) tells: Tells,
    pub(super) command: fn(&Login<'_>) -> Command,
}

/// What a client's exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// Nothing: it ends as it was told to.
    Nothing,
    /// Whether it came in.
    Outcome,
}

/// One login.
pub(super) struct Login<'a> {
    pub(super) protocol: &'a str,
    pub(super) tls: Tls,
    pub(super) port: u16,
    pub(super) ca: &'a Path,
    pub(super) mechanism: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

const ALL: [Program; 13] = [
    Program {
        name: "asyncpg",
        packages: &["python3-asyncpg"],
        file: "python3",
        tells: Tells::Outcome,
        command: asyncpg,
    },
    Program {
        name: "confluent-kafka",
        packages: &["python3-venv"],
        file: "python3",
        tells: Tells::Outcome,
        command: confluent_kafka,
    },
    Program {
        name: "curl",
        packages: &["curl"],
        file: "curl",
        tells: Tells::Outcome,
        command: curl,
    },
    Program {
        name: "gsasl",
        packages: &["gsasl"],
        file: "gsasl",
        tells: Tells::Outcome,
        command: gsasl,
    },
    Program {
        name: "kcat",
        packages: &["kcat"],
        file: "kcat",
        tells: Tells::Outcome,
        command: kcat,
    },
    Program {
        name: "paho",
        packages: &["python3-paho-mqtt"],
        file: "python3",
        tells: Tells::Outcome,
        command: paho,
    },
    Program {
        name: "psql",
        packages: &["postgresql-client"],
        file: "psql",
        tells: Tells::Outcome,
        command: psql,
    },
    Program {
        name: "pymongo",
        packages: &["python3-pymongo"],
        file: "python3",
        tells: Tells::Outcome,
        command: pymongo,
    },
    Program {
        name: "python",
        packages: &["python3"],
        file: "python3",
        tells: Tells::Outcome,
        command: python,
    },
    Program {
        name: "sieve-connect",
        packages: &["sieve-connect"],
        file: "sieve-connect",
        tells: Tells::Outcome,
        command: sieve_connect,
    },
    Program {
        name: "slixmpp",
        packages: &["python3-slixmpp"],
        file: "python3",
        tells: Tells::Outcome,
        command: slixmpp,
    },
    Program {
        name: "swaks",
        packages: &["swaks"],
        file: "swaks",
        tells: Tells::Outcome,
        command: swaks,
    },
    Program {
        name: "weechat",
        packages: &["weechat-headless"],
        file: "weechat-headless",
        tells: Tells::Nothing,
        command: weechat,
    },
];

/// Where Debian's Python is, which has Debian's modules.
const PYTHON: &str = "/usr/bin/python3";

pub(super) fn find(name: &str) -> Option<&'static Program> {
    ALL.iter().find(|program| program.name == name)
}

/// Package and version of a client.
pub(super) fn version(name: &str) -> String {
    if name == confluent::NAME {
        return confluent::version();
    }
    find(name).map_or_else(String::new, |program| interop::of_packages(program.packages))
}

/// Gets the clients onto the machine; what comes back is which are not there, and why.
pub(super) fn install(site: &Site) -> Vec<(&'static str, String)> {
    let mut missing = Vec::new();
    for program in &ALL {
        let mut got = if site.is_root { install::packages(program.packages).err() } else { None };
        if program.name == confluent::NAME {
            got = got.or_else(|| confluent::fetch().err());
        }
        let fetched = program.name != confluent::NAME || confluent::python().is_file();
        if !fetched || run::find_program(program.file).is_none() {
            let reason = got.map_or_else(
                || format!("install {} as root", program.packages.join(" ")),
                |error| format!("{error:#}"),
            );
            missing.push((program.name, reason));
        }
    }
    missing
}

fn curl(login: &Login<'_>) -> Command {
    let mut command = Command::new("curl");
    let scheme = match (login.protocol, login.tls) {
        ("submission", Tls::Implicit) => "smtps".to_owned(),
        ("submission", _) => "smtp".to_owned(),
        (protocol, Tls::Implicit) => format!("{protocol}s"),
        (protocol, _) => protocol.to_owned(),
    };
    command.args(["--silent", "--show-error", "--max-time", "20", "--cacert"]).arg(login.ca);
    let url = format!("{scheme}://localhost:{}/", login.port);
    if login.protocol == "http" {
        curl_http(&mut command, login);
        command.arg(url);
        return command;
    }
    if login.tls == Tls::Starttls {
        command.arg("--ssl-reqd");
    }
    match login.mechanism {
        "OAUTHBEARER" | "XOAUTH2" => {
            command.args(["--user", login.user, "--oauth2-bearer", login.password]);
        }
        _ => {
            command.arg("--user").arg(format!("{}:{}", login.user, login.password));
        }
    }
    if login.mechanism != "any" {
        command.arg("--login-options").arg(format!("AUTH={}", login.mechanism));
    }
    // What it does then needs a mailbox, where it is not told to do something else.
    match login.protocol {
        "pop3" => command.args(["--request", "NOOP", "--head"]),
        _ => command.args(["--request", "NOOP"]),
    };
    command.arg(url);
    command
}

/// Without `--fail`, every answer is a success to it.
fn curl_http(command: &mut Command, login: &Login<'_>) {
    command.args(["--fail", "--output", "/dev/null"]);
    match login.mechanism {
        "BEARER" => command.args(["--oauth2-bearer", login.password]),
        mechanism => {
            command.arg(if mechanism == "any" { "--anyauth" } else { "--basic" });
            command.arg("--user").arg(format!("{}:{}", login.user, login.password))
        }
    };
}

fn gsasl(login: &Login<'_>) -> Command {
    let mut command = Command::new("gsasl");
    let protocol = if login.protocol == "submission" { "--smtp" } else { "--imap" };
    command.args([protocol, "localhost", &login.port.to_string()]);
    command.args(["--mechanism", login.mechanism]);
    command.args(["--authentication-id", login.user, "--password", login.password]);
    match login.tls {
        Tls::Starttls => command.arg("--starttls").arg("--x509-ca-file").arg(login.ca),
        _ => command.arg("--no-starttls"),
    };
    if !login.mechanism.ends_with("-PLUS") {
        command.arg("--no-cb");
    }
    command
}

fn confluent_kafka(login: &Login<'_>) -> Command {
    let mut command = Command::new(confluent::python());
    command.arg(run::root().join("xtask/clients/kafka.py"));
    command.args([login.tls.name(), &login.port.to_string()]).arg(login.ca);
    command.args([login.mechanism, login.user]).env("PASSWORD", login.password);
    command
}

fn kcat(login: &Login<'_>) -> Command {
    let mut command = Command::new("kcat");
    command.args(["-L", "-m", "6", "-b", &format!("localhost:{}", login.port)]);
    let protocol = if login.tls == Tls::Implicit { "SASL_SSL" } else { "SASL_PLAINTEXT" };
    for setting in [
        format!("security.protocol={protocol}"),
        format!("ssl.ca.location={}", login.ca.display()),
        format!("sasl.mechanisms={}", login.mechanism),
        format!("sasl.username={}", login.user),
        format!("sasl.password={}", login.password),
        // One try is enough.
        "reconnect.backoff.ms=20000".to_owned(),
        "reconnect.backoff.max.ms=20000".to_owned(),
    ] {
        command.args(["-X", &setting]);
    }
    command
}

fn python(login: &Login<'_>) -> Command {
    let protocol = if login.protocol == "submission" { "smtp" } else { login.protocol };
    script("mail.py", &[protocol], login)
}

fn paho(login: &Login<'_>) -> Command {
    script("mqtt.py", &[], login)
}

fn slixmpp(login: &Login<'_>) -> Command {
    script("xmpp.py", &[], login)
}

fn asyncpg(login: &Login<'_>) -> Command {
    script("databases.py", &["postgres"], login)
}

fn pymongo(login: &Login<'_>) -> Command {
    script("databases.py", &["mongodb"], login)
}

/// A client of libpq's: it wants the exchange tied to the channel where it is told so.
fn psql(login: &Login<'_>) -> Command {
    let mode = if login.tls == Tls::Off { "disable" } else { "verify-full" };
    let binding = if login.mechanism.ends_with("-PLUS") { "require" } else { "disable" };
    let place = format!(
        "host=localhost port={} user={} sslmode={mode} sslrootcert={} channel_binding={binding} connect_timeout=20",
        login.port,
        login.user,
        login.ca.display()
    );
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--no-password", "--command", "select 1"]).arg(place);
    command.env("PGPASSWORD", login.password);
    command
}

fn script(name: &str, first: &[&str], login: &Login<'_>) -> Command {
    let mut command = Command::new(PYTHON);
    command.arg(run::root().join("xtask/clients").join(name)).args(first);
    command.args([login.tls.name(), &login.port.to_string()]).arg(login.ca);
    command.args([login.mechanism, login.user]).env("PASSWORD", login.password);
    command
}

fn sieve_connect(login: &Login<'_>) -> Command {
    let mut command = Command::new("sieve-connect");
    command.args(["--server", "localhost", "--port", &login.port.to_string()]);
    command.args(["--user", login.user, "--passwordfd", "0", "--list"]);
    command.arg("--tlscafile").arg(login.ca);
    if login.mechanism != "any" {
        command.args(["--authmech", login.mechanism]);
    }
    // It reads the password where nobody can see it.
    let mut shell = Command::new("sh");
    let words: Vec<_> = command.get_args().map(|it| it.to_string_lossy().into_owned()).collect();
    shell.args(["-c", "printf '%s\\n' \"$PASSWORD\" | sieve-connect \"$@\"", "sieve-connect"]);
    shell.args(words).env("PASSWORD", login.password);
    shell
}

fn swaks(login: &Login<'_>) -> Command {
    let mut command = Command::new("swaks");
    command.args(["--server", "localhost", "--port", &login.port.to_string()]);
    command.args(["--auth", login.mechanism, "--auth-user", login.user]);
    command.args(["--auth-password", login.password, "--quit-after", "AUTH", "--timeout", "20"]);
    match login.tls {
        Tls::Starttls => command.arg("--tls"),
        Tls::Implicit => command.arg("--tlsc"),
        _ => &mut command,
    };
    command
}

/// It stays until it is told to go, which is two seconds after it came.
fn weechat(login: &Login<'_>) -> Command {
    let tls = login.tls == Tls::Implicit;
    let mechanism = match login.mechanism {
        "PLAIN" => "plain",
        "SCRAM-SHA-1" => "scram-sha-1",
        "SCRAM-SHA-256" => "scram-sha-256",
        _ => "scram-sha-512",
    };
    let server =
        format!("/server add s localhost/{} {}", login.port, if tls { "-ssl" } else { "" });
    let mut command = Command::new("weechat-headless");
    command.args(["--temp-dir", "--run-command", &server]);
    for option in [
        format!("sasl_mechanism {mechanism}"),
        format!("sasl_username {}", login.user),
        format!("sasl_password {}", login.password),
        "sasl_fail disconnect".to_owned(),
        "autoreconnect off".to_owned(),
    ] {
        command.arg("--run-command").arg(format!("/set irc.server.s.{option}"));
    }
    let ca = format!("/set weechat.network.gnutls_ca_user {}", login.ca.display());
    command.args(["--run-command", &ca]);
    command.args(["--run-command", "/connect s", "--run-command", "/wait 2 /quit"]);
    command
}
