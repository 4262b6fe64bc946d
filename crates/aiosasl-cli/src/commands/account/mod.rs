//! `aiosasl account`: the accounts of a store.

mod add;
mod derivation;
mod export;
mod given;
mod import;
mod list;
mod remove;
mod set;
mod set_password;
mod show;
mod view;

use aiosasl::identity::AuthenticationId;
use aiosasl_store::{Account, Accounts, Key, StoreError, StoreErrorKind, formats::Losses};
use clap::{Args, Subcommand};

use crate::{
    status::{Failure, Status},
    store::{self, IfMissing, OpenStore, StoreOption},
};

const EXAMPLES: &str = "\
Exit status: 0 done; 2 wrong usage, an account that is there already or is not there, a name or a password that can't be \
kept; 3 a store or an input that can't be understood; 4 a store that can't be reached.

Examples:
  aiosasl account add alice --accounts sqlite:accounts.sqlite
  aiosasl account list --accounts file:/etc/dovecot/users --json";

/// What `import` and `export` say of formats.
const FORMATS: &str = "\
Formats (docs/formats.md):
  json        our own JSON lines; they lose nothing
  passwd      our own passwd-files, which Dovecot reads, too; they lose nothing
  dovecot     Dovecot's passwd-files
  gsasl       name:{SCRAM-SHA-256}..., as gsasl --mkpasswd prints it behind the colon
  kafka       what kafka-configs.sh --describe prints of users with --zookeeper
  ldap        LDIF with authPassword (RFC 5803) and userPassword
  postgresql  roles as SQL, as of pg_dumpall --roles-only; also read: columns of pg_authid, PgBouncer's userlist.txt
  passwords   name:password, or JSON lines with a password; only read";

/// Arguments of `account`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account; the store is made where there is none
    Add(add::Arguments),
    /// Write all accounts, verifiers and hashes included, for other programs
    Export(export::Arguments),
    /// Take accounts in that other programs wrote
    Import(import::Arguments),
    /// All accounts, one per line
    List(list::Arguments),
    /// Remove an account
    Remove(remove::Arguments),
    /// Change whether an account may be used, until when, as whom, and by what else than a password
    Set(set::Arguments),
    /// Give an account, or one of its applications, a new password
    SetPassword(set_password::Arguments),
    /// One account: what it proves itself with, and as whom it may act
    Show(show::Arguments),
}

/// Does it.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("can't start a runtime: {error}")))?;
    runtime.block_on(async {
        match &arguments.command {
            Command::Add(arguments) => add::run(arguments).await,
            Command::Export(arguments) => export::run(arguments).await,
            Command::Import(arguments) => import::run(arguments).await,
            Command::List(arguments) => list::run(arguments).await,
            Command::Remove(arguments) => remove::run(arguments).await,
            Command::Set(arguments) => set::run(arguments).await,
            Command::SetPassword(arguments) => set_password::run(arguments).await,
            Command::Show(arguments) => show::run(arguments).await,
        }
    })
}

/// The store that is there, and one of its accounts' names.
#[derive(Debug, Args)]
struct Named {
    /// The account's name, as it is typed
    name: String,
    #[command(flatten)]
    store: StoreOption,
}

impl Named {
    /// Opens the store, and prepares the name by its rule.
    async fn open(&self, missing: IfMissing) -> Result<(OpenStore, AuthenticationId), Failure> {
        let store = self.store.open(missing).await?;
        let settings = store.accounts.settings().await.map_err(|it| store::failure(&it))?;
        let name = settings.names.prepare(&self.name).map_err(|it| store::failure(&it))?;
        Ok((store, name))
    }
}

/// The account of this name.
async fn find(accounts: &dyn Accounts, name: &AuthenticationId) -> Result<Account, Failure> {
    let found = accounts.find(Key::Name(name)).await.map_err(|it| store::failure(&it))?;
    found.ok_or_else(|| store::failure(&no_account(name)))
}

fn no_account(name: &AuthenticationId) -> StoreError {
    let text = format!("there is no account {:?}", name.as_str());
    StoreError::new(StoreErrorKind::Missing, text)
}

/// Tells what a format left out.
fn left_out(losses: &Losses) {
    for (loss, count) in losses.iter() {
        anstream::eprintln!("aiosasl: left out: {loss}, {count} times");
    }
}

fn left_out_json(losses: &Losses) -> serde_json::Value {
    losses
        .iter()
        .map(|(loss, count)| (loss.to_string(), count.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
