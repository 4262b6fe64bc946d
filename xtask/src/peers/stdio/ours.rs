//! `aiosasl exchange`, either half.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use super::pipe::{Event, Pipe};
use super::rows::{Case, Half, Row};
use super::{BOSS, HOST, IDENTIFIER, PASSWORD, PROVIDER, REALM, SECOND, SERVICE, USER, Variable};

/// Ours.
pub(super) struct Ours {
    pipe: Pipe,
    told: Value,
}

/// What it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Base64; empty for an empty message.
    Message(String),
    /// An empty line.
    Nothing,
    /// It gives up.
    Abort,
    /// It has ended.
    End,
}

impl Ours {
    /// `says` is what it says after the exchange, where anything follows.
    pub(super) fn open(
        command: &Path,
        row: &Row,
        says: Option<&str>,
        variables: &[Variable],
    ) -> Result<Self> {
        let mut command = Command::new(command);
        command.envs(variables.iter().cloned());
        command.args(["exchange", row.ours.text(), "-m", &row.mechanism]);
        command.args(["--service", SERVICE, "--hostname", HOST]);
        match row.ours {
            Half::Client => client(&mut command, row),
            Half::Server => server(&mut command, row),
        }
        if let Some(binding) = &row.binding {
            let data = super::binding(row.case == Case::Foreign);
            command.args(["--binding-type", binding, "--binding-data", &data.hex]);
        }
        if let Some(layer) = &row.layer {
            command.args(["--layer", &layer.ours]);
        }
        if let Some(text) = says {
            command.args(["--layer-data", text]);
        }
        Ok(Self { pipe: Pipe::open(command)?, told: Value::Null })
    }

    pub(super) fn hear(&mut self) -> Result<Line> {
        loop {
            return Ok(match self.pipe.next()? {
                Event::Line(line) => match &*line {
                    "" => Line::Nothing,
                    "=" => Line::Message(String::new()),
                    "*" => Line::Abort,
                    _ => Line::Message(line),
                },
                Event::Told(line) => {
                    self.note(&line);
                    continue;
                }
                Event::Asked(_) => continue,
                Event::End => Line::End,
            });
        }
    }

    /// Hands it a message.
    pub(super) fn say(&mut self, message: &str) {
        self.pipe.say(if message.is_empty() { "=" } else { message });
    }

    /// Hands it an empty line: no message.
    pub(super) fn say_nothing(&mut self) {
        self.pipe.say("");
    }

    /// Waits for its end: status and JSON.
    pub(super) fn end(&mut self) -> Result<(i32, Value)> {
        self.pipe.close();
        while self.hear()? != Line::End {}
        Ok((self.pipe.end()?, self.told.clone()))
    }

    pub(super) fn log(&self) -> String {
        self.pipe.log()
    }

    fn note(&mut self, line: &str) {
        if let Ok(told) = serde_json::from_str::<Value>(line)
            && told.get("result").is_some()
        {
            self.told = told;
        }
    }
}

fn client(command: &mut Command, row: &Row) {
    command.args(["-u", row.user()]);
    if let Some(boss) = row.acting() {
        command.args(["--authzid", boss]);
    }
    secrets(command, row.password());
    if matches!(row.case, Case::Next | Case::Pin) {
        command.env("AIOSASL_ANSWERS", SECOND);
    }
}

fn server(command: &mut Command, row: &Row) {
    command.args(["-u", USER]);
    if row.needs_ticket() {
        command.args(["--realm", REALM]);
    }
    match &*row.mechanism {
        "OPENID20" => command.args(["--provider", IDENTIFIER]),
        "SAML20" => command.args(["--provider", PROVIDER]),
        _ => command,
    };
    if row.case == Case::Acts {
        command.args(["--authzid", BOSS]);
    }
    secrets(command, PASSWORD);
}

/// One of them is what the mechanism needs.
fn secrets(command: &mut Command, secret: &str) {
    for name in ["AIOSASL_PASSWORD", "AIOSASL_TOKEN", "AIOSASL_ANSWERS", "AIOSASL_PASSCODES"] {
        command.env(name, secret);
    }
}
