//! `aiosasl account`: the accounts of a store.

mod list;
mod remove;
mod show;
mod view;

use aiosasl::identity::AuthenticationId;
use aiosasl_store::{Account, Accounts, Key};
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

/// Arguments of `account`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// All accounts, one per line
    List(list::Arguments),
    /// Remove an account
    Remove(remove::Arguments),
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
            Command::List(arguments) => list::run(arguments).await,
            Command::Remove(arguments) => remove::run(arguments).await,
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
    found.ok_or_else(|| missing(name))
}

fn missing(name: &AuthenticationId) -> Failure {
    Failure::usage(format!("there is no account {:?}", name.as_str()))
}
