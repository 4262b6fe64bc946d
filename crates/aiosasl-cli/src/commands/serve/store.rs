//! Where the accounts are.

use std::{env, net::SocketAddr, sync::Arc};

use aiosasl::{identity::AuthenticationId, secret::Secret};
use clap::Args;

use crate::{accounts::OneAccount, status::Failure};

/// The option `--accounts`.
#[derive(Debug, Args)]
pub(super) struct StoreOption {
    /// Where the accounts are: memory:NAME, one account with the password of $AIOSASL_PASSWORD
    #[arg(long, value_name = "DB")]
    accounts: String,
}

/// A store, opened.
#[derive(Clone)]
pub(super) struct Open {
    account: Arc<OneAccount>,
}

impl StoreOption {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where there is no such store.
    #[expect(clippy::unused_async, reason = "databases answer later")]
    pub(super) async fn open(&self) -> Result<Open, Failure> {
        let Some(user) = self.accounts.strip_prefix("memory:") else {
            return Err(Failure::usage("--accounts: expected memory:NAME"));
        };
        let user = AuthenticationId::new(user).map_err(|it| Failure::usage(it.to_string()))?;
        let password = env::var("AIOSASL_PASSWORD").map(Secret::new).ok();
        Ok(Open { account: Arc::new(OneAccount::new(Some(user), password, 4096)?) })
    }
}

impl Open {
    /// What answers the questions of one connection.
    pub(super) fn visit(&self, _: SocketAddr) -> Arc<OneAccount> {
        Arc::clone(&self.account)
    }

    /// Reads again what is kept in memory.
    #[expect(clippy::unused_async, reason = "files take their time")]
    pub(super) async fn reload(&self) -> Result<(), Failure> {
        Ok(())
    }
}
