//! Hashes of passwords, in the forms in which password databases keep them.

use std::fmt;

use aiosasl::secret::{self, Password};
use zeroize::Zeroizing;

use crate::error::{StoreError, StoreErrorKind};

/// A way to hash passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// The password itself: only for those who ask for it.
    Plain,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Plain];

    /// The name that stands in braces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
        }
    }
}

/// A password's hash; wiped on drop, and silent in `Debug`.
#[derive(Clone)]
pub struct PasswordHash {
    scheme: Scheme,
    data: Zeroizing<String>,
}

impl PasswordHash {
    /// Reads a hash: `{SCHEME}data`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], for a scheme that nobody knows, and data that is none of its.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let unknown = || StoreError::new(StoreErrorKind::Invalid, "no password hash that we know");
        let (word, data) =
            text.strip_prefix('{').and_then(|it| it.split_once('}')).ok_or_else(unknown)?;
        let scheme = Scheme::ALL.into_iter().find(|it| it.as_str() == word).ok_or_else(unknown)?;
        Ok(Self { scheme, data: Zeroizing::new(data.to_owned()) })
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The hash as text: `{SCHEME}data`.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{{{}}}{}", self.scheme.as_str(), *self.data))
    }

    /// Whether this is the password, prepared as it was when the hash was made. As expensive as the hash is meant to be.
    pub fn verifies(&self, password: &Password) -> bool {
        secret::equal(self.data.as_bytes(), password.expose().as_bytes())
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.scheme == other.scheme && secret::equal(self.data.as_bytes(), other.data.as_bytes())
    }
}

impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({{{}}}..)", self.scheme.as_str())
    }
}
