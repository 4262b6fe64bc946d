//! `aiosasl account add`: a new account.

use aiosasl_store::{Account, AccountState, Credential, NameRule, StoreError, StoreErrorKind};
use clap::Args;

use super::{
    Named,
    derivation::DerivationOptions,
    given::{self, End, GivenOptions},
};
use crate::{
    secrets::PasswordSource,
    status::{Failure, Status},
    store::{IfMissing, failure},
};

const EXAMPLES: &str = "\
The store is made where there is none. With --certificate or --token-file no password is asked for; one that is given \
is taken. A password with characters that SASLprep (RFC 4013) forbids, and an account that is there already, end with \
status 2.

Examples:
  aiosasl account add alice
  aiosasl account add alice --accounts sqlite:accounts.sqlite --password-file secret.txt
  aiosasl account add gateway --certificate gateway.example.org --may-act-as '*'";

/// Arguments of `account add`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    derivation: DerivationOptions,
    #[command(flatten)]
    given: GivenOptions,
    /// Its credentials are those of an application, which has this name
    #[arg(long, value_name = "LABEL", default_value = "", hide_default_value = true)]
    label: String,
    /// When the account ends: a moment (RFC 3339), a date, or never
    #[arg(long, value_name = "WHEN", value_parser = given::end)]
    expires: Option<End>,
    /// Nobody may use it yet
    #[arg(long)]
    disabled: bool,
    /// Put it in the place of one that is there
    #[arg(long)]
    replace: bool,
    /// How names are spelled in a store that is made now: raw, saslprep (default), case-mapped, case-preserved
    #[arg(long, value_name = "RULE")]
    names: Option<NameRule>,
}

pub(super) async fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let credentials = arguments.credentials().await?;
    let (store, name) = arguments.named.open(IfMissing::Make(arguments.names)).await?;
    let mut account = Account::new(name.clone());
    account.expires = arguments.expires.and_then(|it| it.0);
    account.acts_as.clone_from(&arguments.given.may_act_as);
    if arguments.disabled {
        account.state = AccountState::Disabled;
    }
    for credential in credentials {
        account.put(credential);
    }
    let added = store.accounts.edit(
        &name,
        Box::new(|there| match there {
            Some(there) if !arguments.replace => {
                let text = format!("there is an account {:?}", there.name.as_str());
                Err(StoreError::new(StoreErrorKind::Exists, text))
            }
            _ => Ok(Some(account.clone())),
        }),
    );
    let added = added.await.map_err(|error| failure(&error));
    store.close().await;
    added.map(|()| Status::Done)
}

impl Arguments {
    async fn credentials(&self) -> Result<Vec<Credential>, Failure> {
        let mut credentials = self.given.credentials(&self.label)?;
        let password = if self.given.has_credentials() {
            self.password.given()?
        } else {
            Some(given::new_password(&self.password)?.ok_or_else(given::no_password)?)
        };
        if let Some(password) = password {
            let made = self.derivation.derivation()?.credentials(&password, &self.label).await;
            let end = self.given.credential_expires.and_then(|it| it.0);
            let made = made.map_err(|error| failure(&error))?;
            credentials.extend(made.into_iter().map(|it| it.expiring(end)));
        }
        Ok(credentials)
    }
}
