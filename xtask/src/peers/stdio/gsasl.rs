//! GNU SASL's `gsasl`.
//!
//! It writes the mechanism's name, then base64 lines in turn, an empty one for no message or an empty one. Where it has done its last step, it
//! still writes a line and reads one before it says on standard error that it is content; what it reads then is put into the
//! security layer and written: it unwraps nothing over pipes.

use std::process::Command;

use anyhow::Result;

use super::pipe::{Event, Pipe};
use super::rows::{Half, Row};
use super::theirs::{Said, Theirs};
use super::{GREETING, HOST, IDENTIFIER, PASSWORD, PROVIDER, SERVICE, Variable};

/// The packages.
pub(super) const PACKAGES: [&str; 2] = ["gsasl", "python3"];

/// How it says that it is content.
const CONTENT: &str = " authentication finished (";
/// In which the server speaks first.
pub(super) const SERVER_FIRST: [&str; 3] = ["CRAM-MD5", "DIGEST-MD5", "LOGIN"];
/// Which ask for service and host. Where the host is known, it no longer asks for a channel binding.
const NAME_A_HOST: [&str; 3] = ["DIGEST-MD5", "GSSAPI", "GS2-KRB5"];
/// What it says of a client before it asks whether to let it in.
const ABOUT_GSS: [&str; 2] = ["Authzid: ", "Display Name: "];
/// An empty line is a message, or the end: so many may be needed to know.
const MOST_EMPTY_LINES: u32 = 3;

pub(super) struct Gsasl {
    pipe: Pipe,
    /// Its type, and what it is.
    binding: Option<(String, String)>,
    /// Which half it is.
    half: Half,
    server_first: bool,
    content: bool,
}

impl Gsasl {
    pub(super) fn open(row: &Row, variables: &[Variable]) -> Result<Self> {
        let mut command = Command::new("gsasl");
        command.envs(variables.iter().cloned());
        command.args(["--mechanism", &row.mechanism, "--iteration-count", "4096"]);
        command.env("LC_ALL", "C.UTF-8");
        let server_first = SERVER_FIRST.contains(&&*row.mechanism);
        let half = row.ours.other();
        match half {
            Half::Client => client(&mut command, row),
            Half::Server => {
                command.args(["--server", "--password", PASSWORD]);
            }
        }
        if NAME_A_HOST.contains(&&*row.mechanism) {
            command.args(["--service", SERVICE, "--hostname", HOST, "--realm", HOST]);
        }
        if let Some(layer) = &row.layer {
            let quality = match layer.theirs {
                0 => "qop-auth",
                1 => "qop-int",
                _ => "qop-conf",
            };
            command.args(["--quality-of-protection", quality]);
        }
        let binding = row.binding.as_ref().map(|kind| (kind.clone(), super::binding(false).base64));
        if binding.is_none() {
            command.arg("--no-cb");
        }
        let pipe = Pipe::open(command)?;
        Ok(Self { pipe, binding, half, server_first, content: false })
    }

    fn read(&mut self) -> Result<Said> {
        loop {
            return Ok(match self.pipe.next()? {
                Event::Line(line) if line.starts_with("Proceed to this URL") => {
                    // The URL; nobody goes there.
                    self.pipe.next()?;
                    continue;
                }
                Event::Line(line) if ABOUT_GSS.iter().any(|it| line.starts_with(it)) => continue,
                Event::Line(line) => Said::Message(line),
                Event::Told(line) if line.contains(CONTENT) => {
                    self.content = true;
                    Said::In
                }
                Event::Told(_) => continue,
                Event::Asked(prompt) => {
                    self.answer(&prompt);
                    continue;
                }
                Event::End => Said::Out,
            });
        }
    }

    fn answer(&mut self, prompt: &str) {
        let binding = self.binding.as_ref().filter(|(kind, _)| prompt.contains(&**kind));
        let answer = if let Some((_, data)) = binding {
            data.clone()
        } else if prompt.contains("SAML") {
            PROVIDER.to_owned()
        } else if prompt.ends_with("(y/n) ") {
            "y".to_owned()
        } else {
            String::new()
        };
        self.pipe.say(&answer);
    }
}

impl Theirs for Gsasl {
    fn first(&mut self) -> Result<Said> {
        match self.read()? {
            Said::Message(_name) if self.server_first => Ok(Said::Nothing),
            Said::Message(_name) => self.read(),
            other => Ok(other),
        }
    }

    fn begin(&mut self, first: Option<&str>) -> Result<Said> {
        let Said::Message(_name) = self.read()? else { return Ok(Said::Out) };
        match (self.read()?, first) {
            (Said::Message(empty), Some(first)) if empty.is_empty() => self.step(first),
            (said, _) => Ok(said),
        }
    }

    fn step(&mut self, message: &str) -> Result<Said> {
        self.pipe.say(message);
        let mut said = self.read()?;
        for _ in 0..MOST_EMPTY_LINES {
            if self.half == Half::Client || said != Said::Message(String::new()) {
                break;
            }
            self.pipe.say("");
            said = self.read()?;
        }
        Ok(said)
    }

    fn succeed(&mut self) -> Result<()> {
        self.pipe.say("");
        self.read().map(drop)
    }

    fn inside(&mut self, _ours: &str) -> Result<Option<String>> {
        if !self.content {
            self.succeed()?;
        }
        self.pipe.say(GREETING);
        match self.read()? {
            Said::Message(line) => Ok(Some(line)),
            _ => Ok(None),
        }
    }

    fn end(&mut self) -> Result<bool> {
        self.pipe.end()?;
        Ok(self.content)
    }

    fn name(&self) -> Option<String> {
        None
    }

    fn log(&self) -> String {
        self.pipe.log()
    }
}

fn client(command: &mut Command, row: &Row) {
    let name = if row.mechanism == "OPENID20" { IDENTIFIER } else { row.user() };
    command.args(["--client", "--authentication-id", name, "--password", row.password()]);
    command.args(["--anonymous-token", "somebody", "--passcode", row.password()]);
    if let Some(boss) = row.acting() {
        command.args(["--authorization-id", boss]);
    }
    if SERVER_FIRST.contains(&&*row.mechanism) {
        command.arg("--no-client-first");
    }
}
