//! The server: the real command, in a process of its own.

use std::{
    error::Error,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use aiosasl::{hash::Hash, secret::Password};
use aiosasl_store::{
    Account, Accounts, CredentialPolicy, HashPolicy, Hasher, NameRule, PasswdFile,
};
use tempfile::TempDir;

/// The account that has a SCRAM verifier and a password hash.
pub const ARGON2: &str = "argon2id";
/// The account that has a SCRAM verifier alone.
pub const SCRAM_ALONE: &str = "scram-alone";
/// The password of both.
pub const PASSWORD: &str = "pencil";
/// What is listened on.
const SCHEMES: [&str; 2] = ["imap", "imaps"];

pub struct Server {
    child: Child,
    ports: Vec<u16>,
    _folder: TempDir,
}

impl Server {
    pub fn start(binary: &str) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let accounts = folder.path().join("accounts");
        let written = accounts.clone();
        // A runtime of its own: this is called from within another.
        thread::spawn(move || write(&written).map_err(|error| error.to_string()))
            .join()
            .map_err(|_| "the accounts could not be written")??;
        let mut command = Command::new(binary);
        command.args(["serve", "--json", "--no-throttle", "--allow-plaintext", "--log", "error"]);
        command.args(["--max-connections", "1000000", "--max-per-network", "1000000"]);
        command.args(["--login-timeout", "3600", "--idle-timeout", "3600"]);
        command.arg("--accounts").arg(format!("file:{}", accounts.display()));
        for scheme in SCHEMES {
            command.arg("--listen").arg(format!("{scheme}://127.0.0.1:0"));
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let ports = ready(output)?;
        Ok(Self { child, ports, _folder: folder })
    }

    pub fn port(&self, scheme: &str) -> u16 {
        let at = SCHEMES.iter().position(|it| *it == scheme).expect("one of the schemes");
        self.ports[at]
    }

    /// Resident memory, in octets.
    pub fn resident(&self) -> Result<usize, Box<dyn Error>> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: usize = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib << 10)
    }

    /// Processor time so far, of the user and the system.
    pub fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(')').ok_or("no name")?;
        let mut fields = rest.split_whitespace().skip(11);
        let mut ticks = || -> Result<u64, Box<dyn Error>> {
            Ok(fields.next().ok_or("too few fields")?.parse()?)
        };
        // A tick is a hundredth of a second wherever Linux runs today.
        Ok(Duration::from_millis(10 * (ticks()? + ticks()?)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the first line; all further ones are read, and nobody cares for them.
fn ready(output: ChildStdout) -> Result<Vec<u16>, Box<dyn Error>> {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    output.read_line(&mut line)?;
    thread::spawn(move || output.lines().for_each(drop));
    let ready: serde_json::Value = serde_json::from_str(&line)?;
    let each = ready["listening"].as_array().ok_or("no list")?;
    each.iter()
        .map(|it| {
            let url = it["url"].as_str().ok_or("no URL")?;
            let (_, port) = url.rsplit_once(':').ok_or("no port")?;
            Ok(port.parse()?)
        })
        .collect()
}

fn write(path: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let hasher = Hasher::new(HashPolicy::default())?;
    let store = Arc::new(PasswdFile::open_or_make(path, NameRule::Saslprep)?);
    for (name, password) in [(ARGON2, Some(HashPolicy::default())), (SCRAM_ALONE, None)] {
        let scram = vec![Hash::Sha256];
        let policy = CredentialPolicy { scram, password, ..CredentialPolicy::default() };
        runtime.block_on(async {
            let mut account = Account::new(NameRule::Saslprep.prepare(name)?);
            account.credentials = policy.credentials(&hasher, &Password::new(PASSWORD), "").await?;
            let name = account.name.clone();
            store.edit(&name, Box::new(move |_| Ok(Some(account.clone())))).await
        })?;
    }
    Ok(())
}
