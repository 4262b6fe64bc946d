//! `aiosasl account export`: all accounts, verifiers and hashes included, for other programs.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use aiosasl_store::formats::{Format, Losses, Writer};
use clap::Args;
use serde_json::json;

use super::{FORMATS, left_out, left_out_json};
use crate::{
    output::outln,
    progress::Progress,
    status::{Failure, Status},
    store::{IfMissing, OpenStore, StoreOption, failure},
};

/// How many accounts are asked for at once.
const PAGE: usize = 1000;

const EXAMPLES: &str = "\
What is written is all that somebody needs to guess passwords: keep it as secret as the store. What the format can't \
hold is left out, and told on stderr; accounts that are disabled or have ended are left out where the format can't say \
that they are.

Examples:
  aiosasl account export --format json --output accounts.json
  aiosasl account export --accounts sqlite:a.sqlite --format json | aiosasl account import - --format json --accounts \
postgres://localhost/mail";

/// Arguments of `account export`.
#[derive(Debug, Args)]
#[command(after_help = format!("{FORMATS}\n\n{EXAMPLES}"))]
pub(super) struct Arguments {
    #[command(flatten)]
    store: StoreOption,
    /// The format, one of those below
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// Write to FILE, which nobody else can read, instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// For ldap: the distinguished name under which the accounts stand
    #[arg(long, value_name = "DN", default_value = "", hide_default_value = true)]
    base: String,
    /// Print what was done as one JSON object: on stdout with --output, else on stderr
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if !arguments.format.can_write() {
        return Err(Failure::usage(format!("{} is only read", arguments.format)));
    }
    let store = arguments.store.open(IfMissing::Fail).await?;
    let output = arguments.output().map_err(|error| unwritable(&error))?;
    let (count, losses) = arguments.write(&store, output).await?;
    store.close().await;
    let told = json!({ "accounts": count, "left_out": left_out_json(&losses) });
    match (arguments.json, &arguments.output) {
        (true, Some(_)) => outln!("{told}"),
        (true, None) => anstream::eprintln!("{told}"),
        (false, _) => left_out(&losses),
    }
    Ok(Status::Done)
}

impl Arguments {
    async fn write(
        &self,
        store: &OpenStore,
        output: Box<dyn Write>,
    ) -> Result<(u64, Losses), Failure> {
        let accounts = &store.accounts;
        let settings = accounts.settings().await.map_err(|error| failure(&error))?;
        let mut writer = Writer::new(self.format, output, settings.names, &self.base)
            .map_err(|error| unwritable(&error))?;
        let mut progress = Progress::new("exporting", None);
        let (mut count, mut last) = (0, None);
        loop {
            let page = accounts.page(last.as_ref(), PAGE).await.map_err(|error| failure(&error))?;
            for account in &page {
                writer.write(account).map_err(|error| unwritable(&error))?;
            }
            count += page.len() as u64;
            progress.show(count, 0);
            match page.into_iter().last() {
                Some(account) => last = Some(account.name),
                None => break,
            }
        }
        progress.end();
        let losses = writer.finish().map_err(|error| unwritable(&error))?;
        Ok((count, losses))
    }

    fn output(&self) -> io::Result<Box<dyn Write>> {
        let Some(path) = &self.output else {
            return Ok(Box::new(BufWriter::with_capacity(1 << 16, io::stdout())));
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(BufWriter::with_capacity(1 << 16, options.open(path)?)))
    }
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::usage(format!("can't write the accounts: {error}"))
}
