//! Tokens that XMPP servers give out (XEP-0484): a login gets one, for the row's own login to show.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};

use super::play::{Stage, command_line};
use super::rows::Row;
use crate::run;

const LIMIT: Duration = Duration::from_secs(20);
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Gets a token from the row's server; where there are options, it is used with them before.
pub(super) fn token(stage: &Stage<'_>, row: &Row, options: &[&str]) -> Result<PathBuf> {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let file = stage.site.path().join(format!("fast-token-{number}"));
    let path = file.display().to_string();
    let mut first = row.clone();
    "any".clone_into(&mut first.mechanism);
    "user".clone_into(&mut first.account);
    first.options = vec!["--fast-token-out".to_owned(), path.clone()];
    log_in(stage, &first)?;
    if !options.is_empty() {
        let own = ["--token-file", &path].into_iter().chain(options.iter().copied());
        first.options = own.map(str::to_owned).collect();
        "fast user".clone_into(&mut first.account);
        log_in(stage, &first)?;
    }
    if !file.exists() {
        bail!("{} gave no token", row.server);
    }
    Ok(file)
}

fn log_in(stage: &Stage<'_>, row: &Row) -> Result<()> {
    let said = run::output(&mut command_line(stage, row)?, LIMIT)?;
    if !said.success() {
        bail!("the login that should get a token failed:\n{}", said.text());
    }
    Ok(())
}
