//! What answers clients: the accounts, and what is made of failures.

use std::{net::SocketAddr, sync::Arc};

use aiosasl_store::{
    Anonymous, CredentialPolicy, Hasher, MemoryCounters, Service, ThrottlePolicy, Upgrades, Visit,
};
use clap::Args;

use crate::{
    status::Failure,
    store::{IfMissing, OpenStore, StoreOption, failure},
};

/// Where the accounts are, and what is made of logins.
#[derive(Debug, Args)]
pub(super) struct ServiceOptions {
    #[command(flatten)]
    store: StoreOption,
    /// Iterations of SCRAM that an unknown account seems to have: those of the accounts. With --upgrade, what
    /// verifiers get
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(4096..))]
    iterations: u32,
    /// After a login that shows the password, write the credentials that the account lacks, or has in a weaker form
    #[arg(long)]
    upgrade: bool,
    /// Count no failures: neither delay answers nor lock accounts where there are many
    #[arg(long)]
    no_throttle: bool,
}

/// The service, open.
#[derive(Clone)]
pub(super) struct Open {
    service: Arc<Service>,
    store: Arc<OpenStore>,
}

impl ServiceOptions {
    /// Opens the accounts.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where there is no such store, of status 4 where it can't be reached.
    pub(super) async fn open(&self, anonymous: Anonymous) -> Result<Open, Failure> {
        let store = self.store.open(IfMissing::Fail).await?;
        let accounts = &store.accounts;
        let settings = accounts.settings().await.map_err(|error| failure(&error))?;
        let policy =
            CredentialPolicy { iterations: self.iterations, ..CredentialPolicy::default() };
        let hasher = Hasher::new(policy.password.unwrap_or_default());
        let hasher = hasher.map_err(|error| failure(&error))?;
        let upgrades = if self.upgrade { Upgrades::On } else { Upgrades::Off };
        let mut service = Service::new(Arc::clone(accounts) as _, &settings, policy, hasher)
            .with_accounts(Arc::clone(accounts), upgrades)
            .with_anonymous(anonymous);
        if !self.no_throttle {
            let counters = store.counters().unwrap_or_else(|| Arc::new(MemoryCounters::default()));
            service = service.with_throttle(ThrottlePolicy::default(), counters);
        }
        Ok(Open { service: Arc::new(service), store: Arc::new(store) })
    }
}

impl Open {
    /// What answers the questions of one connection.
    pub(super) fn visit(&self, peer: SocketAddr) -> Arc<Visit> {
        Arc::new(self.service.visit(Some(peer.ip())))
    }

    /// Reads again what is kept in memory.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where it can't be read; what was there stays.
    pub(super) async fn reload(&self) -> Result<(), Failure> {
        let store = Arc::clone(&self.store);
        let reloaded = tokio::task::spawn_blocking(move || store.reload()).await;
        let reloaded = reloaded.map_err(|error| Failure::usage(error.to_string()))?;
        reloaded.map_err(|error| failure(&error))
    }

    /// Ends it: what waits to be written is written.
    pub(super) async fn close(&self) {
        self.store.close().await;
    }
}
