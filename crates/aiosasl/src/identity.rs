//! Who somebody is, and as whom they act (RFC 4422 section 2).

use alloc::{boxed::Box, string::String};
use core::fmt;

/// The identity that credentials belong to: never empty, without NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthenticationId(Box<str>);

impl AuthenticationId {
    /// An identity as it stands; preparing it is the mechanism's business.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] where it is empty or has a NUL.
    pub fn new(identity: impl Into<Box<str>>) -> Result<Self, IdentityError> {
        check(identity.into()).map(Self)
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The identity to act as: never empty (empty means "derived from the credentials", and is `None`), without NUL.
///
/// Its syntax and comparison are the profile's business (RFC 4422 section 3.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorizationId(Box<str>);

impl AuthorizationId {
    /// An identity as it stands.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] where it is empty or has a NUL.
    pub fn new(identity: impl Into<Box<str>>) -> Result<Self, IdentityError> {
        check(identity.into()).map(Self)
    }

    /// The identity, or `None` where the text is empty.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Nul`].
    pub fn derived_if_empty(identity: &str) -> Result<Option<Self>, IdentityError> {
        if identity.is_empty() { Ok(None) } else { Self::new(identity).map(Some) }
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(identity: Box<str>) -> Result<Box<str>, IdentityError> {
    if identity.is_empty() {
        Err(IdentityError::Empty)
    } else if identity.contains('\0') {
        Err(IdentityError::Nul)
    } else {
        Ok(identity)
    }
}

macro_rules! text {
    ($($name:ident)+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = IdentityError;

            fn try_from(identity: &str) -> Result<Self, IdentityError> {
                Self::new(identity)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentityError;

            fn try_from(identity: String) -> Result<Self, IdentityError> {
                Self::new(identity)
            }
        }
    )+};
}

text!(AuthenticationId AuthorizationId);

/// Why text is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// No character at all.
    Empty,
    /// U+0000, which no mechanism can carry.
    Nul,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the identity is empty",
            Self::Nul => "the identity has a NUL",
        })
    }
}

impl core::error::Error for IdentityError {}
