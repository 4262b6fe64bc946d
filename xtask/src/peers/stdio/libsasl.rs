//! Cyrus SASL's library by a script of ours, for what its sample programs have no options for.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::cyrus::{ACCOUNTS, Cyrus};
use super::pipe::{Event, Pipe};
use super::rows::{Case, Half, Row};
use super::theirs::{Said, Theirs};
use super::{BOSS, GREETING, HOST, SERVICE, USER, Variable, talk};
use crate::run;

pub(super) struct Libsasl {
    pipe: Pipe,
    half: Half,
    /// Whether its last words, or its peer's, are a message that nobody answers.
    has_last_words: bool,
    name: Option<String>,
    _folder: tempfile::TempDir,
}

impl Libsasl {
    pub(super) fn open(cyrus: &Cyrus, row: &Row, variables: &[Variable]) -> Result<Self> {
        let folder = cyrus.copy()?;
        let accounts: PathBuf = folder.path().join(ACCOUNTS);
        let half = row.ours.other();
        let most = row.layer.as_ref().map_or(0, |layer| layer.theirs);
        let wanted = json!({
            "half": half.text(),
            "mechanism": row.mechanism,
            "service": SERVICE,
            "host": HOST,
            "user": row.user(),
            "password": row.password(),
            "authzid": row.acting(),
            "acts_as": (row.case == Case::Acts).then_some(BOSS),
            "binding": row.binding.as_ref().map(|kind| [kind.clone(), super::binding(false).hex]),
            "external": (row.mechanism == "EXTERNAL").then_some(USER),
            "min_ssf": most.min(1),
            "max_ssf": most,
            "options": {
                "pwcheck_method": "auxprop",
                "auxprop_plugin": "sasldb",
                "sasldb_path": accounts.display().to_string(),
                "ntlm_v2": "yes",
            },
            "says": GREETING,
        });
        let mut command = Command::new("/usr/bin/python3");
        command.arg(run::root().join("xtask/clients/libsasl.py")).arg(wanted.to_string());
        command.env("SASL_CONF_PATH", folder.path()).envs(variables.iter().cloned());
        let has_last_words = talk::last_words(&row.mechanism).is_some();
        let pipe = Pipe::open(command)?;
        Ok(Self { pipe, half, has_last_words, name: None, _folder: folder })
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
                    self.name = rest.split_once(' ').map(|(name, _)| name.to_owned());
                    return Ok(Said::In);
                }
                "OUT" => return Ok(Said::Out),
                _ => {}
            }
        }
    }
}

impl Theirs for Libsasl {
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
