//! `cargo xtask peers clients`: other people's clients, logging in to `aiosasl serve`.
//!
//! What came of a login is told by both ends: the client's exit status, and the line that the server writes.

mod confluent;
mod house;
mod programs;
mod rows;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::house::{House, PASSWORD, TOKEN, USER};
use self::programs::{Login, Program, Tells};
use self::rows::{Account, Row};
use super::interop::{Entry, Found, Now, Verdict};
use super::{Peer, Running, State, postgres, site::Site, start_all, table, tables};
use crate::run;
use crate::tally::Tally;

/// For one client.
const ROW_LIMIT: Duration = Duration::from_secs(30);
/// For the server's line after the client has ended.
const LINE_LIMIT: Duration = Duration::from_secs(5);
/// A name that no account has.
const UNKNOWN: &str = "nobody-of-this-name";

/// Installs the clients, starts servers of ours over each kind of store, and plays the table.
pub(super) fn run(command: &Path) -> Result<(Tally, Found)> {
    let rows = table_of_clients()?;
    for row in &rows {
        programs::find(&row.client)
            .with_context(|| format!("there is no client {}", row.client))?;
    }
    let site = Site::new()?;
    let missing = programs::install(&site);
    let database = start_all(&site, &[&postgres::PEER]).pop();
    let houses = houses(&site, command, database.as_ref())?;
    let played: Vec<_> = rows
        .iter()
        .map(|row| {
            run::check_interrupt()?;
            play(row, &houses, &missing)
        })
        .collect::<Result<_>>()?;
    print!("{}", table::align(&lines(&rows, &played)));
    let found = Found {
        peers: rows
            .iter()
            .map(|row| (row.client.clone(), programs::version(&row.client)))
            .collect(),
        rows: rows.iter().zip(&played).map(|(row, it)| record(row, it)).collect(),
    };
    let mut tally = Tally::default();
    for (row, played) in rows.iter().zip(played) {
        match played.outcome {
            Outcome::Met => tally.passed += 1,
            Outcome::Skipped(reason) | Outcome::Absent(reason) => tally.skip(&row.name(), &reason),
            Outcome::Failed(reason) => {
                println!("\nFAIL {}\n     {}", row.name(), reason.replace('\n', "\n     "));
                tally.fail(&row.name());
            }
        }
    }
    Ok((tally, found))
}

/// What the table means the rows to come to.
pub(super) fn planned() -> Result<Vec<Now>> {
    let planned = |row: &Row| {
        let outcome = row.skip.clone().map_or(Outcome::Met, Outcome::Skipped);
        record(row, &Played::without(outcome))
    };
    Ok(table_of_clients()?.iter().map(planned).collect())
}

fn table_of_clients() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for file in tables(&run::root().join("xtask/clients"))? {
        rows.extend(rows::parse(&fs::read_to_string(file)?)?);
    }
    Ok(rows)
}

/// What there is to be kept of a row that was played.
fn record(row: &Row, played: &Played) -> Now {
    let word = |field: &str| played.said[field].as_str().map(str::to_owned);
    let first_line = |text: &String| text.lines().next().map(str::to_owned);
    let (result, reason) = match &played.outcome {
        Outcome::Met if row.comes_in() => (Verdict::Works, None),
        Outcome::Met => (Verdict::Refused, word("reason").or_else(|| word("code"))),
        Outcome::Skipped(reason) | Outcome::Absent(reason) => (Verdict::Hole, first_line(reason)),
        Outcome::Failed(reason) => (Verdict::Fails, first_line(reason)),
    };
    let works = result == Verdict::Works;
    let entry = Entry {
        peer: row.client.clone(),
        port: row.protocol.clone(),
        mechanism: row.mechanism.clone(),
        tls: row.tls.name().to_owned(),
        binding: String::new(),
        account: row.account.name().to_owned(),
        more: vec![row.server.clone()],
        result,
        reason,
        chosen: word("mechanism").filter(|it| works && *it != row.mechanism),
        bound: word("channel_binding").filter(|_| works),
    };
    Now { entry, is_absent: matches!(played.outcome, Outcome::Absent(_)) }
}

/// The servers by the name of their store, or why one is not there.
type Houses = Vec<(&'static str, Result<House, String>)>;

fn houses(
    site: &Site,
    command: &Path,
    database: Option<&(&'static Peer, State)>,
) -> Result<Houses> {
    let sqlite = |name: &str| -> Result<String> {
        Ok(format!("sqlite:{}", site.room(name)?.join("accounts.sqlite").display()))
    };
    let postgres = match database {
        Some((_, State::Up(running))) => url(site, running),
        Some((_, State::Skipped(reason) | State::Failed(reason))) => Err(reason.clone()),
        None => Err("nobody asked for it".to_owned()),
    };
    let open = |name: &'static str, accounts: &str, offer: &[&str]| {
        (name, House::open(site, command, name, accounts, offer).map_err(|it| format!("{it:#}")))
    };
    let without_plus = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "XOAUTH2", "PLAIN"];
    Ok(vec![
        open("sqlite", &sqlite("house")?, &[]),
        open("fewer", &sqlite("house-without-plus")?, &without_plus),
        match postgres {
            Ok(url) => open("postgres", &url, &[]),
            Err(reason) => ("postgres", Err(reason)),
        },
    ])
}

