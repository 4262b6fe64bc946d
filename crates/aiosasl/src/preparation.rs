//! Which preparation a protocol asks for, before names and passwords are compared or hashed.

use alloc::borrow::Cow;

use crate::prep::{self, PrepError, Strings};

/// How names and passwords are prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Preparation {
    /// Not at all (Kafka).
    None,
    /// With PRECIS OpaqueString (RFC 8265 section 4.2; HTTP, RFC 7804). Never switch a store to it: other
    /// hashes come out.
    #[cfg(feature = "precis")]
    OpaqueString,
    /// With SASLprep, and as typed where that fails (PostgreSQL).
    RawOnFailure,
    /// With SASLprep, and not at all where that fails (RFC 4013; RFC 5802 section 2.2).
    #[default]
    Strict,
}

impl Preparation {
    /// The prepared form; it may be empty, which no caller may accept.
    ///
    /// # Errors
    ///
    /// [`PrepError`] where the rule says so.
    pub fn prepare(self, text: &str, strings: Strings) -> Result<Cow<'_, str>, PrepError> {
        match self {
            Self::None => Ok(Cow::Borrowed(text)),
            #[cfg(feature = "precis")]
            Self::OpaqueString => prep::opaque_string(text),
            Self::RawOnFailure => Ok(match prep::saslprep(text, strings) {
                Ok(prepared) if !prepared.is_empty() => prepared,
                _ => Cow::Borrowed(text),
            }),
            Self::Strict => prep::saslprep(text, strings),
        }
    }
}
