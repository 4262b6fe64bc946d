//! The page: a table for each server and each client, made of the record alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Entry, Record, Verdict};

const HEAD: &str = "\
<!-- Made by `cargo xtask peers --interop` from interop.json. -->
# Who logs in where

What the last run of `cargo xtask peers` has found: our command at real servers, and other people's clients at servers of
ours. The same as data: [interop.json](interop.json). `cargo xtask peers --interop` plays everything that this machine can
have, and writes both anew; `cargo xtask peers NAME --interop` does so for one server. A row that works here has to work in
every later run.

| result | means |
| --- | --- |
| works | somebody came in, and all that the row expects of the report was so |
| refused | nobody came in, and nobody should have: what is named is why |
| not played | why there is a hole |
| FAILS | it came otherwise than it should |
";

const LOGINS: &str = "
## Our command at real servers
";

const VISITS: &str = "
## Other people's clients at our servers

In backticks what our server keeps its accounts in; `fewer` offers neither -PLUS nor OAUTHBEARER.
";

/// Draws the page.
pub(super) fn draw(record: &Record) -> String {
    let mut text = HEAD.to_owned();
    for (head, names, entries) in
        [(LOGINS, &record.servers, &record.logins), (VISITS, &record.clients, &record.visits)]
    {
        text += head;
        text += &overview(names, entries);
        for peer in peers(entries) {
            let version = names.get(peer).map(|it| format!("{it}\n\n")).unwrap_or_default();
            write!(text, "\n### {peer}\n\n{version}").ok();
            text += &table(entries.iter().filter(|entry| entry.peer == peer));
        }
    }
    text
}

fn peers(entries: &[Entry]) -> BTreeSet<&str> {
    entries.iter().map(|entry| &*entry.peer).collect()
}

fn overview(names: &BTreeMap<String, String>, entries: &[Entry]) -> String {
    let mut text = String::from(
        "\n| | version | works | refused | not played | FAILS |\n| --- | --- | ---: | ---: | ---: | ---: |\n",
    );
    for peer in peers(entries) {
        let own: Vec<_> = entries.iter().filter(|entry| entry.peer == peer).collect();
        let count = |verdict| own.iter().filter(|entry| entry.result == verdict).count();
        let counts = [Verdict::Works, Verdict::Refused, Verdict::Hole, Verdict::Fails].map(count);
        let version = names.get(peer).map_or("", String::as_str);
        let [works, refused, holes, fails] = counts;
        let anchor = peer.replace(' ', "-");
        writeln!(
            text,
            "| [{peer}](#{anchor}) | {} | {works} | {refused} | {holes} | {fails} |",
            cell(version)
        )
        .ok();
    }
    text
}

/// What a line names several of.
type Names<'a> = BTreeSet<&'a str>;

/// A line for all rows that differ in port, account and options alone, and come to the same.
fn table<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let entries: Vec<_> = entries.map(|entry| (entry, entry.more.join(" "))).collect();
    let accounts = gather(entries.iter().map(|(entry, more)| {
        let line = (&*entry.mechanism, tls(entry), binding(entry), result(entry));
        ((line, &*entry.port, &**more), &*entry.account)
    }));
    let ports = accounts.into_iter().map(|((line, port, more), who)| ((line, who, more), port));
    let ports = gather(ports);
    let options = ports.into_iter().map(|((line, who, more), at)| ((line, who, at), more));
    let mut text = String::from(
        "| mechanism | TLS | binding | at | who | result |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (((mechanism, tls, binding, mut result), who, at), more) in gather(options) {
        let [who, at] = [who, at].map(|it| Vec::from_iter(it).join(", "));
        if more.iter().any(|it| !it.is_empty()) {
            let more = more.iter().map(|it| if it.is_empty() { "as is" } else { it });
            write!(result, " (`{}`)", more.collect::<Vec<_>>().join("`, `")).ok();
        }
        let cells = [mechanism, tls, &binding, &at, &who, &result].map(cell);
        writeln!(text, "| {} |", cells.join(" | ")).ok();
    }
    text
}

/// All names of each key.
fn gather<'a, K: Ord>(pairs: impl Iterator<Item = (K, &'a str)>) -> BTreeMap<K, Names<'a>> {
    let mut found: BTreeMap<K, Names<'a>> = BTreeMap::new();
    for (key, name) in pairs {
        found.entry(key).or_default().insert(name);
    }
    found
}

fn tls(entry: &Entry) -> &'static str {
    match &*entry.tls {
        "off" => "clear",
        "starttls" => "STARTTLS",
        "implicit" => "from the start",
        _ => "as offered",
    }
}

/// The binding that there was; without a success, the one that was asked for.
fn binding(entry: &Entry) -> String {
    match (&entry.bound, entry.result, &*entry.binding) {
        (Some(bound), _, _) => bound.clone(),
        (None, Verdict::Works, _) => "none".to_owned(),
        (None, _, "" | "prefer" | "off") => String::new(),
        (None, _, "require") => "required".to_owned(),
        (None, _, kind) => format!("{kind} required"),
    }
}

fn result(entry: &Entry) -> String {
    let mut text = match entry.result {
        Verdict::Works => "works",
        Verdict::Refused => "refused",
        Verdict::Hole => "not played",
        Verdict::Fails => "FAILS",
    }
    .to_owned();
    if let Some(chosen) = &entry.chosen {
        write!(text, ", by {chosen}").ok();
    }
    if let Some(reason) = &entry.reason {
        write!(text, ": {reason}").ok();
    }
    text
}

/// A cell's text, which ends no cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn rows_that_come_to_the_same_are_one_line() {
        let mut other_port = entry("dovecot", "user", Verdict::Works);
        other_port.port = "pop3".to_owned();
        let mut bound = entry("dovecot", "user", Verdict::Works);
        bound.mechanism = "SCRAM-SHA-256-PLUS".to_owned();
        bound.bound = Some("tls-exporter".to_owned());
        let mut hole = entry("dovecot", "hard", Verdict::Hole);
        hole.reason = Some("it is a | of sorts".to_owned());
        let mut shown = entry("dovecot", "user", Verdict::Works);
        shown.tls = "off".to_owned();
        shown.more = vec!["--allow-plaintext".to_owned()];
        let entries = [entry("dovecot", "user", Verdict::Works), other_port, bound, hole, shown];
        let text = table(entries.iter());
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| PLAIN | STARTTLS |  | imap | hard | not played: it is a \\| of sorts |",
                "| PLAIN | STARTTLS | none | imap, pop3 | user | works |",
                "| PLAIN | clear | none | imap | user | works (`--allow-plaintext`) |",
                "| SCRAM-SHA-256-PLUS | STARTTLS | tls-exporter | imap | user | works |",
            ]
        );
    }
}