fn url(site: &Site, running: &Running) -> Result<String, String> {
    let variables = postgres::environment(site, running);
    let url = variables.into_iter().next().and_then(|(_, url)| url.into_string().ok());
    url.ok_or_else(|| "it has no port".to_owned())
}

/// What became of a row.
struct Played {
    got: String,
    elapsed: Duration,
    outcome: Outcome,
    /// The server's last line.
    said: Value,
}

enum Outcome {
    Met,
    Skipped(String),
    /// The client, or the store, is not on this machine.
    Absent(String),
    Failed(String),
}

impl Played {
    /// No client was even called.
    fn without(outcome: Outcome) -> Self {
        Self { got: "-".to_owned(), elapsed: Duration::ZERO, outcome, said: Value::Null }
    }
}

fn play(row: &Row, houses: &Houses, missing: &[(&str, String)]) -> Result<Played> {
    if let Some(reason) = &row.skip {
        return Ok(Played::without(Outcome::Skipped(reason.clone())));
    }
    let program = programs::find(&row.client).context("checked above")?;
    if let Some((_, reason)) = missing.iter().find(|(name, _)| *name == program.name) {
        return Ok(Played::without(Outcome::Absent(reason.clone())));
    }
    let house = houses.iter().find(|(name, _)| *name == row.server);
    let house = match house.map(|(_, house)| house) {
        Some(Ok(house)) => house,
        Some(Err(reason)) if row.server == "postgres" => {
            return Ok(Played::without(Outcome::Absent(reason.clone())));
        }
        Some(Err(reason)) => return Ok(Played::without(Outcome::Failed(reason.clone()))),
        None => bail!("there is no server {}", row.server),
    };
    log_in(row, program, house)
}

fn log_in(row: &Row, program: &Program, house: &House) -> Result<Played> {
    let (user, password) = match row.account {
        Account::User => (USER, PASSWORD),
        Account::Token => (USER, TOKEN),
        Account::Wrong => (USER, "pencils-and-more-than-that"),
        Account::Unknown => (UNKNOWN, PASSWORD),
    };
    let login = Login {
        protocol: &row.protocol,
        tls: row.tls,
        port: house.port(&row.protocol, row.tls)?,
        ca: &house.ca,
        mechanism: &row.mechanism,
        user,
        password,
    };
    let before = house.outcomes()?.len();
    let mut command = (program.command)(&login);
    let line = format!("{command:?}");
    let said = run::output(&mut command, ROW_LIMIT)?;
    let heard = wait_for_line(house, before)?;
    let content = (program.tells == Tells::Outcome).then(|| said.success());
    let differences = row.differences(content, heard.last());
    let outcome = if differences.is_empty() {
        Outcome::Met
    } else {
        let heard: Vec<_> = heard.iter().map(Value::to_string).collect();
        Outcome::Failed(format!(
            "{}\n$ {line}\nclient: {}\nserver: {}",
            differences.join("\n"),
            said.text().trim(),
            heard.join("\n")
        ))
    };
    let got = rows::summary(content, heard.last());
    let told = heard.last().cloned().unwrap_or_default();
    Ok(Played { got, elapsed: said.elapsed, outcome, said: told })
}

/// What the server has written since, once it has written anything.
fn wait_for_line(house: &House, before: usize) -> Result<Vec<Value>> {
    let deadline = Instant::now() + LINE_LIMIT;
    loop {
        let mut heard = house.outcomes()?;
        let new = heard.split_off(before.min(heard.len()));
        if !new.is_empty() || Instant::now() > deadline {
            return Ok(new);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn lines(rows: &[Row], played: &[Played]) -> Vec<[String; 9]> {
    let head = ["", "client", "server", "protocol", "tls", "mechanism", "account", "got", "ms"];
    let mut lines = vec![head.map(str::to_owned)];
    for (row, Played { got, elapsed, outcome, .. }) in rows.iter().zip(played) {
        let mark = match outcome {
            Outcome::Met => "ok",
            Outcome::Skipped(_) | Outcome::Absent(_) => "skip",
            Outcome::Failed(_) => "FAIL",
        };
        let milliseconds = elapsed.as_millis().to_string();
        let cells = [
            mark,
            &row.client,
            &row.server,
            &row.protocol,
            row.tls.name(),
            &row.mechanism,
            row.account.name(),
            got,
            &milliseconds,
        ];
        lines.push(cells.map(str::to_owned));
    }
    lines
}
