//! The record of the last logins between us and others (`docs/interop.json`), and the page made of it. No times, no order of
//! events: a run that finds the same writes the same.

mod page;
mod versions;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use self::versions::{of_packages, of_peer};
use crate::run;

/// The record.
pub(crate) const RECORD: &str = "docs/interop.json";
/// What people read.
pub(crate) const PAGE: &str = "docs/interop.md";

/// What is known of logins between us and others.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// What stands behind each server's name in the tables, version included.
    servers: BTreeMap<String, String>,
    /// Our command at real servers.
    logins: Vec<Entry>,
    /// The same for the clients.
    clients: BTreeMap<String, String>,
    /// Other people's clients at servers of ours.
    visits: Vec<Entry>,
}

/// A row, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Who is not ours: a server, a client.
    pub(super) peer: String,
    /// The name of the port; for clients the protocol.
    pub(super) port: String,
    pub(super) mechanism: String,
    pub(super) tls: String,
    /// What was asked for.
    pub(super) binding: String,
    pub(super) account: String,
    /// Whatever else makes the row another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) more: Vec<String>,
    pub(super) result: Verdict,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The mechanism that it was, where the row leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chosen: Option<String>,
    /// The channel binding that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bound: Option<String>,
}

/// What came of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Somebody came in.
    Works,
    /// Nobody came in, and nobody should have.
    Refused,
    /// It was not played.
    Hole,
    /// It came otherwise than it should.
    Fails,
}

/// What became of a row in this run.
#[derive(Debug, Clone)]
pub(super) struct Now {
    pub(super) entry: Entry,
    /// It was not played because something is not on this machine, which says nothing about us.
    pub(super) is_absent: bool,
}

impl Entry {
    /// The row in one line, as runs print it.
    pub(super) fn name(&self) -> String {
        let Self { peer, port, mechanism, tls, binding, account, more, .. } = self;
        let cells = [peer, port, tls, mechanism, binding, account].into_iter().chain(more);
        cells.filter(|it| !it.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// What a run of the servers' rows, or of the clients', has found.
#[derive(Default)]
pub(crate) struct Found {
    /// Names, and what stands behind them.
    pub(super) peers: BTreeMap<String, String>,
    pub(super) rows: Vec<Now>,
}

/// Which half of the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// Our command at real servers.
    Logins,
    /// Other people's clients at servers of ours.
    Visits,
}

impl Record {
    /// Reads what was written last; nothing where nothing was.
    ///
    /// # Errors
    ///
    /// A record that is none.
    pub(crate) fn read() -> Result<Self> {
        let file = run::root().join(RECORD);
        if !file.exists() {
            return Ok(Self::default());
        }
        Self::parse(&fs::read_to_string(file)?)
    }

    /// Reads a record's text.
    ///
    /// # Errors
    ///
    /// It is none.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context(RECORD)
    }

    /// Writes the record, and the page.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(crate) fn write(&self) -> Result<()> {
        fs::write(run::root().join(RECORD), self.to_text()?)?;
        fs::write(run::root().join(PAGE), self.to_page())?;
        println!("\nwrote {RECORD} and {PAGE}");
        Ok(())
    }

    /// The page.
    pub(crate) fn to_page(&self) -> String {
        page::draw(self)
    }

    /// Replaces what was known of those who are in `found`; of those who are not on this machine the last word stays.
    pub(crate) fn renew(&mut self, half: Half, found: Found) {
        let (names, entries) = match half {
            Half::Logins => (&mut self.servers, &mut self.logins),
            Half::Visits => (&mut self.clients, &mut self.visits),
        };
        names.extend(found.peers);
        let is_found = |entry: &Entry| found.rows.iter().any(|now| now.entry.peer == entry.peer);
        let (old, kept) = std::mem::take(entries).into_iter().partition(is_found);
        let old: BTreeMap<String, Entry> =
            Vec::into_iter(old).map(|entry| (entry.name(), entry)).collect();
        *entries = kept;
        entries.extend(found.rows.into_iter().map(|now| match old.get(&now.entry.name()) {
            Some(last) if now.is_absent => last.clone(),
            _ => now.entry,
        }));
        entries.sort();
        entries.dedup();
        let is_played = |name: &String| entries.iter().any(|entry| entry.peer == *name);
        names.retain(|name, _| is_played(name));
    }

