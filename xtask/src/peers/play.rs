//! Playing the rows: our command is run for each, a few side by side, and the table is printed.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::rows::{self, Row};
use super::site::{Account, Site};
use super::table::{Outcome, Played};
use super::{Peer, State, fast, krb5, process, relay, token};
use crate::run;

/// Rows that are played at the same time. Most of a row is waiting for a server.
const WORKERS: usize = 6;
/// The command's own limit is below this.
const ROW_LIMIT: Duration = Duration::from_secs(45);
/// Who is asked to log in at servers that do not know him.
const UNKNOWN: &str = "nobody-of-this-name";

/// What the rows are played with.
pub(crate) struct Stage<'a> {
    pub(crate) site: &'a Site,
    pub(crate) states: &'a [(&'static Peer, State)],
    pub(crate) command: PathBuf,
    silent: u16,
    closed: u16,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(
        site: &'a Site,
        states: &'a [(&'static Peer, State)],
        command: PathBuf,
    ) -> Result<Self> {
        let [closed] = process::free_ports()?;
        Ok(Self { site, states, command, silent: relay::start_silent()?, closed })
    }
}

/// Plays `rows`; what became of each, in their order.
pub(crate) fn play(stage: &Stage<'_>, rows: &[Row]) -> Vec<Played> {
    let next = AtomicUsize::new(0);
    let played: Vec<Mutex<Option<Played>>> = rows.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((row, place)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    rows.get(index).zip(played.get(index))
                } {
                    let result = play_one(stage, row);
                    if let Ok(mut place) = place.lock() {
                        *place = Some(result);
                    }
                }
            });
        }
    });
    let played = played.into_iter().map(|it| it.into_inner().ok().flatten());
    let panicked = || Played::without("panic", Outcome::Failed("playing the row panicked".into()));
    played.map(|it| it.unwrap_or_else(panicked)).collect()
}

fn play_one(stage: &Stage<'_>, row: &Row) -> Played {
    let done = Played::without;
    if run::interrupted() {
        return done("interrupted", Outcome::Failed("interrupted".to_owned()));
    }
    if let Some(reason) = &row.skip {
        return done("skipped", Outcome::Skipped(reason.clone()));
    }
    for (peer, state) in stage.states.iter().filter(|(peer, _)| peer.name == row.server) {
        match state {
            State::Up(_) => {}
            State::Skipped(reason) => return done("skipped", Outcome::Absent(reason.clone())),
            State::Failed(_) => {
                let reason = format!("{} did not start: see above", peer.name);
                return done("no server", Outcome::Failed(reason));
            }
        }
    }
    match login(stage, row) {
        Ok(played) => played,
        Err(error) => done("error", Outcome::Failed(format!("{error:#}"))),
    }
}

fn login(stage: &Stage<'_>, row: &Row) -> Result<Played> {
    let mut command = command_line(stage, row)?;
    let line = format!("{command:?}");
    let output = run::output(&mut command, ROW_LIMIT)?;
    let exit = output.status.code();
    let mut differences = row.differences(exit, &output.stdout);
    if output.timed_out {
        differences.push(format!("not done after {} s", ROW_LIMIT.as_secs()));
    }
    let outcome = if differences.is_empty() {
        Outcome::Met
    } else {
        Outcome::Failed(format!(
            "{}\n$ {line}\nexit status {exit:?}\nstdout: {}\nstderr: {}",
            differences.join("\n"),
            output.stdout.trim(),
            output.stderr.trim()
        ))
    };
    let said = serde_json::from_str(output.stdout.trim()).unwrap_or_default();
    Ok(Played { got: rows::got(exit, &output.stdout), elapsed: output.elapsed, outcome, said })
}

