//! `aiosasl account set-password`: a new password in the place of the old one.

use clap::Args;

use super::{
    Named,
    derivation::DerivationOptions,
    given::{self, End},
    no_account,
};
use crate::{
    secrets::PasswordSource,
    status::{Failure, Status},
    store::{IfMissing, failure},
};

const EXAMPLES: &str = "\
All that the old password made under the label goes, and nothing else: with --label it is an application's password \
that changes, or is added.

Examples:
  aiosasl account set-password alice
  aiosasl account set-password alice --label phone --password-file phone.txt";

/// Arguments of `account set-password`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    derivation: DerivationOptions,
    /// It is the password of an application, which has this name
    #[arg(long, value_name = "LABEL", default_value = "", hide_default_value = true)]
    label: String,
    /// When the password ends: a moment (RFC 3339), a date, or never
    #[arg(long, value_name = "WHEN", value_parser = given::end)]
    credential_expires: Option<End>,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let (store, name) = arguments.named.open(IfMissing::Fail).await?;
    super::find(&*store.accounts, &name).await?;
    let password = given::new_password(&arguments.password)?.ok_or_else(given::no_password)?;
    let derivation = arguments.derivation.derivation()?;
    let made = derivation.credentials(&password, &arguments.label).await;
    let made = made.map_err(|error| failure(&error))?;
    let end = arguments.credential_expires.and_then(|it| it.0);
    let changed = store.accounts.edit(
        &name,
        Box::new(|account| {
            let mut account = account.ok_or_else(|| no_account(&name))?;
            account.forget_password(&arguments.label);
            for credential in &made {
                account.put(credential.clone().expiring(end));
            }
            Ok(Some(account))
        }),
    );
    let changed = changed.await.map_err(|error| failure(&error));
    store.close().await;
    changed.map(|()| Status::Done)
}
