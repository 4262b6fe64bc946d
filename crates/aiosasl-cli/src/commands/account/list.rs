//! `aiosasl account list`: all accounts, one per line.

use aiosasl_store::Account;
use clap::Args;

use super::view::{self, View};
use crate::{
    output::outln,
    status::{Failure, Status},
    store::{self, IfMissing, StoreOption},
};

/// How many accounts are asked for at once.
const PAGE: usize = 500;

/// Arguments of `account list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aiosasl account list --accounts sqlite:accounts.sqlite")]
pub(super) struct Arguments {
    #[command(flatten)]
    store: StoreOption,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let store = arguments.store.open(IfMissing::Fail).await?;
    let mut last = None;
    loop {
        let page = store.accounts.page(last.as_ref(), PAGE).await;
        let page = page.map_err(|error| store::failure(&error))?;
        arguments.print(&page);
        match page.into_iter().last() {
            Some(account) => last = Some(account.name),
            None => break,
        }
    }
    store.close().await;
    Ok(Status::Done)
}

impl Arguments {
    fn print(&self, accounts: &[Account]) {
        if self.json {
            for account in accounts {
                outln!("{}", View::of(account).json());
            }
            return;
        }
        let width = accounts.iter().map(|it| view::width(it.name.as_str())).max().unwrap_or(0);
        for account in accounts {
            let View { name, state, credentials, .. } = View::of(account);
            let blanks = width.saturating_sub(view::width(&name));
            let schemes: Vec<String> =
                credentials.iter().map(view::CredentialView::short).collect();
            outln!("{name}{:blanks$}  {state:8}  {}", "", schemes.join(", "));
        }
    }
}
