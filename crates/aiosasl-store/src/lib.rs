//! What is kept for an account, and where; and the service that answers a server's questions from it.

mod account;
mod backend;
mod cache;
mod chain;
mod counters;
mod credential;
mod error;
#[cfg(feature = "ldap")]
pub mod ldap;
mod memory;
mod name;
mod password;
#[cfg(test)]
mod scripted;
mod timestamp;

pub use account::{Account, AccountState, ActsAs};
pub use backend::{Accounts, Backend, Checked, Conflict, Edit, Imported, Key, Settings};
pub use cache::{Cache, CacheOptions, PasswordCache};
pub use chain::{Chain, Link, OnFailure};
pub use counters::{Count, Counters};
pub use credential::{Credential, CredentialKind, TokenDigest};
pub use error::{StoreError, StoreErrorKind};
pub use memory::Memory;
pub use name::NameRule;
pub use password::{PasswordHash, Scheme};
pub use timestamp::{Timestamp, TimestampError};
