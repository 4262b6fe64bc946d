//! `aiosasl account import`: accounts that other programs wrote.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use aiosasl_store::{
    Account, Conflict, Imported, NameRule, StoreError, StoreErrorKind,
    formats::{Entry, Format, Losses, Reader},
    prepare_password,
};
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    FORMATS,
    derivation::{Derivation, DerivationOptions},
    left_out, left_out_json,
};
use crate::{
    output::outln,
    progress::{Counted, Progress},
    status::{Failure, Status},
    store::{IfMissing, OpenStore, StoreOption, failure},
};

/// How many accounts are taken in at once where their passwords have to be hashed.
const HASHED_BATCH: usize = 200;

const EXAMPLES: &str = "\
A FILE is read twice: first all of it is checked, and a line that can't be understood ends the import with status 3 \
before anything is taken in. Then the accounts are taken in, 5,000 (in a passwd-file 100,000) in one transaction: \
whatever happens, such a batch is in the store whole or not at all; where an import was cut off, --on-conflict skip goes \
on. Standard input is read once: what stands before a broken line is taken in, as far as its batches were full.

Passwords (format passwords, or a userPassword of LDAP without a scheme) are hashed with all cores.

Examples:
  aiosasl account import /etc/dovecot/users --format dovecot --accounts sqlite:accounts.sqlite
  pg_dumpall --roles-only | aiosasl account import - --format postgresql
  aiosasl account import people.txt --format passwords --hash SCRAM-SHA-256 --scheme none";

/// Arguments of `account import`.
#[derive(Debug, Args)]
#[command(after_help = format!("{FORMATS}\n\n{EXAMPLES}"))]
pub(super) struct Arguments {
    /// The file (`-`: standard input)
    file: PathBuf,
    #[command(flatten)]
    store: StoreOption,
    /// The format, one of those below
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// What to do with an account whose name is taken
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,
    /// Read all of it, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    derivation: DerivationOptions,
    /// How names are spelled in a store that is made now: raw, saslprep (default), case-mapped, case-preserved
    #[arg(long, value_name = "RULE")]
    names: Option<NameRule>,
    /// Print what was done as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnConflict {
    /// Stop
    Fail,
    /// The new one takes its place
    Replace,
    /// The old one stays
    Skip,
}

/// The input, once.
struct Input<'a> {
    reader: Reader<'a>,
    progress: Progress,
    octets: Arc<AtomicU64>,
    accounts: u64,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.dry_run {
        let names = arguments.names_of_store().await;
        let (count, losses) = arguments.check(names)?;
        arguments.tell(Imported { added: count, ..Imported::default() }, &losses);
        return Ok(Status::Done);
    }
    if !arguments.is_stdin() {
        // A store is not made for a file that is broken.
        arguments.check(arguments.names_of_store().await)?;
    }
    let store = arguments.store.open(IfMissing::Make(arguments.names)).await?;
    let done = arguments.take_in(&store).await;
    store.close().await;
    let (imported, losses) = done?;
    arguments.tell(imported, &losses);
    Ok(Status::Done)
}

impl Arguments {
    fn is_stdin(&self) -> bool {
        self.file == Path::new("-")
    }

    /// The store's rule, or that of the one that is to be made.
    async fn names_of_store(&self) -> NameRule {
        let made = self.names.unwrap_or_default();
        let Ok(store) = self.store.open(IfMissing::Fail).await else { return made };
        let settings = store.accounts.settings().await;
        store.close().await;
        settings.map_or(made, |it| it.names)
    }

