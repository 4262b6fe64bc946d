//! Accounts as other programs write them: one account at a time, in and out.
//!
//! | format | what it is | holds |
//! | --- | --- | --- |
//! | `dovecot` | the lines of Dovecot's passwd-files | one credential, whether it is disabled |
//! | `gsasl` | `name:` and what `gsasl --mkpasswd` prints | SCRAM with SHA-1 and SHA-256 |
//! | `json` | our own JSON lines | everything |
//! | `kafka` | what `kafka-configs.sh --describe` prints of users | SCRAM with SHA-256 and SHA-512 |
//! | `ldap` | LDIF (RFC 2849) with `authPassword` (RFC 5803) and `userPassword` | SCRAM, a password's hash |
//! | `passwd` | our own passwd-files, which are Dovecot's, too | everything |
//! | `passwords` | `name:password`, or JSON lines with a `password`; only read | passwords, from which credentials are to be made |
//! | `postgresql` | roles as SQL, as `pg_dumpall --roles-only` writes them; also read: columns of `pg_authid` | SCRAM with SHA-256, an end, whether it is disabled |
//!
//! What a format can't hold is left out, and counted: [`Losses`].

mod dovecot;
mod gsasl;
mod json;
mod kafka;
mod ldif;
mod lines;
mod loss;
mod passwords;
mod postgresql;
mod reader;
mod writer;

use std::{fmt, str::FromStr};

pub use self::{
    loss::{Loss, Losses},
    reader::{Entry, Reader},
    writer::Writer,
};
use crate::error::{StoreError, StoreErrorKind};

/// A format of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The lines of Dovecot's passwd-files, without ours between them.
    Dovecot,
    /// `name:{SCRAM-SHA-256}...`, one line for each hash.
    Gsasl,
    /// Our own JSON lines: they lose nothing.
    Json,
    /// What `kafka-configs.sh --zookeeper ... --describe --entity-type users` prints.
    Kafka,
    /// LDIF (RFC 2849) with `authPassword` (RFC 3112, RFC 5803) and `userPassword` (RFC 2307).
    Ldap,
    /// Our own passwd-files: they lose nothing.
    Passwd,
    /// `name:password`, or JSON lines with a `password`; only read.
    Passwords,
    /// Roles as SQL, and columns of `pg_authid`.
    Postgresql,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Dovecot,
        Self::Gsasl,
        Self::Json,
        Self::Kafka,
        Self::Ldap,
        Self::Passwd,
        Self::Passwords,
        Self::Postgresql,
    ];

    /// The format as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dovecot => "dovecot",
            Self::Gsasl => "gsasl",
            Self::Json => "json",
            Self::Kafka => "kafka",
            Self::Ldap => "ldap",
            Self::Passwd => "passwd",
            Self::Passwords => "passwords",
            Self::Postgresql => "postgresql",
        }
    }

    /// Whether it is written, too.
    pub fn can_write(self) -> bool {
        self != Self::Passwords
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        Self::ALL.into_iter().find(|it| it.as_str() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            StoreError::new(StoreErrorKind::Invalid, format!("expected a format: {words}"))
        })
    }
}

#[cfg(test)]
mod tests;
