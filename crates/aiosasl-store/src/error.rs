//! What can go wrong with a store; never a secret in it.

use std::{error::Error as StdError, fmt};

/// A fault of a store, or of what was asked of it.
#[derive(Debug)]
pub struct StoreError {
    /// Its kind.
    pub kind: StoreErrorKind,
    context: Box<str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is an account of this name already.
    Exists,
    /// What was given can't be kept: a name that can't be prepared, a credential that is none.
    Invalid,
    /// The store holds something that nobody can read: damaged, or made by a newer version.
    Malformed,
    /// There is no account of this name.
    Missing,
    /// The back end can't do that: it is read-only, or knows no such thing.
    Unsupported,
    /// The back end can't be reached, or has no time now: try again later.
    Unavailable,
}

impl StoreErrorKind {
    /// The kind as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Invalid => "invalid",
            Self::Malformed => "malformed",
            Self::Missing => "missing",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
        }
    }
}

impl StoreError {
    /// A fault of this kind; the context says what was expected and what came, and holds no secret.
    pub fn new(kind: StoreErrorKind, context: impl Into<Box<str>>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    /// The same, with what was beneath it.
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
