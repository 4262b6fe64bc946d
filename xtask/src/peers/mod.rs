//! `cargo xtask peers`: real servers on loopback, and our command logging in to them.

mod apache;
mod backports;
mod certificates;
mod clients;
mod cyrus;
mod dbus;
mod dovecot;
mod dovecot_auth;
mod examples;
mod fast;
mod install;
pub(crate) mod interop;
mod irc;
mod krb5;
mod memcached;
mod mosquitto;
mod openldap;
pub(crate) mod pam;
mod play;
mod postfix;
mod postgres;
mod process;
mod prosody;
mod proton;
mod rabbitmq;
mod relay;
mod rows;
mod sasldb;
mod site;
mod slapd;
mod stdio;
mod svnserve;
mod table;
mod tansu;
mod token;
mod zookeeper;

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use self::interop::{Found, Half, Record};
use self::play::{Stage, check_row, play};
use self::process::Process;
use self::rows::Row;
use self::site::{Account, Site};
use crate::run;
use crate::tally::Tally;

/// A kind of server: what it needs, and how it starts.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// The program whose absence means that it is not installed.
    pub(crate) program: &'static str,
    pub(crate) needs_root: bool,
    pub(crate) accounts: &'static [Account],
    /// What is to be had beyond the packages.
    pub(crate) fetch: Option<fn() -> Result<()>>,
    pub(crate) start: fn(&Site, &str) -> Result<Running>,
}

/// All servers that we can start.
pub(crate) const ALL: &[&Peer] = &[
    // First, since it takes longest.
    &rabbitmq::PEER,
    &apache::PEER,
    &cyrus::PEER,
    &dbus::PEER,
    &dovecot::PEER,
    &irc::PEER,
    &memcached::PEER,
    &mosquitto::PEER,
    &openldap::PEER,
    &postfix::PEER,
    &postgres::PEER,
    &prosody::PEER,
    &prosody::PEER_13,
    &proton::PEER,
    &svnserve::PEER,
    &zookeeper::PEER,
];

/// Servers that are started only for who asks for them by name, and why.
pub(crate) const ON_DEMAND: &[(&Peer, &str)] =
    &[(&tansu::PEER, "it takes a quarter of an hour to build: cargo xtask peers tansu")];

/// Servers in which the tests of `aiosasl-store` keep accounts.
const STORES: [Store; 2] = [
    Store { peer: &postgres::PEER, environment: postgres::environment },
    Store { peer: &slapd::PEER, environment: slapd::environment },
];

/// Such a server, and what tells the tests where it is.
struct Store {
    peer: &'static Peer,
    environment: fn(&Site, &Running) -> Vec<Variable>,
}

