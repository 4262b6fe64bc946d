//! Cyrus SASL's own database of accounts.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::site::Credentials;
use crate::run;

/// Adds an account; without a realm, to that which servers here take for their own, after the machine's name.
pub(crate) fn add(database: &Path, realm: Option<&str>, account: Credentials) -> Result<()> {
    let program = run::find_program("saslpasswd2").context("saslpasswd2 is not installed")?;
    let mut command = Command::new(program);
    command.args(["-c", "-p", "-f"]).arg(database);
    if let Some(realm) = realm {
        command.args(["-u", realm]);
    }
    let Credentials { user, password } = account;
    let mut child = command.arg(user).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(password.as_bytes())?;
    }
    if !child.wait()?.success() {
        bail!("saslpasswd2 did not take the account {user}");
    }
    Ok(())
}
