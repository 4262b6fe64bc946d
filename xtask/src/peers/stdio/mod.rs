//! `cargo xtask peers stdio`: bare exchanges between `aiosasl exchange` and other people's programs, over pipes.

mod cyrus;
mod gsasl;
mod library;
mod ours;
mod pipe;
mod rows;
mod talk;
mod theirs;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use base64ct::{Base64, Encoding};

use self::cyrus::Cyrus;
use self::gsasl::Gsasl;
use self::library::Library;
use self::ours::Ours;
use self::rows::{Case, Half, Name, Row};
use self::talk::Talk;
use self::theirs::Theirs;
use super::krb5::{self, REALM};
use super::site::Site;
use super::{Running, State, Variable, install, start_all, table};
use crate::run;
use crate::tally::Tally;

const USER: &str = "user";
const PASSWORD: &str = "pencil";
const WRONG: &str = "pencils-and-more-than-that";
/// The device's next code, or a new PIN.
const SECOND: &str = "87654321";
/// Whom the user may act as, where that is allowed.
const BOSS: &str = "boss";
const STRANGER: &str = "nobody-of-this-name";
const SERVICE: &str = "imap";
const HOST: &str = "localhost";
/// Who vouches for the user in SAML20.
const PROVIDER: &str = "example.org";
/// The user's identifier in OPENID20.
const IDENTIFIER: &str = "https://user.example.org/";
/// What gsasl says inside a layer.
const GREETING: &str = "hello";
/// How many exchanges run at a time: they wait more than they work.
const SIDE_BY_SIDE: usize = 4;

/// Plays the table.
pub(super) fn run(command: &Path) -> Result<Tally> {
    let rows = rows::parse(&fs::read_to_string(run::root().join("xtask/stdio.json"))?)?;
    let site = Site::new()?;
    let stage = Stage {
        command,
        gsasl: install::packages(&gsasl::PACKAGES).map_err(|error| format!("{error:#}")),
        cyrus: install::packages(&cyrus::PACKAGES)
            .and_then(|()| Cyrus::set_up(&site.room("cyrus")?))
            .map_err(|error| format!("{error:#}")),
        kerberos: kerberos(&site, &rows),
    };
    let played = play_all(&stage, &rows);
    run::check_interrupt()?;
    Ok(report(&rows, &played))
}

/// What the rows are played with: each program, or why it is not there.
struct Stage<'a> {
    command: &'a Path,
    gsasl: Result<(), String>,
    cyrus: Result<Cyrus, String>,
    kerberos: Result<Kerberos, String>,
}

/// A realm, and how programs find it; dropped, it ends.
struct Kerberos {
    environment: Vec<Variable>,
    _centre: Running,
}

/// The realm, where a row needs it, or why it is not there.
fn kerberos(site: &Site, rows: &[Row]) -> Result<Kerberos, String> {
    if !rows.iter().any(|row| row.needs_ticket() && row.skip.is_none()) {
        return Err("nobody asked for it".to_owned());
    }
    match start_all(site, &[&krb5::PEER]).pop() {
        Some((_, State::Up(centre))) => {
            Ok(Kerberos { environment: krb5::environment(site), _centre: centre })
        }
        Some((_, State::Skipped(reason) | State::Failed(reason))) => Err(reason),
        None => Err("nobody asked for it".to_owned()),
    }
}

/// What became of a row.
#[derive(Default)]
struct Played {
    got: String,
    elapsed: Duration,
    outcome: Outcome,
}

#[derive(Default)]
enum Outcome {
    Met,
    Skipped(String),
    Failed(String),
    /// It never came to that.
    #[default]
    Unplayed,
}

fn play_all(stage: &Stage<'_>, rows: &[Row]) -> Vec<Played> {
    let played: Vec<Mutex<Played>> = rows.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = rows.iter().position(|it| std::ptr::eq(it, row));
                    if run::interrupted() {
                        return;
                    }
                    let result = stage.play(row);
                    if let Some(Ok(mut place)) = place.map(|it| played[it].lock()) {
                        *place = result;
                    }
                }
            });
        }
    });
    played.into_iter().map(|it| it.into_inner().unwrap_or_default()).collect()
}

