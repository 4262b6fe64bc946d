//! `aiosasl account remove`: an account goes, with all that it proves itself with.

use clap::Args;

use super::{Named, no_account};
use crate::{
    status::{Failure, Status},
    store::{self, IfMissing},
};

/// Arguments of `account remove`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  aiosasl account remove alice --accounts sqlite:accounts.sqlite"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let (store, name) = arguments.named.open(IfMissing::Fail).await?;
    let removed = store
        .accounts
        .edit(&name, Box::new(|account| account.map(|_| None).ok_or_else(|| no_account(&name))));
    let removed = removed.await.map_err(|error| store::failure(&error));
    store.close().await;
    removed.map(|()| Status::Done)
}
