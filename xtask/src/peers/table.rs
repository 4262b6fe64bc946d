//! The table that a run of the rows prints, and its count.

use std::time::Duration;

use super::rows::Row;
use crate::tally::Tally;

const HEAD: [&str; 10] =
    ["", "server", "port", "tls", "mechanism", "binding", "account", "expected", "got", "ms"];

/// What became of a row.
pub(crate) struct Played {
    pub(crate) got: String,
    pub(crate) elapsed: Duration,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    Met,
    Skipped(String),
    /// With all that helps to find out why.
    Failed(String),
}

/// Prints the table, then all that helps with what failed, and counts.
pub(crate) fn report<'a>(played: impl Iterator<Item = (&'a Row, Option<Played>)>) -> Tally {
    let mut tally = Tally::default();
    let mut lines = vec![HEAD.map(str::to_owned)];
    let mut failures = Vec::new();
    for (row, played) in played {
        let Played { got, elapsed, outcome } = played.unwrap_or_else(|| Played {
            got: "panic".to_owned(),
            elapsed: Duration::ZERO,
            outcome: Outcome::Failed("playing the row panicked".to_owned()),
        });
        let name = name(row);
        let mut expected = row.expected();
        let mark = match outcome {
            Outcome::Met => {
                tally.passed += 1;
                "ok"
            }
            Outcome::Skipped(reason) => {
                tally.skip(&name, &reason);
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
            got,
            milliseconds,
        ]);
    }
    print!("{}", align(&lines));
    for failure in failures {
        println!("\n{}", failure.replace('\n', "\n     "));
    }
    tally
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
