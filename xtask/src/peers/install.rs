//! Getting the servers' packages onto a Debian machine, without starting any of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Peer;
use super::site::is_root;
use crate::run;

const LIMIT: Duration = Duration::from_secs(15 * 60);
const TRIES: u32 = 3;

/// Installs what `peers` lack, or says what is missing.
pub(crate) fn install(peers: &[&Peer]) -> Result<()> {
    packages(&peers.iter().flat_map(|peer| peer.packages).copied().collect::<Vec<_>>())
}

/// Installs those of the packages that are missing, or says which.
pub(crate) fn packages(wanted: &[&str]) -> Result<()> {
    let mut missing: Vec<&str> = wanted.iter().copied().filter(|it| !installed(it)).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let wanted = missing.join(" ");
    if !can_install() {
        bail!("not installed, and we may not install: apt-get install {wanted}");
    }
    println!("installing {wanted}");
    let _guard = NoDaemons::set()?;
    preseed()?;
    with_retries(|| apt(&["update"]))?;
    with_retries(|| {
        let mut command = apt(&["--yes", "--no-install-recommends", "install"]);
        command.args(&missing);
        command
    })
}

/// Whether we may install packages, and have the means.
pub(crate) fn can_install() -> bool {
    is_root() && run::find_program("apt-get").is_some()
}

/// Runs what `command` makes until it succeeds, a few times.
pub(crate) fn with_retries(command: impl Fn() -> Command) -> Result<()> {
    let mut said = String::new();
    for attempt in 1..=TRIES {
        let output = run::output(&mut command(), LIMIT)?;
        if output.success() {
            return Ok(());
        }
        said = output.text();
        thread::sleep(Duration::from_secs(u64::from(5 * attempt)));
    }
    bail!("{:?} failed {TRIES} times:\n{said}", command());
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["-q", "-o", "DPkg::Lock::Timeout=600"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Status}", package]);
    run::output(&mut query, run::SHORT).is_ok_and(|it| it.stdout.ends_with(" installed"))
}

/// Tells Postfix's package not to ask for, nor to write, a configuration.
fn preseed() -> Result<()> {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections",
    ]);
    let said = run::output(&mut command, run::SHORT)?;
    if said.success() { Ok(()) } else { bail!("debconf: {}", said.text()) }
}

/// While it lives, no package starts its daemon.
struct NoDaemons(Option<PathBuf>);

impl NoDaemons {
    fn set() -> Result<Self> {
        let policy = Path::new("/usr/sbin/policy-rc.d");
        if policy.exists() {
            return Ok(Self(None));
        }
        fs::write(policy, "#!/bin/sh\nexit 101\n").context("cannot write policy-rc.d")?;
        fs::set_permissions(policy, fs::Permissions::from_mode(0o755))?;
        Ok(Self(Some(policy.to_owned())))
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Some(policy) = &self.0 {
            fs::remove_file(policy).ok();
        }
    }
}