    fn open(&self, what: &'static str, names: NameRule) -> Result<Input<'static>, Failure> {
        let (input, total): (Box<dyn BufRead + Send>, _) = if self.is_stdin() {
            (Box::new(BufReader::new(io::stdin())), None)
        } else {
            let failed = |error: io::Error| {
                Failure::usage(format!("can't read {}: {error}", self.file.display()))
            };
            let file = File::open(&self.file).map_err(failed)?;
            let total = file.metadata().map_err(failed)?.len();
            (Box::new(BufReader::with_capacity(1 << 16, file)), Some(total))
        };
        let (input, octets) = Counted::new(input);
        Ok(Input {
            reader: Reader::new(self.format, input, names),
            progress: Progress::new(what, total),
            octets,
            accounts: 0,
        })
    }

    /// Reads all of it.
    fn check(&self, names: NameRule) -> Result<(u64, Losses), Failure> {
        let mut input = self.open("checking", names)?;
        while let Some(entry) = input.next().map_err(|error| failure(&error))? {
            let prepared = entry.password.as_ref().map(prepare_password).transpose();
            prepared.map_err(|error| failure(&in_line(entry.line, error)))?;
        }
        Ok((input.accounts, input.reader.losses().clone()))
    }

    async fn take_in(&self, store: &OpenStore) -> Result<(Imported, Losses), Failure> {
        let settings = store.accounts.settings().await.map_err(|error| failure(&error))?;
        let mut input = self.open("importing", settings.names)?;
        let mut all = Imported::default();
        let mut derivation = None;
        let conflict = match self.on_conflict {
            OnConflict::Fail => Conflict::Fail,
            OnConflict::Replace => Conflict::Replace,
            OnConflict::Skip => Conflict::Skip,
        };
        loop {
            let batch = input.batch(store.batch());
            let batch = batch.map_err(|error| self.half(&error, all))?;
            if batch.is_empty() {
                return Ok((all, input.reader.losses().clone()));
            }
            if derivation.is_none() && batch.iter().any(|it| it.password.is_some()) {
                derivation = Some(self.derivation.derivation()?);
            }
            let accounts = derive(batch, derivation.as_ref(), &mut input).await;
            let accounts = accounts.map_err(|error| self.half(&error, all))?;
            let imported = store.accounts.import(accounts, conflict).await;
            let imported = imported.map_err(|error| self.half(&error, all))?;
            all.added += imported.added;
            all.replaced += imported.replaced;
            all.skipped += imported.skipped;
        }
    }

    /// Where it stopped.
    fn half(&self, error: &StoreError, done: Imported) -> Failure {
        let mut failure = failure(error);
        let count = done.added + done.replaced + done.skipped;
        if count > 0 {
            let Failure { status, text } = failure;
            let text = format!("{text}; the {count} accounts of the batches before were taken in");
            failure = Failure::new(status, text);
        }
        failure
    }

    fn tell(&self, Imported { added, replaced, skipped }: Imported, losses: &Losses) {
        if self.json {
            outln!(
                "{}",
                json!({
                    "added": added, "replaced": replaced, "skipped": skipped,
                    "left_out": left_out_json(losses), "dry_run": self.dry_run,
                })
            );
            return;
        }
        if self.dry_run {
            outln!("{added} accounts could be read");
        } else {
            outln!("{added} added, {replaced} replaced, {skipped} skipped");
        }
        left_out(losses);
    }
}

impl Input<'_> {
    fn next(&mut self) -> Result<Option<Entry>, StoreError> {
        let entry = self.reader.next().transpose()?;
        if entry.is_some() {
            self.accounts += 1;
            if self.accounts % 1000 == 0 {
                self.show();
            }
        }
        Ok(entry)
    }

    fn show(&mut self) {
        self.progress.show(self.accounts, self.octets.load(Ordering::Relaxed));
    }

    /// The next accounts, at most so many.
    fn batch(&mut self, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut batch = Vec::new();
        let mut limit = limit;
        while batch.len() < limit {
            let Some(entry) = self.next()? else { break };
            if entry.password.is_some() {
                limit = limit.min(HASHED_BATCH);
            }
            batch.push(entry);
        }
        Ok(batch)
    }
}

/// Makes credentials of all passwords, as many at once as there are cores.
async fn derive(
    entries: Vec<Entry>,
    derivation: Option<&Derivation>,
    input: &mut Input<'_>,
) -> Result<Vec<Account>, StoreError> {
    let at_once = thread::available_parallelism().map_or(1, usize::from) + 1;
    let mut accounts = Vec::with_capacity(entries.len());
    let mut working = JoinSet::new();
    for entry in entries {
        let (Some(password), Some(derivation)) = (entry.password, derivation) else {
            accounts.push(entry.account);
            continue;
        };
        let (derivation, mut account, line) = (derivation.clone(), entry.account, entry.line);
        working.spawn(async move {
            let made = derivation.credentials(&password, "").await;
            let made = made.map_err(|error| in_line(line, error))?;
            for credential in made {
                account.put(credential);
            }
            Ok::<_, StoreError>(account)
        });
        if working.len() >= at_once {
            accounts.extend(finished(&mut working).await?);
            input.show();
        }
    }
    while let Some(account) = finished(&mut working).await? {
        accounts.push(account);
    }
    Ok(accounts)
}

fn in_line(line: usize, error: StoreError) -> StoreError {
    let kind = match error.kind {
        // The input is what is wrong.
        StoreErrorKind::Invalid => StoreErrorKind::Malformed,
        kind => kind,
    };
    StoreError::new(kind, format!("line {line}")).because(error)
}

async fn finished(
    working: &mut JoinSet<Result<Account, StoreError>>,
) -> Result<Option<Account>, StoreError> {
    match working.join_next().await {
        None => Ok(None),
        Some(Ok(account)) => account.map(Some),
        Some(Err(error)) => {
            Err(StoreError::new(StoreErrorKind::Unavailable, "a task was lost").because(error))
        }
    }
}