/// An environment variable.
pub(crate) type Variable = (&'static str, OsString);

/// A started server; dropped, it ends.
pub(crate) struct Running {
    pub(crate) processes: Vec<Process>,
    /// The names by which the tables call the ports.
    pub(crate) ports: Vec<(&'static str, u16)>,
    /// The same for what has no port, or more than one: what stands behind `scheme://` in the URL.
    pub(crate) places: Vec<(&'static str, String)>,
    pub(crate) log: PathBuf,
}

/// What became of a server.
pub(crate) enum State {
    Up(Running),
    Skipped(String),
    Failed(String),
}

const START_TRIES: u32 = 3;

/// What was asked for on the command line.
#[derive(Default, Clone)]
pub(crate) struct Options {
    /// The servers; none means all, and the rows that need no server.
    pub(crate) names: Vec<String>,
    /// Our command, where it is not to be built.
    pub(crate) command: Option<PathBuf>,
    /// Whether the record of what works is written anew.
    pub(crate) interop: bool,
}

/// Starts the servers, logs in to them as the table says, and counts what came of it.
pub(crate) fn run(options: &Options) -> Result<Tally> {
    let peers = choose(&options.names)?;
    let rows: Vec<Row> = table()?
        .into_iter()
        .filter(|row| options.names.is_empty() || options.names.contains(&row.server))
        .collect();
    for row in &rows {
        check_row(row)?;
    }
    let command = command(options)?;
    let site = Site::new()?;
    let mut states = start_all(&site, &peers);
    if options.names.is_empty() {
        let absent =
            |(peer, why): &(&'static Peer, &str)| (*peer, State::Skipped((*why).to_owned()));
        states.extend(ON_DEMAND.iter().map(absent));
    }
    run::check_interrupt()?;
    let stage = Stage::new(&site, &states, command)?;
    let played = play(&stage, &rows);
    let mut tally = table::report(&rows, &played);
    for (peer, state) in &states {
        if let State::Failed(reason) = state {
            println!("\n{} did not start: {reason}", peer.name);
        }
    }
    run::check_interrupt()?;
    let found = Found {
        peers: peers.iter().map(|it| (it.name.to_owned(), interop::of_peer(it))).collect(),
        rows: rows.iter().zip(&played).map(|(row, it)| table::record(row, it)).collect(),
    };
    compare(options, Half::Logins, found, &mut tally)?;
    Ok(tally)
}

/// Other people's clients, against servers of ours.
pub(crate) fn run_clients(options: &Options) -> Result<Tally> {
    let (mut tally, found) = clients::run(&command(options)?)?;
    compare(&Options { names: Vec::new(), ..options.clone() }, Half::Visits, found, &mut tally)?;
    Ok(tally)
}

/// Compares a run with the record: what worked and does not is a failure. Or writes the record anew.
fn compare(options: &Options, half: Half, found: Found, tally: &mut Tally) -> Result<()> {
    let mut record = Record::read()?;
    if options.interop {
        record.renew(half, found);
        return record.write();
    }
    for regression in record.regressions(half, &found.rows, options.names.is_empty()) {
        println!("\nREGRESSION {regression}");
        tally.fail(&regression);
    }
    Ok(())
}

/// Rows that worked when the record was written, and that the tables have no more, or expect to be refused.
///
/// # Errors
///
/// A table or the record that cannot be read.
pub(crate) fn vanished() -> Result<Vec<String>> {
    let record = Record::read()?;
    let mut found = Vec::new();
    for (half, rows) in [
        (Half::Logins, table()?.iter().map(table::planned).collect::<Vec<_>>()),
        (Half::Visits, clients::planned()?),
    ] {
        found.extend(record.regressions(half, &rows, true));
    }
    Ok(found)
}

/// Examples that log in to real servers and go on.
pub(crate) fn run_examples() -> Result<Tally> {
    examples::run()
}

/// Bare exchanges with other people's programs, over pipes.
pub(crate) fn run_stdio(options: &Options) -> Result<Tally> {
    stdio::run(&command(options)?)
}

/// Starts the servers and holds them for somebody's hands.
pub(crate) fn keep(names: &[String]) -> Result<()> {
    let peers = choose(names)?;
    let site = Site::new()?;
    let states = start_all(&site, &peers);
    run::check_interrupt()?;
    print_site(&site, &states)?;
    wait();
    println!("ending the servers");
    Ok(())
}

/// The servers that the tests of the back ends want; dropped, they end.
pub(crate) struct Stores {
    pub(crate) environment: Vec<Variable>,
    _running: Vec<Running>,
    _services: Option<pam::Services>,
    _site: Site,
}

/// Starts the servers that the tests of the back ends want. Without one that can't be there, its tests are skipped.
pub(crate) fn start_stores() -> Result<Stores> {
    let site = Site::new()?;
    let mut environment = Vec::new();
    let mut running = Vec::new();
    let peers = STORES.map(|store| store.peer);
    for (store, (peer, state)) in STORES.iter().zip(start_all(&site, &peers)) {
        match state {
            State::Up(server) => {
                environment.extend((store.environment)(&site, &server));
                running.push(server);
            }
            State::Skipped(reason) => println!("{} is not there: {reason}", peer.name),
            State::Failed(reason) => bail!("{} did not start: {reason}", peer.name),
        }
    }
    let services = pam::Services::make(&site);
    if let Err(reason) = &services {
        println!("PAM is not asked: {reason:#}");
    }
    let services = services.ok();
    environment.extend(services.iter().flat_map(|it| it.environment.clone()));
    run::check_interrupt()?;
    Ok(Stores { environment, _running: running, _services: services, _site: site })
}

/// The expected rows: a file for each family of servers.
fn table() -> Result<Vec<Row>> {
    let folder = run::root().join("xtask/peers");
    let mut rows = Vec::new();
    for file in tables(&folder)? {
        let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        rows.extend(rows::parse(&text).with_context(|| format!("{}", file.display()))?);
    }
    Ok(rows)
}

/// The files of a folder of tables, by name.
pub(super) fn tables(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    Ok(files)
}

/// Our command: the one that was named, or one built now.
fn command(options: &Options) -> Result<PathBuf> {
    match &options.command {
        Some(command) => {
            fs::canonicalize(command).with_context(|| format!("cannot find {}", command.display()))
        }
        None => build_command(),
    }
}

/// Builds our command and says where it is.
fn build_command() -> Result<PathBuf> {
    println!("building the command");
    let said = run::output(
        run::cargo()
            .args(["build", "--package", "aiosasl-cli", "--bin", "aiosasl"])
            .arg("--message-format=json-render-diagnostics"),
        run::BUILD,
    )?;
    if !said.success() {
        bail!("the command does not build:\n{}", said.stderr);
    }
    said.stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo did not say where the command is")
}

fn choose(names: &[String]) -> Result<Vec<&'static Peer>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    let on_demand: Vec<_> = ON_DEMAND.iter().map(|(peer, _)| *peer).collect();
    let known = [ALL, &on_demand, &STORES.map(|store| store.peer), &[&krb5::PEER]].concat();
    names
        .iter()
        .map(|name| match known.iter().find(|peer| peer.name == name) {
            Some(peer) => Ok(*peer),
            None => bail!("there is no peer {name}; there are {}", peer_names(&known)),
        })
        .collect()
}

/// A server that the tables may name.
fn find(name: &str) -> Option<&'static Peer> {
    let on_demand = ON_DEMAND.iter().map(|(peer, _)| peer);
    ALL.iter().chain(on_demand).find(|peer| peer.name == name).copied()
}

fn peer_names(peers: &[&Peer]) -> String {
    peers.iter().map(|peer| peer.name).collect::<Vec<_>>().join(" ")
}

/// Installs and starts `peers`, the starting side by side.
fn start_all(site: &Site, peers: &[&'static Peer]) -> Vec<(&'static Peer, State)> {
    let installed: Vec<_> = peers.iter().map(|peer| (*peer, prepare(site, peer))).collect();
    thread::scope(|scope| {
        let threads: Vec<_> = installed
            .into_iter()
            .map(|(peer, refusal)| {
                (peer, scope.spawn(move || refusal.unwrap_or_else(|| start(site, peer))))
            })
            .collect();
        threads
            .into_iter()
            .map(|(peer, thread)| {
                let state =
                    thread.join().unwrap_or_else(|_| State::Failed("starting it panicked".into()));
                (peer, state)
            })
            .collect()
    })
}

/// Gets a server onto the machine; what comes back is why that cannot be.
fn prepare(site: &Site, peer: &Peer) -> Option<State> {
    if peer.needs_root && !site.is_root {
        return Some(State::Skipped(format!("{} can be started by root only", peer.name)));
    }
    let got = install::install(&[peer]).and_then(|()| peer.fetch.map_or(Ok(()), |fetch| fetch()));
    match got {
        Ok(()) => None,
        Err(error) if site.is_root && install::can_install() => {
            Some(State::Failed(format!("{error:#}")))
        }
        // A machine without apt may still have the server.
        Err(_) if peer.fetch.is_none() && run::find_program(peer.program).is_some() => None,
        Err(error) => Some(State::Skipped(format!("{error:#}"))),
    }
}

/// A port that was free a moment ago may be taken by now: hence more than one try.
fn start(site: &Site, peer: &Peer) -> State {
    let started = Instant::now();
    let mut last = String::new();
    for _ in 0..START_TRIES {
        match (peer.start)(site, peer.name) {
            Ok(running) => {
                println!("{:<10} up after {:.1} s", peer.name, started.elapsed().as_secs_f64());
                return State::Up(running);
            }
            Err(error) => last = format!("{error:#}"),
        }
    }
    State::Failed(last)
}

fn print_site(site: &Site, states: &[(&Peer, State)]) -> Result<()> {
    let tls = &site.certificates;
    println!("\nca           {}", tls.ca.display());
    println!("client cert  {}\nclient key   {}", tls.client.display(), tls.client_key.display());
    for (peer, state) in states {
        println!("\n{}", peer.name);
        match state {
            State::Up(running) => {
                for (name, place) in &running.places {
                    println!("  {name:<18} {place}");
                }
                for (name, port) in &running.ports {
                    println!("  {name:<18} 127.0.0.1:{port}");
                }
                println!("  {:<18} {}", "log", running.log.display());
                for account in peer.accounts {
                    let file = site.password_file(
                        &format!("{}-{}", peer.name, account.key),
                        account.typed.password,
                    )?;
                    println!(
                        "  account {:<10} type {:?} / {:?} (file {})",
                        account.key,
                        account.typed.user,
                        account.typed.password,
                        file.display()
                    );
                }
            }
            State::Skipped(reason) => println!("  skipped: {reason}"),
            State::Failed(reason) => println!("  FAILED: {reason}"),
        }
    }
    println!("\nCtrl-C, or the end of standard input, ends them.");
    Ok(())
}

/// Until Ctrl-C, or until standard input is closed.
fn wait() {
    let closed = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&closed);
    thread::spawn(move || {
        let lines = io::stdin().lock().lines();
        lines.map_while(Result::ok).for_each(drop);
        flag.store(true, Ordering::Relaxed);
    });
    while !run::interrupted() && !closed.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(50));
    }
}
