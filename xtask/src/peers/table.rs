//! The table that a run of the rows prints, and its count.

use std::time::Duration;

use serde_json::Value;

use super::interop::{Entry, Now, Verdict};
use super::rows::Row;
use crate::tally::Tally;

const HEAD: [&str; 10] =
    ["", "server", "port", "tls", "mechanism", "binding", "account", "expected", "got", "ms"];

/// What became of a row.
pub(crate) struct Played {
    pub(crate) got: String,
    pub(crate) elapsed: Duration,
    pub(crate) outcome: Outcome,
    /// What our command said: its one JSON object.
    pub(crate) said: Value,
}

impl Played {
    /// Our command was not even called.
    pub(super) fn without(got: &str, outcome: Outcome) -> Self {
        Self { got: got.to_owned(), elapsed: Duration::ZERO, outcome, said: Value::Null }
    }
}

pub(crate) enum Outcome {
    Met,
    Skipped(String),
    /// Its server is not on this machine.
    Absent(String),
    /// With all that helps to find out why.
    Failed(String),
}

/// Prints the table, then all that helps with what failed, and counts.
pub(crate) fn report(rows: &[Row], played: &[Played]) -> Tally {
    let mut tally = Tally::default();
    let mut lines = vec![HEAD.map(str::to_owned)];
    let mut failures = Vec::new();
    for (row, Played { got, elapsed, outcome, .. }) in rows.iter().zip(played) {
        let name = name(row);
        let mut expected = row.expected();
        let mark = match outcome {
            Outcome::Met => {
                tally.passed += 1;
                "ok"
            }
            Outcome::Skipped(reason) | Outcome::Absent(reason) => {
                tally.skip(&name, reason);
                "-".clone_into(&mut expected);
                "skip"
            }
            Outcome::Failed(reason) => {
                failures.push(format!("FAIL {name}\n{reason}"));
                tally.fail(&name);
                "FAIL"
            }
        };
        let milliseconds = elapsed.as_millis().to_string();
        let [server, port, tls, mechanism, binding, account] = cells(row).map(str::to_owned);
        let mark = mark.to_owned();
        lines.push([
            mark,
            server,
            port,
            tls,
            mechanism,
            binding,
            account,
            expected,
            got.clone(),
            milliseconds,
        ]);
    }
    print!("{}", align(&lines));
    for failure in failures {
        println!("\n{}", failure.replace('\n', "\n     "));
    }
    tally
}

/// What there is to be kept of a row that was played.
pub(super) fn record(row: &Row, played: &Played) -> Now {
    let word = |field: &str| played.said[field].as_str().map(str::to_owned);
    let is_success = row.expect.exit == 0;
    let (result, reason) = match &played.outcome {
        Outcome::Met if is_success => (Verdict::Works, None),
        Outcome::Met => (Verdict::Refused, Some(refusal(row, played))),
        Outcome::Skipped(reason) | Outcome::Absent(reason) => {
            (Verdict::Hole, reason.lines().next().map(str::to_owned))
        }
        Outcome::Failed(reason) => (Verdict::Fails, reason.lines().next().map(str::to_owned)),
    };
    let works = result == Verdict::Works;
    let untrusted = row.untrusted.then(|| "without --ca".to_owned());
    let entry = Entry {
        peer: row.server.clone(),
        port: row.port.clone(),
        mechanism: row.mechanism.clone(),
        tls: row.tls.name().to_owned(),
        binding: row.binding.clone(),
        account: row.account.clone(),
        more: row.options.iter().cloned().chain(untrusted).collect(),
        result,
        reason,
        chosen: word("mechanism").filter(|it| works && *it != row.mechanism),
        bound: word("channel_binding").filter(|_| works),
    };
    Now { entry, is_absent: matches!(played.outcome, Outcome::Absent(_)) }
}

/// What a row that was not played yet is meant to come to.
pub(super) fn planned(row: &Row) -> Now {
    let outcome = row.skip.clone().map_or(Outcome::Met, Outcome::Skipped);
    record(row, &Played::without("", outcome))
}

/// Why nobody came in, in a word.
fn refusal(row: &Row, played: &Played) -> String {
    let class = played.said["error"]["class"].as_str();
    class.map_or_else(|| format!("exit status {}", row.expect.exit), str::to_owned)
}

fn cells(row: &Row) -> [&str; 6] {
    [&row.server, &row.port, row.tls.name(), &row.mechanism, &row.binding, &row.account]
}

/// A row in one line.
fn name(row: &Row) -> String {
    let untrusted = row.untrusted.then_some("(untrusted)");
    let options = row.options.iter().map(String::as_str);
    cells(row).into_iter().chain(options).chain(untrusted).collect::<Vec<_>>().join(" ")
}

/// Columns as wide as their widest cell, the last one flush right.
pub(super) fn align<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = if column + 1 == N {
                format!("{cell:>width$}\n")
            } else {
                format!("{cell:<width$}  ")
            };
            text.push_str(&cell);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let lines = [["a", "bb", "1"], ["ccc", "d", "22"]].map(|it| it.map(str::to_owned));
        assert_eq!(align(&lines), "a    bb   1\nccc  d   22\n");
    }
}
