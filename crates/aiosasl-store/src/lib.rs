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
mod hasher;
mod memory;
mod name;
mod password;
#[cfg(test)]
mod scripted;
mod timestamp;

pub use account::{Account, AccountState, ActsAs};
pub use backend::{Accounts, Backend, Checked, Conflict, Edit, Imported, Key, Settings};
pub use bulk::{derive_verifiers, on_all_cores};
pub use cache::{Cache, CacheOptions, PasswordCache};
pub use chain::{Chain, Link, OnFailure};
pub use counters::{Count, Counters};
pub use credential::{Credential, CredentialKind, TokenDigest};
pub use derivation::Derivation;
pub use error::{StoreError, StoreErrorKind};
pub use hasher::{Hasher, Limits};
pub use memory::Memory;
pub use name::NameRule;
pub use password::{Cost, HashPolicy, PasswordHash, Salt, Scheme};
pub use timestamp::{Timestamp, TimestampError};
