//! `aiosasl account set`: whether an account may be used, until when, as whom, and by what else than a password.

use aiosasl_store::{Account, AccountState, ActsAs, Credential, CredentialKind};
use clap::Args;

use super::{
    Named,
    given::{self, End, GivenOptions},
    no_account,
};
use crate::{
    status::{Failure, Status},
    store::{IfMissing, failure},
};

const EXAMPLES: &str = "\
Examples:
  aiosasl account set alice --disable
  aiosasl account set alice --expires 2027-01-01
  aiosasl account set alice --forget-label phone";

/// Arguments of `account set`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// It may be used
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Nobody may use it
    #[arg(long)]
    disable: bool,
    /// When the account ends: a moment (RFC 3339), a date, or never
    #[arg(long, value_name = "WHEN", value_parser = given::end)]
    expires: Option<End>,
    #[command(flatten)]
    given: GivenOptions,
    /// The certificates and tokens that are added are those of an application, which has this name
    #[arg(long, value_name = "LABEL", default_value = "", hide_default_value = true)]
    label: String,
    /// Let it no longer act as NAME (repeatable)
    #[arg(long, value_name = "NAME", value_parser = given::acts_as)]
    may_not_act_as: Vec<ActsAs>,
    /// Let certificates that say NAME no longer prove it (repeatable)
    #[arg(long, value_name = "NAME")]
    forget_certificate: Vec<String>,
    /// Take out all that an application proves itself with (repeatable)
    #[arg(long, value_name = "LABEL", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    forget_label: Vec<String>,
    /// Take out all tokens
    #[arg(long)]
    forget_tokens: bool,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let new = arguments.given.credentials(&arguments.label)?;
    let (store, name) = arguments.named.open(IfMissing::Fail).await?;
    let changed = store.accounts.edit(
        &name,
        Box::new(|account| {
            let mut account = account.ok_or_else(|| no_account(&name))?;
            arguments.apply(&mut account, &new);
            Ok(Some(account))
        }),
    );
    let changed = changed.await.map_err(|error| failure(&error));
    store.close().await;
    changed.map(|()| Status::Done)
}

impl Arguments {
    fn apply(&self, account: &mut Account, new: &[Credential]) {
        if self.enable {
            account.state = AccountState::Enabled;
        }
        if self.disable {
            account.state = AccountState::Disabled;
        }
        if let Some(End(end)) = self.expires {
            account.expires = end;
        }
        account.acts_as.retain(|it| !self.may_not_act_as.contains(it));
        for other in &self.given.may_act_as {
            if !account.acts_as.contains(other) {
                account.acts_as.push(other.clone());
            }
        }
        account.credentials.retain(|it| !self.forgets(it));
        for credential in new {
            account.put(credential.clone());
        }
    }

    fn forgets(&self, credential: &Credential) -> bool {
        self.forget_label.iter().any(|it| **it == *credential.label)
            || match &credential.kind {
                CredentialKind::Certificate(name) => {
                    self.forget_certificate.iter().any(|it| **it == **name)
                }
                CredentialKind::Token(_) => self.forget_tokens,
                _ => false,
            }
    }
}
