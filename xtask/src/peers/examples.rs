//! `cargo xtask peers examples`: the examples that log in and go on with their own protocol, at real servers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::site::Site;
use super::{Peer, Running, State, dovecot, openldap, postfix, start_all};
use crate::run;
use crate::tally::Tally;

/// For one example.
const LIMIT: Duration = Duration::from_secs(45);
const MAIL: &str = "From: user@localhost\nTo: other@localhost\nSubject: a test\n\n.\nIt works.\n";

/// An example, and where it goes.
struct Example {
    package: &'static str,
    name: &'static str,
    peer: &'static Peer,
    port: &'static str,
    arguments: fn(&Place<'_>) -> Vec<String>,
    /// What is in what it prints once all went well.
    says: &'static str,
}

/// Where an example goes.
struct Place<'a> {
    scheme: &'static str,
    port: u16,
    ca: &'a str,
}

const ALL: [Example; 8] = [
    Example {
        package: "aiosasl-profiles",
        name: "imap_list",
        peer: &dovecot::PEER,
        port: "imap",
        arguments: url,
        says: "INBOX",
    },
    Example {
        package: "aiosasl-profiles",
        name: "imap_list",
        peer: &dovecot::PEER,
        port: "imaps",
        arguments: url,
        says: "INBOX",
    },
    Example {
        package: "aiosasl-profiles",
        name: "ldap_search",
        peer: &openldap::PEER,
        port: "ldap",
        arguments: url_and_base,
        says: "uid=user",
    },
    Example {
        package: "aiosasl-profiles",
        name: "ldap_search",
        peer: &openldap::PEER,
        port: "ldaps",
        arguments: url_and_base,
        says: "uid=user",
    },
    Example {
        package: "aiosasl-profiles",
        name: "smtp_send",
        peer: &postfix::PEER,
        port: "smtp",
        arguments: url_and_mail,
        says: "queued",
    },
    Example {
        package: "aiosasl-profiles",
        name: "smtp_send",
        peer: &postfix::PEER,
        port: "smtps",
        arguments: url_and_mail,
        says: "queued",
    },
    Example {
        package: "async-imap-authenticator",
        name: "async_imap_list",
        peer: &dovecot::PEER,
        port: "imap",
        arguments: host,
        says: "INBOX",
    },
    Example {
        package: "lettre-transport",
        name: "lettre_send",
        peer: &postfix::PEER,
        port: "smtp",
        arguments: host_and_mail,
        says: "queued",
    },
];

/// Builds the examples, starts the servers that they want, and runs them.
pub(super) fn run() -> Result<Tally> {
    build()?;
    let site = Site::new()?;
    let states = start_all(&site, &[&dovecot::PEER, &openldap::PEER, &postfix::PEER]);
    run::check_interrupt()?;
    let mut tally = Tally::default();
    for example in &ALL {
        let Example { name, peer, port, .. } = example;
        let title = format!("{name} at {} {port}", peer.name);
        let state = states.iter().find(|(it, _)| it.name == peer.name).map(|(_, state)| state);
        let done = match state {
            Some(State::Up(running)) => play(&site, running, example),
            Some(State::Skipped(reason)) => {
                tally.skip(&title, reason);
                continue;
            }
            Some(State::Failed(reason)) => Err(anyhow::anyhow!("{reason}")),
            None => Err(anyhow::anyhow!("its server was not started")),
        };
        match done {
            Ok(()) => {
                println!("ok    {title}");
                tally.passed += 1;
            }
            Err(error) => {
                println!("FAIL  {title}\n      {}", format!("{error:#}").replace('\n', "\n      "));
                tally.fail(&title);
            }
        }
    }
    Ok(tally)
}

fn build() -> Result<()> {
    println!("building the examples");
    let packages: BTreeSet<_> = ALL.iter().map(|it| it.package).collect();
    let mut command = run::cargo();
    command.arg("build");
    for package in packages {
        command.args(["--package", package]);
    }
    let said = run::output(command.arg("--examples"), run::BUILD)?;
    if !said.success() {
        bail!("the examples do not build:\n{}", said.stderr);
    }
    Ok(())
}

fn play(site: &Site, running: &Running, example: &Example) -> Result<()> {
    let port = running.ports.iter().find(|(name, _)| *name == example.port);
    let (_, port) = *port.with_context(|| format!("there is no port {}", example.port))?;
    let ca = site.certificates.ca.to_string_lossy();
    let arguments = (example.arguments)(&Place { scheme: example.port, port, ca: &ca });
    let account = example.peer.accounts.iter().find(|it| it.key == "user");
    let account = account.with_context(|| format!("{} has no user", example.peer.name))?;
    let mail = site.path().join("mail");
    fs::write(&mail, MAIL)?;
    let mut command = reading(&mail);
    command.arg(run::target().join("debug/examples").join(example.name)).args(arguments);
    command.env("AIOSASL_PASSWORD", account.typed.password);
    let said = run::output(&mut command, LIMIT)?;
    if !said.success() || !said.stdout.contains(example.says) {
        bail!("expected {:?}, got {}", example.says, said.text());
    }
    Ok(())
}

/// What is run gets the file's content on standard input.
fn reading(file: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" < \"$MAIL\"", "sh"]).env("MAIL", file);
    command
}

fn url(place: &Place<'_>) -> Vec<String> {
    vec![server(place), place.ca.to_owned()]
}

fn url_and_base(place: &Place<'_>) -> Vec<String> {
    let [mechanism, base] = ["SCRAM-SHA-256-PLUS", "dc=test"].map(str::to_owned);
    vec![server(place), mechanism, base, place.ca.to_owned()]
}

fn url_and_mail(place: &Place<'_>) -> Vec<String> {
    let [from, to] = ["user@localhost", "other@localhost"].map(str::to_owned);
    vec![server(place), from, to, place.ca.to_owned()]
}

fn host(place: &Place<'_>) -> Vec<String> {
    vec!["127.0.0.1".to_owned(), place.port.to_string(), "user".to_owned()]
}

fn host_and_mail(place: &Place<'_>) -> Vec<String> {
    [host(place), ["user@localhost", "other@localhost"].map(str::to_owned).to_vec()].concat()
}

fn server(place: &Place<'_>) -> String {
    format!("{}://user@127.0.0.1:{}", place.scheme, place.port)
}