/// The command line of a row. It holds no password: those are in files.
pub(super) fn command_line(stage: &Stage<'_>, row: &Row) -> Result<Command> {
    let mut command = Command::new(&stage.command);
    for variable in ["AIOSASL_PASSWORD", "AIOSASL_TOKEN"] {
        command.env_remove(variable);
    }
    let address = place(stage, row)?;
    let login = Login::of(stage, row)?;
    // A simple name stands in the URL, as people write it; others go where nothing is escaped.
    let (in_url, apart) = match &login.user {
        Some(user) if user.is_ascii() => (format!("{user}@"), None),
        Some(user) => (String::new(), Some(user)),
        None => (String::new(), None),
    };
    command.arg("login").arg(format!("{}://{in_url}{address}", row.scheme()));
    if let Some(user) = apart {
        command.arg("--user").arg(user);
    }
    if !row.untrusted {
        command.arg("--ca").arg(&stage.site.certificates.ca);
    }
    if let Some(file) = &login.password_file {
        command.arg("--password-file").arg(file);
    }
    if let Some(file) = &login.token_file {
        command.arg("--token-file").arg(file);
    }
    if let Some(cache) = &login.ticket {
        command.envs(krb5::environment(stage.site));
        command.arg("--ccache").arg(cache).args(["--hostname", "localhost"]);
    }
    if login.certificate {
        command.arg("--client-cert").arg(&stage.site.certificates.client);
        command.arg("--client-key").arg(&stage.site.certificates.client_key);
    }
    let host = nodename();
    for argument in row.arguments() {
        // Some servers go by the machine's name, wherever they listen.
        command.arg(if argument == "$hostname" { &host } else { &argument });
    }
    command.arg("--json");
    Ok(command)
}

/// The machine's name.
fn nodename() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Chat servers are known by a domain, mail servers by an address.
fn host(row: &Row) -> &'static str {
    if row.scheme().starts_with("xmpp") { "localhost" } else { "127.0.0.1" }
}

/// What stands behind the URL's scheme and user.
fn place(stage: &Stage<'_>, row: &Row) -> Result<String> {
    let at = |port: u16| format!("{}:{port}", host(row));
    match &*row.server {
        "nobody" => return Ok(at(stage.closed)),
        "silent" => return Ok(at(stage.silent)),
        _ => {}
    }
    let running = stage.states.iter().find_map(|(peer, state)| match state {
        State::Up(running) if peer.name == row.server => Some(running),
        _ => None,
    });
    let running = running.with_context(|| format!("{} is not running", row.server))?;
    if let Some((_, place)) = running.places.iter().find(|(name, _)| *name == row.port) {
        return Ok(place.clone());
    }
    let port = running.ports.iter().find(|(name, _)| *name == row.port);
    port.map(|(_, port)| at(*port))
        .with_context(|| format!("{} has no port {}", row.server, row.port))
}

/// Who logs in, and with what.
#[derive(Default)]
struct Login {
    user: Option<String>,
    password_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    /// The cache that it should be in.
    ticket: Option<PathBuf>,
    certificate: bool,
}

impl Login {
    fn of(stage: &Stage<'_>, row: &Row) -> Result<Self> {
        let with = |user: &str, name: &str, password: &str| -> Result<Self> {
            let file = stage.site.password_file(name, password)?;
            let user = Some(user.to_owned());
            Ok(Self { user, password_file: Some(file), ..Self::default() })
        };
        let showing = |name: &str, token: &str| -> Result<Self> {
            let file = stage.site.password_file(name, token)?;
            Ok(Self { user: Some("user".to_owned()), token_file: Some(file), ..Self::default() })
        };
        match &*row.account {
            "none" => Ok(Self::default()),
            "ourselves" => {
                let user = rustix::process::geteuid().as_raw().to_string();
                Ok(Self { user: Some(user), ..Self::default() })
            }
            "fast user" => Ok(Self { user: Some("user".to_owned()), ..Self::default() }),
            "certificate" => Ok(Self { certificate: true, ..Self::default() }),
            "ticket" | "no ticket" => {
                let name = if row.account == "ticket" { "ccache" } else { "nothing" };
                let cache = stage.site.path().join(krb5::PEER.name).join(name);
                Ok(Self { ticket: Some(cache), ..Self::default() })
            }
            "fast token" => Ok(Self {
                user: Some("user".to_owned()),
                token_file: Some(fast::token(stage, row, &[])?),
                ..Self::default()
            }),
            "forgotten fast token" => Ok(Self {
                user: Some("user".to_owned()),
                token_file: Some(fast::token(stage, row, &["--forget-token"])?),
                ..Self::default()
            }),
            "token" => showing("token", &token::of("user")?),
            "another's token" => showing("other-token", &token::of("other")?),
            "wrong token" => showing("wrong-token", "d3Jvbmc="),
            "wrong password" => with("user", "wrong", "pencils"),
            "unknown user" => with(UNKNOWN, "unknown", "pencil"),
            key => {
                let account = account(&row.server, key)
                    .with_context(|| format!("{} has no account {key}", row.server))?;
                let name = format!("{}-{key}", row.server);
                with(account.typed.user, &name, account.typed.password)
            }
        }
    }
}

