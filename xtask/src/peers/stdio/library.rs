//! Cyrus SASL's and GNU SASL's libraries by scripts of ours, for what their programs have no options for.

use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use super::cyrus::{ACCOUNTS, Cyrus};
use super::pipe::{Event, Pipe};
use super::rows::{Case, Half, Row};
use super::theirs::{Said, Theirs};
use super::{
    BOSS, GREETING, HOST, IDENTIFIER, PASSWORD, PROVIDER, SECOND, SERVICE, USER, Variable, gsasl,
    talk,
};
use crate::run;

pub(super) struct Library {
    pipe: Pipe,
    half: Half,
    /// Whether its last words, or its peer's, are a message that nobody answers.
    has_last_words: bool,
    name: Option<String>,
    /// The accounts of a server that keeps them in a file.
    _folder: Option<tempfile::TempDir>,
}

impl Library {
    /// Cyrus SASL's.
    pub(super) fn cyrus(cyrus: &Cyrus, row: &Row, variables: &[Variable]) -> Result<Self> {
        let folder = cyrus.copy()?;
        let mut wanted = wanted(row);
        wanted["options"] = json!({
            "pwcheck_method": "auxprop",
            "auxprop_plugin": "sasldb",
            "sasldb_path": folder.path().join(ACCOUNTS).display().to_string(),
            "ntlm_v2": "yes",
        });
        let mut command = script("libsasl.py", &wanted, variables);
        command.env("SASL_CONF_PATH", folder.path());
        Self::open(command, row, Some(folder))
    }

    /// GNU SASL's.
    pub(super) fn gsasl(row: &Row, variables: &[Variable]) -> Result<Self> {
        let data = super::binding(false).base64;
        let mut wanted = wanted(row);
        wanted["binding"] = json!(row.binding.as_ref().map(|kind| [kind, &data]));
        wanted["server_first"] = json!(gsasl::SERVER_FIRST.contains(&&*row.mechanism));
        wanted["passcodes"] = match row.case {
            Case::Next => json!([PASSWORD, SECOND]),
            _ => json!([wanted["password"]]),
        };
        wanted["pin"] = json!((row.case == Case::Pin).then_some(SECOND));
        wanted["provider"] = json!(PROVIDER);
        wanted["url"] = json!("https://example.org/login?state=1");
        wanted["attributes"] = json!("email=user%40example.org");
        if row.mechanism == "OPENID20" {
            wanted["user"] = json!(IDENTIFIER);
        }
        Self::open(script("libgsasl.py", &wanted, variables), row, None)
    }

    fn open(command: Command, row: &Row, folder: Option<tempfile::TempDir>) -> Result<Self> {
        Ok(Self {
            pipe: Pipe::open(command)?,
            half: row.ours.other(),
            has_last_words: talk::last_words(&row.mechanism).is_some(),
            name: None,
            _folder: folder,
        })
    }

    fn read(&mut self) -> Result<Said> {
        loop {
            let line = match self.pipe.next()? {
                Event::Line(line) => line,
                Event::Told(_) | Event::Asked(_) => continue,
                Event::End => return Ok(Said::Out),
            };
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match word {
                "M" => return Ok(Said::Message(rest.to_owned())),
                "N" => return Ok(Said::Nothing),
                "IN" => {
                    let name = rest.split_once(' ').map(|(name, _)| name.to_owned());
                    self.name = name.filter(|it| it != "-");
                    return Ok(Said::In);
                }
                "OUT" => return Ok(Said::Out),
                _ => {}
            }
        }
    }
}

/// What both scripts have to know.
fn wanted(row: &Row) -> Value {
    let most = row.layer.as_ref().map_or(0, |layer| layer.theirs);
    let (user, password) = match row.ours {
        Half::Client => (USER, PASSWORD),
        Half::Server => (row.user(), row.password()),
    };
    json!({
        "half": row.ours.other().text(),
        "mechanism": row.mechanism,
        "service": SERVICE,
        "host": HOST,
        "user": user,
        "password": password,
        "authzid": row.acting(),
        "acts_as": (row.case == Case::Acts).then_some(BOSS),
        "binding": row.binding.as_ref().map(|kind| [kind.clone(), super::binding(false).hex]),
        "external": (row.mechanism == "EXTERNAL").then_some(USER),
        "min_ssf": most.min(1),
        "max_ssf": most,
        "says": GREETING,
    })
}

fn script(name: &str, wanted: &Value, variables: &[Variable]) -> Command {
    let mut command = Command::new("/usr/bin/python3");
    command.arg(run::root().join("xtask/clients").join(name)).arg(wanted.to_string());
    command.envs(variables.iter().cloned());
    command
}

impl Theirs for Library {
    fn first(&mut self) -> Result<Said> {
        self.read()
    }

    fn begin(&mut self, first: Option<&str>) -> Result<Said> {
        match first {
            Some(first) => self.pipe.say(&format!("M {first}")),
            None => self.pipe.say("N"),
        }
        self.read()
    }

    fn step(&mut self, message: &str) -> Result<Said> {
        if self.half == Half::Client || !message.is_empty() || !self.has_last_words {
            self.pipe.say(&format!("M {message}"));
        }
        self.read()
    }

    fn succeed(&mut self) -> Result<()> {
        Ok(())
    }

    fn inside(&mut self, ours: &str) -> Result<Option<String>> {
        self.pipe.say(&format!("DATA {ours}"));
        loop {
            match self.read()? {
                Said::Message(line) => return Ok(Some(line)),
                Said::In | Said::Nothing => {}
                Said::Out => return Ok(None),
            }
        }
    }

    fn end(&mut self) -> Result<bool> {
        let heard = self.pipe.log().contains(&format!("< GOT {GREETING}"));
        Ok(self.pipe.end()? == 0 && heard)
    }

    fn name(&self) -> Option<String> {
        self.name.clone().filter(|_| self.half == Half::Server)
    }

    fn log(&self) -> String {
        self.pipe.log()
    }
}
