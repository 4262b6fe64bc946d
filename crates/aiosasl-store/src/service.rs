//! The service: what back ends know becomes the answers to an exchange's questions.
//!
//! ```text
//! exchange --Query--> Visit --find--> Backend          the account, or none
//!                       |----judge--> Throttle         too many failures?
//!                       |----work---> Hasher           off the async threads, bounded
//! exchange <-Answer---- Visit
//! exchange -Settled---> Visit --edit, used, failed-->  Accounts, Throttle
//! ```

use std::{fmt, net::IpAddr, sync::Arc};

use aiosasl::query::Decoy;

use crate::{
    backend::{Accounts, Backend, Settings},
    counters::Counters,
    hasher::Hasher,
    name::NameRule,
    policy::CredentialPolicy,
    throttle::{Throttle, ThrottlePolicy},
    visit::{Nonces, Visit},
};

/// Answers what servers' exchanges ask, from accounts: one for a server, a [`Visit`] for a connection.
///
/// An account that does not exist, is disabled or has expired looks like one whose password was wrong: the same
/// messages, of the same length, with a salt that stays the same, after the same work (RFC 4422 section 6). Residual
/// differences are those of accounts whose credentials are not what the policy makes of passwords: other iteration
/// counts or salt lengths show, and other hashes take another time.
///
/// # Example: an unknown name and a wrong password
///
/// ```
/// use std::sync::Arc;
///
/// use aiosasl::secret::{Password, Secret};
/// use aiosasl_store::{
///     Account, Accounts, CredentialPolicy, HashPolicy, Hasher, Memory, NameRule, Service,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = Arc::new(Memory::new(Secret::new([7; 32]), NameRule::Saslprep));
/// let policy = CredentialPolicy { password: None, ..CredentialPolicy::default() };
/// let hasher = Hasher::new(HashPolicy::default())?;
/// let mut account = Account::new(NameRule::Saslprep.prepare("user")?);
/// account.credentials = policy.credentials(&hasher, &Password::new("pencil"), "").await?;
/// let name = account.name.clone();
/// accounts.edit(&name, Box::new(move |_| Ok(Some(account.clone())))).await?;
///
/// let settings = accounts.settings().await?;
/// let service = Arc::new(Service::new(accounts, &settings, policy, hasher));
/// let visit = service.visit(None); // a `driver::Store` for one connection
/// # let _ = visit;
/// # Ok(())
/// # }
/// ```
pub struct Service {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) accounts: Option<Arc<dyn Accounts>>,
    pub(crate) names: NameRule,
    pub(crate) policy: CredentialPolicy,
    pub(crate) decoy: Decoy,
    pub(crate) hasher: Hasher,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) anonymous: Anonymous,
    pub(crate) upgrades: Upgrades,
    pub(crate) nonces: Nonces,
    settings: Settings,
}

/// Whether those who say no name may come in (RFC 4505).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymous {
    /// They may not.
    #[default]
    Refused,
    /// They may.
    Welcome,
}

/// Whether a login that shows the password is used to write the credentials that the account lacks, or has in a weaker
/// form than the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Upgrades {
    /// It is not.
    #[default]
    Off,
    /// It is, in one transaction, after the password was found right.
    On,
}

impl Service {
    /// A service over this back end, with the secret and the rule for names of `settings`, which works there. Nothing is
    /// written, and nobody is throttled.
    pub fn new(
        backend: Arc<dyn Backend>,
        settings: &Settings,
        policy: CredentialPolicy,
        hasher: Hasher,
    ) -> Self {
        Self {
            backend,
            accounts: None,
            names: settings.names,
            decoy: policy.decoy(settings.secret.clone()),
            policy,
            hasher,
            throttle: None,
            anonymous: Anonymous::default(),
            upgrades: Upgrades::default(),
            nonces: Nonces::default(),
            settings: settings.clone(),
        }
    }

    /// The same, writing down when credentials were last used, and upgrading them where that is asked for.
    pub fn with_accounts(mut self, accounts: Arc<dyn Accounts>, upgrades: Upgrades) -> Self {
        self.accounts = Some(accounts);
        self.upgrades = upgrades;
        self
    }

    /// The same, counting failures by this policy.
    pub fn with_throttle(mut self, policy: ThrottlePolicy, counters: Arc<dyn Counters>) -> Self {
        self.throttle = Some(Throttle::new(policy, counters, self.settings.secret.clone()));
        self
    }

    /// The same, with this about the anonymous.
    pub fn with_anonymous(mut self, anonymous: Anonymous) -> Self {
        self.anonymous = anonymous;
        self
    }

    /// The store for one connection; `peer` is where it comes from.
    pub fn visit(self: &Arc<Self>, peer: Option<IpAddr>) -> Visit {
        Visit::new(Arc::clone(self), peer)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("names", &self.names)
            .field("policy", &self.policy)
            .field("anonymous", &self.anonymous)
            .field("upgrades", &self.upgrades)
            .finish_non_exhaustive()
    }
}