fn account(server: &str, key: &str) -> Option<&'static Account> {
    super::find(server)
        .map_or(&super::site::MAIL[..], |peer| peer.accounts)
        .iter()
        .find(|it| it.key == key)
}

/// Says whether a row names only what there is.
pub(crate) fn check_row(row: &Row) -> Result<()> {
    let known = ["nobody", "silent"].contains(&&*row.server) || super::find(&row.server).is_some();
    if !known {
        bail!("there is no server {}", row.server);
    }
    let special = [
        "none",
        "ourselves",
        "certificate",
        "ticket",
        "no ticket",
        "token",
        "fast token",
        "forgotten fast token",
        "another's token",
        "wrong token",
        "wrong password",
        "unknown user",
    ];
    if !special.contains(&&*row.account) && account(&row.server, &row.account).is_none() {
        bail!("{} has no account {}", row.server, row.account);
    }
    if row.skip.is_none() && row.expect.exit == 0 && !row.expect.json.contains_key("result") {
        bail!("a success of {} expects no result", row.server);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::rows::parse;
    use crate::peers::table;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// Says what it was called with, as an error's text, and ends as `exit` says.
    fn stub(folder: &std::path::Path, json: &str, exit: i32) -> PathBuf {
        let file = folder.join(format!("stub-{exit}"));
        fs::write(&file, format!("#!/bin/sh\necho \"$@\" >&2\necho '{json}'\nexit {exit}\n"))
            .unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    fn rows(account: &str, expect: &str) -> Vec<Row> {
        parse(&format!(
            r#"[{{"why": "a test", "server": ["nobody"], "port": ["imap"], "tls": ["starttls"],
                "mechanism": ["PLAIN"], "account": ["{account}"], "expect": {expect}}}]"#
        ))
        .unwrap()
    }

    #[test]
    fn a_row_is_met_or_failed_by_status_and_json() {
        let site = Site::new().unwrap();
        let json = r#"{"result":"refused","error":{"class":"credentials"}}"#;
        let stage = Stage::new(&site, &[], stub(site.path(), json, 1)).unwrap();
        let met = rows("wrong password", r#"{"exit": 1, "json": {"error.class": "credentials"}}"#);
        let tally = table::report(&met, &play(&stage, &met));
        assert_eq!((tally.passed, tally.failed.len()), (1, 0));
        let other = rows("wrong password", r#"{"exit": 1, "json": {"error.class": "tls"}}"#);
        let tally = table::report(&other, &play(&stage, &other));
        assert_eq!((tally.passed, tally.failed.len()), (0, 1));
    }

    #[test]
    fn no_password_is_on_the_command_line() {
        let site = Site::new().unwrap();
        let stage = Stage::new(&site, &[], "aiosasl".into()).unwrap();
        for account in ["user", "hard", "prepared", "wrong password", "unknown user"] {
            let row = rows(account, r#"{"exit": 0}"#).remove(0);
            let line = format!("{:?}", command_line(&stage, &row).unwrap());
            assert!(!line.contains("pencil") && !line.contains("pässwörd"), "{line}");
        }
    }
}
