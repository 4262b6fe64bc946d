//! The table of expected logins (`xtask/xtask/peers`): read, multiplied out, and compared with what our
//! command did.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// Rows that differ only in what their lists name: each combination is one login.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Why these rows are there; for readers of the file.
    why: String,
    server: Vec<String>,
    /// The server's ports by name; what stands before a `-` is the URL's scheme.
    port: Vec<String>,
    tls: Vec<Tls>,
    /// `any` leaves the choice to the command.
    mechanism: Vec<String>,
    #[serde(default = "prefer")]
    binding: Vec<String>,
    account: Vec<String>,
    /// Further options, as they are.
    #[serde(default)]
    options: Vec<String>,
    /// Whether the servers' authority is trusted.
    #[serde(default)]
    untrusted: bool,
    /// Why these rows cannot be played.
    skip: Option<String>,
    #[serde(default)]
    expect: Expect,
}

fn prefer() -> Vec<String> {
    vec!["prefer".to_owned()]
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    Auto,
    Implicit,
    Off,
    Starttls,
}

impl Tls {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Implicit => "implicit",
            Self::Off => "off",
            Self::Starttls => "starttls",
        }
    }
}

/// What must come of a login.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    pub(crate) exit: i32,
    /// Fields of the JSON by their dotted path; `$mechanism` is the row's own.
    #[serde(default)]
    pub(crate) json: BTreeMap<String, Value>,
}

const DASHED: &str = "dovecot-auth";

/// One login.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) server: String,
    pub(crate) port: String,
    pub(crate) tls: Tls,
    pub(crate) mechanism: String,
    /// `require`, `prefer` or `off`, or a type of binding, which is then required.
    pub(crate) binding: String,
    pub(crate) account: String,
    pub(crate) options: Vec<String>,
    pub(crate) untrusted: bool,
    pub(crate) skip: Option<String>,
    pub(crate) expect: Expect,
}

impl Row {
    /// The URL's scheme: the port's name without what distinguishes ports of one protocol.
    pub(crate) fn scheme(&self) -> &str {
        // The one scheme that has a dash of its own.
        let port = &*self.port;
        let own = DASHED.len();
        let after = port.strip_prefix(DASHED).map_or(0, |_| own);
        let end =
            port.get(after..).and_then(|rest| rest.find('-')).map_or(port.len(), |it| it + after);
        port.get(..end).unwrap_or(port)
    }

    /// The options that choose mechanism, TLS and binding.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--tls".to_owned(), self.tls.name().to_owned()];
        if self.mechanism != "any" {
            arguments.extend(["-m".to_owned(), self.mechanism.clone()]);
        }
        let (wanted, kind) = match &*self.binding {
            wanted @ ("require" | "prefer" | "off") => (wanted, None),
            kind => ("require", Some(kind)),
        };
        arguments.extend(["--channel-binding".to_owned(), wanted.to_owned()]);
        if let Some(kind) = kind {
            arguments.extend(["--binding-type".to_owned(), kind.to_owned()]);
        }
        arguments.extend(self.options.iter().cloned());
        arguments
    }

    /// What is expected, in a few words.
    pub(crate) fn expected(&self) -> String {
        let word = self.expect.json.get("error.class").filter(|it| !it.is_null());
        let word = word.or_else(|| self.expect.json.get("result")).and_then(Value::as_str);
        summary(Some(self.expect.exit), word)
    }

    /// All that differs between what was expected and what came; empty where the row is met.
    pub(crate) fn differences(&self, exit: Option<i32>, stdout: &str) -> Vec<String> {
        let mut found = Vec::new();
        if exit != Some(self.expect.exit) {
            let got = exit.map_or("no exit status".to_owned(), |it| it.to_string());
            found.push(format!("exit status: expected {}, got {got}", self.expect.exit));
        }
        if self.expect.json.is_empty() {
            return found;
        }
        let mut lines = stdout.lines();
        let first = lines.next().map(serde_json::from_str::<Value>);
        let (Some(Ok(json)), None) = (first, lines.next()) else {
            found.push("standard output is not one JSON object".to_owned());
            return found;
        };
        for (path, wanted) in &self.expect.json {
            let wanted = match wanted {
                Value::String(it) if it == "$mechanism" => Value::String(self.mechanism.clone()),
                other => other.clone(),
            };
            match lookup(&json, path) {
                None => found.push(format!("{path}: missing")),
                Some(got) if *got != wanted => {
                    found.push(format!("{path}: expected {wanted}, got {got}"));
                }
                Some(_) => {}
            }
        }
        found
    }
}

/// The outcome that a JSON of ours tells, in the words of [`Row::expected`].
pub(crate) fn got(exit: Option<i32>, stdout: &str) -> String {
    let json: Value = serde_json::from_str(stdout.trim()).unwrap_or_default();
    let word = json["error"]["class"].as_str().or_else(|| json["result"].as_str());
    summary(exit, word)
}