impl Stage<'_> {
    fn play(&self, row: &Row) -> Played {
        let started = Instant::now();
        let (got, outcome) = match self.missing(row) {
            Some(reason) => ("-".to_owned(), Outcome::Skipped(reason)),
            None => match self.exchange(row) {
                Ok(done) => done,
                Err(error) => ("error".to_owned(), Outcome::Failed(format!("{error:#}"))),
            },
        };
        Played { got, elapsed: started.elapsed(), outcome }
    }

    fn missing(&self, row: &Row) -> Option<String> {
        let there = match row.peer {
            Name::Cyrus | Name::Libsasl => self.cyrus.as_ref().err(),
            Name::Gsasl | Name::Libgsasl => self.gsasl.as_ref().err(),
        };
        let kerberos = self.kerberos.as_ref().err().filter(|_| row.needs_ticket());
        row.skip.as_ref().or(there).or(kerberos).cloned()
    }

    /// Where the realm is; a client without the user's secret has no ticket.
    fn environment(&self, row: &Row) -> Vec<Variable> {
        let known = self.kerberos.as_ref().ok().filter(|_| row.needs_ticket());
        let mut variables = known.map(|it| it.environment.clone()).unwrap_or_default();
        if row.case == Case::Wrong {
            variables.push(("KRB5CCNAME", "FILE:/nonexistent".into()));
        }
        variables
    }

    fn exchange(&self, row: &Row) -> Result<(String, Outcome)> {
        let (says, said) = afterwards(row);
        let variables = self.environment(row);
        let mut theirs: Box<dyn Theirs> = match (row.peer, &self.cyrus) {
            (Name::Gsasl, _) => Box::new(Gsasl::open(row, &variables)?),
            (Name::Cyrus, Ok(cyrus)) => Box::new(cyrus.open(row, &variables)?),
            (Name::Libgsasl, _) => Box::new(Library::gsasl(row, &variables)?),
            (Name::Libsasl, Ok(cyrus)) => Box::new(Library::cyrus(cyrus, row, &variables)?),
            (Name::Cyrus | Name::Libsasl, Err(reason)) => anyhow::bail!("{reason}"),
        };
        let mut ours = Ours::open(self.command, row, says, &variables)?;
        let mut talk = Talk { row, ours: &mut ours, theirs: &mut *theirs, said, count: 0 };
        let ends = talk.run();
        let log = format!("{}\n{}", ours.log(), theirs.log());
        let ends = match ends {
            Ok(ends) => ends,
            Err(error) => anyhow::bail!("{error:#}\n{log}"),
        };
        let differences = row.differences(&ends);
        let outcome = if differences.is_empty() {
            Outcome::Met
        } else {
            Outcome::Failed(format!("{}\n{}\n{log}", differences.join("\n"), ends.ours))
        };
        Ok((rows::summary(&ends), outcome))
    }
}

/// What ours says and hears after the exchange. Cyrus's programs always do so; gsasl shows something where there is a layer.
fn afterwards(row: &Row) -> (Option<&'static str>, Option<&'static str>) {
    let has_layer = row.layer.as_ref().is_some_and(|layer| layer.strength > 0);
    match (row.peer, row.ours) {
        (Name::Cyrus, Half::Client) => (Some(cyrus::CLIENT_SAYS), Some(cyrus::SERVER_SAID)),
        (Name::Cyrus, Half::Server) => (Some(cyrus::SERVER_SAYS), Some(cyrus::CLIENT_SAID)),
        (Name::Libsasl | Name::Libgsasl, _) => (Some(GREETING), Some(GREETING)),
        (Name::Gsasl, _) if has_layer => (Some(GREETING), Some(GREETING)),
        (Name::Gsasl, _) => (None, None),
    }
}

/// A channel binding in the two spellings.
struct Binding {
    hex: String,
    base64: String,
}

/// The channel's binding, or another one's.
fn binding(foreign: bool) -> Binding {
    let octet = if foreign { 0x5a } else { 0xa5 };
    Binding { hex: format!("{octet:02x}").repeat(32), base64: Base64::encode_string(&[octet; 32]) }
}

fn report(rows: &[Row], played: &[Played]) -> Tally {
    let mut tally = Tally::default();
    let mut holes: BTreeMap<&str, usize> = BTreeMap::new();
    print!("{}", table::align(&lines(rows, played)));
    for (row, Played { outcome, .. }) in rows.iter().zip(played) {
        match outcome {
            Outcome::Met => {
                tally.passed += 1;
                row.hole.iter().for_each(|hole| *holes.entry(hole).or_default() += 1);
            }
            Outcome::Skipped(reason) => tally.skip(&row.name(), reason),
            Outcome::Failed(reason) => {
                println!("\nFAIL {}\n     {}", row.name(), reason.replace('\n', "\n     "));
                tally.fail(&row.name());
            }
            Outcome::Unplayed => tally.fail(&row.name()),
        }
    }
    if !holes.is_empty() {
        println!("\nHoles that are theirs:");
    }
    for (hole, count) in holes {
        println!("{count:>4}  {hole}");
    }
    tally
}

fn lines(rows: &[Row], played: &[Played]) -> Vec<[String; 9]> {
    let head = ["", "peer", "ours", "mechanism", "variant", "case", "expected", "got", "ms"];
    let mut lines = vec![head.map(str::to_owned)];
    for (row, Played { got, elapsed, outcome }) in rows.iter().zip(played) {
        let mark = match outcome {
            Outcome::Met if row.hole.is_some() => "hole",
            Outcome::Met => "ok",
            Outcome::Skipped(_) => "skip",
            Outcome::Failed(_) | Outcome::Unplayed => "FAIL",
        };
        let cells = [
            mark,
            row.peer.text(),
            row.ours.text(),
            &row.mechanism,
            &row.variant(),
            row.case.text(),
            if row.comes_in() { "in" } else { "out" },
            got,
            &elapsed.as_millis().to_string(),
        ];
        lines.push(cells.map(str::to_owned));
    }
    lines
}
