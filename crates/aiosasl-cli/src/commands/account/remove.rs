//! `aiosasl account remove`: an account goes, with all that it proves itself with.

use clap::Args;

use super::{Named, missing};
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
    let mut was_there = false;
    let removed = store.accounts.edit(
        &name,
        Box::new(|account| {
            was_there = account.is_some();
            Ok(None)
        }),
    );
    removed.await.map_err(|error| store::failure(&error))?;
    if was_there { Ok(Status::Done) } else { Err(missing(&name)) }
}