fn summary(exit: Option<i32>, word: Option<&str>) -> String {
    let exit = exit.map_or("-".to_owned(), |it| it.to_string());
    match word {
        Some(word) => format!("{exit} {word}"),
        None => exit,
    }
}

/// A dotted path's value. Below null all is null: no TLS has no version.
fn lookup<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(json, |value, key| match value {
        Value::Null => Some(value),
        value => value.get(key),
    })
}

/// Reads the table.
pub(crate) fn parse(text: &str) -> Result<Vec<Row>> {
    let groups: Vec<Group> = serde_json::from_str(text).context("a table of peers")?;
    let mut rows = Vec::new();
    for group in groups {
        let why = group.why.clone();
        let before = rows.len();
        rows.extend(group.multiply());
        if rows.len() == before {
            bail!("xtask/peers: the group {why:?} has an empty list");
        }
    }
    Ok(rows)
}

impl Group {
    /// One row for each combination of what the lists name.
    fn multiply(self) -> Vec<Row> {
        let rows = vec![Row {
            server: String::new(),
            port: String::new(),
            tls: Tls::Auto,
            mechanism: String::new(),
            binding: String::new(),
            account: String::new(),
            options: self.options,
            untrusted: self.untrusted,
            skip: self.skip,
            expect: self.expect,
        }];
        let rows = spread(rows, &self.server, |row, it| row.server.clone_from(it));
        let rows = spread(rows, &self.port, |row, it| row.port.clone_from(it));
        let rows = spread(rows, &self.tls, |row, it| row.tls = *it);
        let rows = spread(rows, &self.mechanism, |row, it| row.mechanism.clone_from(it));
        let rows = spread(rows, &self.binding, |row, it| row.binding.clone_from(it));
        spread(rows, &self.account, |row, it| row.account.clone_from(it))
    }
}

/// Each row once per value.
fn spread<T>(rows: Vec<Row>, values: &[T], set: impl Fn(&mut Row, &T)) -> Vec<Row> {
    let mut found = Vec::new();
    for row in rows {
        for value in values {
            let mut row = row.clone();
            set(&mut row, value);
            found.push(row);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(expect: &str) -> Row {
        let text = format!(
            r#"[{{"why": "a test", "server": ["dovecot"], "port": ["imap-strict"], "tls": ["starttls"],
                "mechanism": ["SCRAM-SHA-256"], "account": ["user"], "expect": {expect}}}]"#
        );
        parse(&text).unwrap().remove(0)
    }

    #[test]
    fn lists_are_multiplied_out() {
        let text = r#"[{"why": "a test", "server": ["a", "b"], "port": ["imap", "imaps"],
            "tls": ["auto"], "mechanism": ["PLAIN", "any"], "account": ["user", "hard", "x"],
            "expect": {"exit": 0}}]"#;
        assert_eq!(parse(text).unwrap().len(), 24);
    }

    #[test]
    fn a_misspelt_field_is_an_error() {
        let text = r#"[{"why": "a test", "serer": []}]"#;
        assert!(parse(text).is_err());
    }

    #[test]
    fn a_type_of_binding_is_required() {
        let mut row = row(r#"{"exit": 0}"#);
        row.binding = "tls-exporter".to_owned();
        assert_eq!(
            row.arguments().join(" "),
            "--tls starttls -m SCRAM-SHA-256 --channel-binding require --binding-type tls-exporter"
        );
        assert_eq!(row.scheme(), "imap");
        for (port, scheme) in
            [("dovecot-auth", DASHED), ("dovecot-auth-tcp", DASHED), ("irc", "irc")]
        {
            port.clone_into(&mut row.port);
            assert_eq!(row.scheme(), scheme);
        }
    }

    #[test]
    fn a_met_row_has_no_differences() {
        let row =
            row(r#"{"exit": 0, "json": {"result": "authenticated", "mechanism": "$mechanism",
                "tls.version": "1.3", "error": null, "error.class": null}}"#);
        let stdout = r#"{"result":"authenticated","mechanism":"SCRAM-SHA-256","tls":{"version":"1.3"},"error":null}"#;
        assert_eq!(row.differences(Some(0), stdout), Vec::<String>::new());
        assert_eq!(row.expected(), "0 authenticated");
        assert_eq!(got(Some(0), stdout), "0 authenticated");
    }

    #[test]
    fn every_difference_is_named() {
        let row =
            row(r#"{"exit": 1, "json": {"result": "refused", "error.class": "credentials"}}"#);
        let found = row.differences(Some(3), r#"{"result":"failed","error":{}}"#);
        assert_eq!(
            found,
            [
                "exit status: expected 1, got 3",
                "error.class: missing",
                "result: expected \"refused\", got \"failed\"",
            ]
        );
        let found = row.differences(None, "panicked");
        assert_eq!(
            found,
            [
                "exit status: expected 1, got no exit status",
                "standard output is not one JSON object"
            ]
        );
    }

    #[test]
    fn the_table_in_the_repository_is_sound() {
        let rows = super::super::table().unwrap();
        for row in rows {
            super::super::play::check_row(&row).unwrap();
        }
    }
}
