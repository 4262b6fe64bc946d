//! Cyrus SASL's `sasl-sample-client` and `sasl-sample-server`.
//!
//! Messages are the lines `S: ` and `C: ` with base64, among others. The server opens with its list of mechanisms, the client with the name
//! that it has chosen and, after a NUL, its initial response. Their last words are always a challenge, which wants an empty
//! response. In the end each says one line inside the layer, the server first, and fails where the other's is not the expected one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use base64ct::{Base64, Encoding};

use super::pipe::{Event, Pipe};
use super::rows::{Half, Row};
use super::theirs::{Said, Theirs};
use super::{HOST, PASSWORD, SERVICE, USER, Variable};
use crate::run;

/// The packages.
pub(super) const PACKAGES: [&str; 6] = [
    "libsasl2-modules",
    "libsasl2-modules-db",
    "libsasl2-modules-gssapi-mit",
    "libsasl2-modules-otp",
    "python3",
    "sasl2-bin",
];

/// The file of the accounts.
pub(super) const ACCOUNTS: &str = "sasldb2";

/// What the client says in the end, without the NUL that it sends along.
pub(super) const CLIENT_SAYS: &str = "client message 1";
/// What the server says.
pub(super) const SERVER_SAYS: &str = "srv message 1";
/// The same as it comes.
pub(super) const CLIENT_SAID: &str = "client message 1\0";
/// The same as it comes.
pub(super) const SERVER_SAID: &str = "srv message 1\0";

/// A folder with an account that everybody copies: some mechanisms change it, and none likes to share.
pub(super) struct Cyrus {
    folder: PathBuf,
}

impl Cyrus {
    pub(super) fn set_up(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "printf '%s' \"$PASSWORD\" | saslpasswd2 -p -c -f \"$0\" -u \"$1\" \"$2\"",
        ]);
        shell.arg(folder.join(ACCOUNTS)).args([HOST, USER]).env("PASSWORD", PASSWORD);
        let said = run::output(&mut shell, run::SHORT)?;
        if !said.success() {
            bail!("saslpasswd2: {}", said.text());
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// A configuration, and a copy of the account.
    pub(super) fn copy(&self) -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir_in(&self.folder)?;
        let accounts = folder.path().join(ACCOUNTS);
        fs::copy(self.folder.join(ACCOUNTS), &accounts)?;
        let text = format!(
            "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\n",
            accounts.display()
        );
        fs::write(folder.path().join("sample.conf"), text)?;
        Ok(folder)
    }

    /// Their program. Its output is flushed line by line only where it is told to, and its passwords come from the terminal where there is one.
    pub(super) fn open(&self, row: &Row, variables: &[Variable]) -> Result<Sample> {
        let mut command = Command::new("setsid");
        let folder = self.copy()?;
        command.args(["stdbuf", "-oL"]).env("SASL_CONF_PATH", folder.path());
        command.envs(variables.iter().cloned());
        let half = row.ours.other();
        match half {
            Half::Client => client(&mut command, row),
            Half::Server => {
                command.args(["sasl-sample-server", "-d", HOST, "-u", HOST]);
            }
        }
        command.args(["-s", SERVICE, "-m", &row.mechanism]);
        let most = row.layer.as_ref().map_or(0, |layer| layer.theirs);
        command.args(["-b", &format!("min={},max={most}", most.min(1))]);
        Ok(Sample {
            pipe: Pipe::open(command)?,
            half,
            mechanism: row.mechanism.clone(),
            password: row.password(),
            name: None,
            _folder: folder,
        })
    }
}

fn client(command: &mut Command, row: &Row) {
    command.args(["sasl-sample-client", "-n", HOST, "-a", row.user()]);
    if let Some(boss) = row.acting() {
        command.args(["-u", boss]);
    }
}

/// One of the two programs.
pub(super) struct Sample {
    pipe: Pipe,
    half: Half,
    mechanism: String,
    password: &'static str,
    name: Option<String>,
    _folder: tempfile::TempDir,
}

impl Sample {
    fn read(&mut self) -> Result<Said> {
        let mark = self.mark();
        loop {
            match self.pipe.next()? {
                Event::Line(line) => {
                    if let Some(message) = line.strip_prefix(mark) {
                        return Ok(Said::Message(message.to_owned()));
                    }
                    if line == "Negotiation complete" {
                        return Ok(Said::In);
                    }
                    if let Some(name) = line.strip_prefix("Username: ") {
                        self.name = Some(name.to_owned());
                    }
                }
                Event::Told(_) => {}
                Event::Asked(_) => self.pipe.say(self.password),
                Event::End => return Ok(Said::Out),
            }
        }
    }

    /// What its messages begin with.
    fn mark(&self) -> &'static str {
        match self.half {
            Half::Client => "C: ",
            Half::Server => "S: ",
        }
    }

    fn say(&mut self, message: &str) {
        let mark = match self.half {
            Half::Client => "S: ",
            Half::Server => "C: ",
        };
        self.pipe.say(&format!("{mark}{message}"));
    }
}

impl Theirs for Sample {
    fn first(&mut self) -> Result<Said> {
        self.say(&Base64::encode_string(self.mechanism.as_bytes()));
        let Said::Message(opening) = self.read()? else { return Ok(Said::Out) };
        let Ok(octets) = Base64::decode_vec(&opening) else { bail!("no base64: {opening}") };
        let mut parts = octets.splitn(2, |octet| *octet == 0);
        let (_name, first) = (parts.next(), parts.next());
        Ok(first.map_or(Said::Nothing, |it| Said::Message(Base64::encode_string(it))))
    }

    fn begin(&mut self, first: Option<&str>) -> Result<Said> {
        let Said::Message(_list) = self.read()? else { return Ok(Said::Out) };
        let mut opening = self.mechanism.as_bytes().to_vec();
        if let Some(first) = first {
            opening.push(0);
            let Ok(octets) = Base64::decode_vec(first) else { bail!("no base64: {first}") };
            opening.extend(octets);
        }
        self.step(&Base64::encode_string(&opening))
    }

    fn step(&mut self, message: &str) -> Result<Said> {
        self.say(message);
        self.read()
    }

    fn succeed(&mut self) -> Result<()> {
        Ok(())
    }

    fn inside(&mut self, ours: &str) -> Result<Option<String>> {
        self.say(ours);
        loop {
            match self.read()? {
                Said::Message(line) => return Ok(Some(line)),
                Said::In | Said::Nothing => {}
                Said::Out => return Ok(None),
            }
        }
    }

    fn end(&mut self) -> Result<bool> {
        self.pipe.close();
        while self.read()? != Said::Out {}
        Ok(self.pipe.end()? == 0)
    }

    fn name(&self) -> Option<String> {
        self.name.clone().filter(|_| self.half == Half::Server)
    }

    fn log(&self) -> String {
        self.pipe.log()
    }
}
