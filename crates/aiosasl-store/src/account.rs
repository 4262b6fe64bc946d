//! An account: who somebody is here, by what they prove it, and as whom they may act.

use std::{fmt, str::FromStr};

use aiosasl::{
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    query::{Doom, ScramVerifier},
};

use crate::{
    credential::{Credential, CredentialKind},
    error::{StoreError, StoreErrorKind},
    password::PasswordHash,
    timestamp::Timestamp,
};

/// An account; all of it is public to whoever holds the store, and none of it is a password unless it says `{PLAIN}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name, prepared by the store's [`NameRule`](crate::NameRule).
    pub name: AuthenticationId,
    /// Whether it may be used.
    pub state: AccountState,
    /// When it ends; `None` for never.
    pub expires: Option<Timestamp>,
    /// As whom it may act, beside itself.
    pub acts_as: Vec<ActsAs>,
    /// By what it proves itself; no two have the same [`slot`](Credential::slot).
    pub credentials: Vec<Credential>,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum AccountState {
    /// Nobody gets in, and nobody is told why.
    Disabled,
    /// It may.
    #[default]
    Enabled,
}

/// As whom an account may act.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActsAs {
    /// As anyone: for front ends that have authenticated their users themselves. As text: `*`.
    Anyone,
    /// As this identity.
    Identity(AuthorizationId),
}

impl Account {
    /// An account that may be used, and has nothing yet to prove itself with.
    pub fn new(name: AuthenticationId) -> Self {
        Self {
            name,
            state: AccountState::Enabled,
            expires: None,
            acts_as: Vec::new(),
            credentials: Vec::new(),
        }
    }

    /// Takes a credential in, in the place of the one that has the same slot.
    pub fn put(&mut self, credential: Credential) {
        let slot = credential.slot();
        match self.credentials.iter_mut().find(|it| it.slot() == slot) {
            Some(older) => *older = credential,
            None => self.credentials.push(credential),
        }
    }

    /// Takes out all that a password made under this label: verifiers and hashes, not tokens and certificates.
    pub fn forget_password(&mut self, label: &str) {
        self.credentials.retain(|it| *it.label != *label || !it.kind.is_of_password());
    }

    /// Why nobody gets in now, if so.
    pub fn doom(&self, now: Timestamp) -> Option<Doom> {
        match self.state {
            AccountState::Disabled => Some(Doom::Disabled),
            AccountState::Enabled if self.expires.is_some_and(|end| end <= now) => {
                Some(Doom::Expired)
            }
            AccountState::Enabled => None,
        }
    }

    /// The verifier for SCRAM with this hash: the account's own, else the first of an application.
    pub fn scram(&self, hash: Hash) -> Option<(&Credential, &ScramVerifier)> {
        let own = self.credentials.iter().filter(|it| it.label.is_empty());
        own.chain(&self.credentials).find_map(|it| match &it.kind {
            CredentialKind::Scram(verifier) if verifier.hash() == hash => Some((it, verifier)),
            _ => None,
        })
    }

    /// All password hashes, those of applications included.
    pub fn password_hashes(&self) -> impl Iterator<Item = (&Credential, &PasswordHash)> {
        self.credentials.iter().filter_map(|it| match &it.kind {
            CredentialKind::Password(hash) => Some((it, hash)),
            _ => None,
        })
    }

    /// Whether it may act as somebody else.
    pub fn may_act_as(&self, other: &AuthorizationId) -> bool {
        self.acts_as.iter().any(|it| match it {
            ActsAs::Anyone => true,
            ActsAs::Identity(identity) => identity == other,
        })
    }
}

impl AccountState {
    /// The state as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
        }
    }
}

impl FromStr for AccountState {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        match word {
            "disabled" => Ok(Self::Disabled),
            "enabled" => Ok(Self::Enabled),
            _ => Err(StoreError::new(StoreErrorKind::Invalid, "expected enabled or disabled")),
        }
    }
}

impl fmt::Display for ActsAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.pad("*"),
            Self::Identity(identity) => identity.fmt(f),
        }
    }
}

impl FromStr for ActsAs {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text {
            "*" => Ok(Self::Anyone),
            _ => AuthorizationId::new(text).map(Self::Identity).map_err(|error| {
                StoreError::new(StoreErrorKind::Invalid, "no identity to act as").because(error)
            }),
        }
    }
}
