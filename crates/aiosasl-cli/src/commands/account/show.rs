//! `aiosasl account show`: one account, without its secrets.

use clap::Args;

use super::{Named, find, view::View};
use crate::{
    output::outln,
    status::{Failure, Status},
    store::IfMissing,
};

/// Arguments of `account show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aiosasl account show alice --json")]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let (store, name) = arguments.named.open(IfMissing::Fail).await?;
    let account = find(&*store.accounts, &name).await;
    store.close().await;
    let account = account?;
    let view = View::of(&account);
    if arguments.json {
        outln!("{}", view.json());
        return Ok(Status::Done);
    }
    let never = || "never".to_owned();
    outln!("name        {}", view.name);
    outln!("state       {}", view.state);
    outln!("expires     {}", view.expires.clone().unwrap_or_else(never));
    outln!("may act as  {}", view.acts_as.join(", "));
    for credential in &view.credentials {
        outln!("credential  {credential}");
    }
    Ok(Status::Done)
}
