//! What is kept for an account, and where; and the service that answers a server's questions from it.

mod account;
mod backend;
mod bulk;
mod cache;
mod chain;
mod counters;
mod credential;
mod derivation;
mod error;
mod file;
pub mod formats;
mod hasher;
#[cfg(feature = "ldap")]
pub mod ldap;
mod memory;
mod memory_counters;
mod name;
#[cfg(feature = "oauth")]
pub mod oauth;
#[cfg(feature = "pam")]
mod pam;
mod password;
mod policy;
#[cfg(test)]
mod scripted;
mod service;
mod shared;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
mod throttle;
mod timestamp;
mod upgrade;
mod visit;

pub use account::{Account, AccountState, ActsAs};
pub use backend::{Accounts, Backend, Checked, Conflict, Edit, Imported, Key, Settings};
pub use bulk::{derive_verifiers, on_all_cores};
pub use cache::{Cache, CacheOptions, PasswordCache};
pub use chain::{Chain, Link, OnFailure};
pub use counters::{Count, Counters};
pub use credential::{Credential, CredentialKind, TokenDigest};
pub use derivation::Derivation;
pub use error::{StoreError, StoreErrorKind};
pub use file::PasswdFile;
pub use hasher::{Hasher, Limits};
pub use memory::Memory;
pub use memory_counters::MemoryCounters;
pub use name::NameRule;
#[cfg(feature = "pam")]
pub use pam::{Pam, PamOptions};
pub use password::{Cost, HashPolicy, PasswordHash, Salt, Scheme};
pub use policy::{CredentialPolicy, prepare_password};
pub use service::{Anonymous, Service, Upgrades};
pub use shared::SharedSecret;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use sql::{Database, DatabaseOptions};
pub use throttle::ThrottlePolicy;
pub use timestamp::{Timestamp, TimestampError};
pub use visit::Visit;