    /// Rows that worked once and do not now, each with why. `now` has all that there is of the peers that it names, and of all
    /// others if `is_all`.
    pub(super) fn regressions(&self, half: Half, now: &[Now], is_all: bool) -> Vec<String> {
        let entries = match half {
            Half::Logins => &self.logins,
            Half::Visits => &self.visits,
        };
        let worked = entries.iter().filter(|entry| entry.result == Verdict::Works);
        let is_meant = |entry: &&Entry| is_all || now.iter().any(|it| it.entry.peer == entry.peer);
        let mut found = Vec::new();
        for entry in worked.filter(is_meant) {
            let name = entry.name();
            let why = match now.iter().find(|it| it.entry.name() == name) {
                None => "is in no table any more",
                Some(it) if it.is_absent => continue,
                Some(it) => match it.entry.result {
                    // What fails is told by the run itself.
                    Verdict::Works | Verdict::Fails => continue,
                    Verdict::Hole => "is left out",
                    Verdict::Refused => "is refused, and that is expected now",
                },
            };
            found.push(format!("{name}: it worked when {RECORD} was written, and now {why}"));
        }
        found
    }

    /// One entry in each line, so that a difference is read at a glance.
    fn to_text(&self) -> Result<String> {
        let mut text = String::from("{\n");
        let parts: [(&str, Vec<String>, [char; 2]); 4] = [
            ("servers", names(&self.servers), ['{', '}']),
            ("logins", lines(&self.logins)?, ['[', ']']),
            ("clients", names(&self.clients), ['{', '}']),
            ("visits", lines(&self.visits)?, ['[', ']']),
        ];
        let last = parts.len() - 1;
        for (at, (name, lines, [open, close])) in parts.into_iter().enumerate() {
            let comma = if at == last { "" } else { "," };
            let lines = lines.join(",\n    ");
            let lines = if lines.is_empty() { lines } else { format!("\n    {lines}\n  ") };
            writeln!(text, "  \"{name}\": {open}{lines}{close}{comma}")?;
        }
        Ok(text + "}\n")
    }
}

fn names(names: &BTreeMap<String, String>) -> Vec<String> {
    let quoted = |text: &String| Value::String(text.clone()).to_string();
    names.iter().map(|(name, what)| format!("{}: {}", quoted(name), quoted(what))).collect()
}

fn lines(entries: &[Entry]) -> Result<Vec<String>> {
    entries.iter().map(|it| Ok(serde_json::to_string(it)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn entry(peer: &str, account: &str, result: Verdict) -> Entry {
        Entry {
            peer: peer.to_owned(),
            port: "imap".to_owned(),
            mechanism: "PLAIN".to_owned(),
            tls: "starttls".to_owned(),
            binding: "prefer".to_owned(),
            account: account.to_owned(),
            more: Vec::new(),
            result,
            reason: None,
            chosen: None,
            bound: None,
        }
    }

    fn now(entry: Entry) -> Now {
        Now { entry, is_absent: false }
    }

    fn found(rows: Vec<Now>) -> Found {
        let peers = rows.iter().map(|it| (it.entry.peer.clone(), "its version".to_owned()));
        Found { peers: peers.collect(), rows }
    }

    fn record() -> Record {
        let mut record = Record::default();
        let rows = ["user", "hard"].map(|it| now(entry("dovecot", it, Verdict::Works)));
        record.renew(Half::Logins, found(rows.to_vec()));
        record.renew(Half::Logins, found(vec![now(entry("cyrus", "user", Verdict::Works))]));
        record
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = record();
        let text = record.to_text().unwrap();
        assert_eq!(Record::parse(&text).unwrap(), record);
        let whole: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(whole["logins"].as_array().unwrap().len(), 3);
        let peers: Vec<_> = record.logins.iter().map(|it| &*it.peer).collect();
        assert_eq!(peers, ["cyrus", "dovecot", "dovecot"], "sorted, and one run takes no other's");
    }

    #[test]
    fn a_row_that_worked_must_go_on_working() {
        let record = record();
        let row = |account, result| now(entry("dovecot", account, result));
        let both = [row("user", Verdict::Works), row("hard", Verdict::Works)];
        assert!(record.regressions(Half::Logins, &both, false).is_empty());
        assert_eq!(record.regressions(Half::Logins, &both, true).len(), 1, "cyrus has vanished");
        for other in [Verdict::Refused, Verdict::Hole] {
            let rows = [both[0].clone(), row("hard", other)];
            let told = record.regressions(Half::Logins, &rows, false);
            assert!(matches!(&told[..], [one] if one.contains("imap starttls PLAIN")), "{told:?}");
        }
        assert_eq!(record.regressions(Half::Logins, &both[..1], false).len(), 1, "vanished");
    }

    #[test]
    fn what_is_not_on_this_machine_is_no_regression_and_loses_no_entry() {
        let mut record = record();
        let rows = ["user", "hard"]
            .map(|it| Now { is_absent: true, ..now(entry("dovecot", it, Verdict::Hole)) });
        assert!(record.regressions(Half::Logins, &rows, false).is_empty());
        let before = record.clone();
        record.renew(Half::Logins, Found { rows: rows.to_vec(), ..Found::default() });
        assert_eq!(record, before);
    }
}
