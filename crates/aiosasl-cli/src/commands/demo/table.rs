//! The demonstration's results, for people and for programs.

use std::time::Duration;

use aiosasl_profiles::net::{Protocol, TlsMode};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{Seen, milliseconds, protocols, tls_name};
use crate::output::outln;

/// The width of a cell.
const CELL: usize = 9;

/// The whole as one object.
pub(super) fn json(seen: &[Seen], surprises: usize, elapsed: Duration) -> Value {
    json!({
        "as_expected": surprises == 0,
        "logins": seen.iter().map(row_json).collect::<Vec<_>>(),
        "surprises": surprises,
        "elapsed_ms": milliseconds(elapsed),
    })
}

fn row_json(seen: &Seen) -> Value {
    let (attempt, outcome) = (&seen.row.attempt, &seen.tried.outcome);
    let report = outcome.as_ref().ok();
    let failed = outcome.as_ref().err();
    json!({
        "what": seen.row.label,
        "protocol": attempt.protocol.name(),
        "tls": tls_name(attempt.tls),
        "mechanism": attempt.mechanism.name.to_string(),
        "expected": seen.row.expected.unwrap_or("success"),
        "result": failed.map_or("success", |failed| failed.class),
        "as_expected": seen.is_as_expected(),
        "channel_binding": report.and_then(|report| report.channel_binding.as_ref()).map(ToString::to_string),
        "server_verified": report.is_some_and(|report| report.server_verified),
        "iterations": report.and_then(|report| report.iterations),
        "elapsed_ms": milliseconds(seen.tried.elapsed),
        "error": failed.map(|failed| json!({ "class": failed.class, "text": failed.text })),
    })
}

/// A table with a line for each mechanism and way to TLS, and a column for each protocol; then what must fail; then the sum.
pub(super) fn print(seen: &[Seen], elapsed: Duration) {
    let (good, bad): (Vec<&Seen>, Vec<&Seen>) =
        seen.iter().partition(|seen| seen.row.expected.is_none());
    let dim = Style::new().dimmed();
    outln!(
        "Servers of our own on 127.0.0.1, a throw-away authority, one account: a login by each mechanism."
    );
    outln!(
        "{dim}Stand-ins play the parts of Kerberos, of an identity provider, and of a device that shows codes; HT-*-UNIQ is left out, since rustls has no tls-unique.{dim:#}"
    );
    outln!("{dim}Milliseconds, with connection and TLS; - where it makes no sense.{dim:#}\n");
    print_logins(&good);
    print_refusals(&bad);
    let surprises: Vec<&Seen> = seen.iter().filter(|seen| !seen.is_as_expected()).collect();
    for seen in &surprises {
        print_surprise(seen);
    }
    let seconds = elapsed.as_secs_f64();
    let (logins, refusals) = (good.len(), bad.len());
    match surprises.len() {
        0 => {
            let style = AnsiColor::Green.on_default();
            outln!(
                "{style}{logins} logins and {refusals} refusals, all as expected, in {seconds:.1} s{style:#}"
            );
        }
        count => {
            let style = AnsiColor::Red.on_default();
            outln!("{style}{count} of {} not as expected, in {seconds:.1} s{style:#}", seen.len());
        }
    }
}

fn print_logins(good: &[&Seen]) {
    let bold = Style::new().bold();
    let names: Vec<_> = protocols().map(|it| format!("{:>CELL$}", short_name(it))).collect();
    let names = names.concat();
    outln!("{bold}{:26}{:22}{:8}{names}{bold:#}", "mechanism", "bound to", "tls");
    let mut lines: Vec<Line> = good.iter().map(|seen| Line::of(seen)).collect();
    lines.dedup();
    let mut above = None;
    for line in lines {
        let cells = protocols().map(|protocol| {
            let mut there = good.iter().filter(|seen| seen.row.attempt.protocol == protocol);
            cell(there.find(|seen| Line::of(seen) == line).copied())
        });
        let cells = cells.collect::<Vec<_>>().concat();
        let Line { mechanism, binding, tls } = &line;
        let names = Some((mechanism.clone(), binding.clone()));
        // What is the same as above is left out.
        let (mechanism, binding) =
            if above == names { ("", "") } else { (mechanism.as_str(), binding.as_str()) };
        outln!("{mechanism:26}{binding:22}{:8}{cells}", tls_name(*tls));
        above = names;
    }
    outln!();
}

/// What the logins of one line of the table have in common.
#[derive(PartialEq, Eq)]
struct Line {
    mechanism: String,
    binding: String,
    tls: TlsMode,
}

impl Line {
    fn of(seen: &Seen) -> Self {
        let attempt = &seen.row.attempt;
        Self {
            mechanism: attempt.mechanism.name.to_string(),
            binding: attempt.binding.as_ref().map_or_else(String::new, ToString::to_string),
            tls: attempt.tls,
        }
    }
}

/// A name that fits a cell.
fn short_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Submission => "submit",
        other => other.name(),
    }
}

fn cell(seen: Option<&Seen>) -> String {
    match seen {
        None => {
            let dim = Style::new().dimmed();
            format!("{dim}{:>CELL$}{dim:#}", "-")
        }
        Some(seen) if seen.is_as_expected() => {
            format!("{:>CELL$.1}", milliseconds(seen.tried.elapsed))
        }
        Some(_) => {
            let red = AnsiColor::Red.on_default();
            format!("{red}{:>CELL$}{red:#}", "FAILED")
        }
    }
}

fn print_refusals(bad: &[&Seen]) {
    let bold = Style::new().bold();
    outln!(
        "{bold}{:34}{:21}{:10}{:12}refused for{bold:#}",
        "must fail",
        "mechanism",
        "tls",
        "protocol"
    );
    for seen in bad {
        let attempt = &seen.row.attempt;
        let class = match &seen.tried.outcome {
            Ok(_) => "NOT REFUSED",
            Err(failed) => failed.class,
        };
        let style = if seen.is_as_expected() { Style::new() } else { AnsiColor::Red.on_default() };
        outln!(
            "{:34}{:21}{:10}{:12}{style}{class}{style:#}",
            seen.row.label,
            attempt.mechanism.name,
            tls_name(attempt.tls),
            attempt.protocol.name(),
        );
    }
    outln!();
}

fn print_surprise(seen: &Seen) {
    let attempt = &seen.row.attempt;
    let what = match &seen.tried.outcome {
        Ok(_) => "a success that is not what it should be",
        Err(failed) => failed.text.as_str(),
    };
    outln!(
        "{} over {} ({}), {}: {what}",
        attempt.mechanism.name,
        attempt.protocol.name(),
        tls_name(attempt.tls),
        seen.row.label
    );
}
