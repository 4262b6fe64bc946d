//! Which preparation a protocol asks for, before names and passwords are compared or hashed.

use alloc::borrow::Cow;

use crate::{
    error::Reason,
    identity::AuthenticationId,
    prep::{self, PrepError, Strings},
    secret::Password,
};

/// The longest name or password, in octets: RFC 4616 section 2 asks for 255 at least.
pub(crate) const MAX_FIELD: usize = 1024;

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

    /// A name and a password as somebody typed them, prepared as query strings: what a question to a store is made of.
    ///
    /// # Errors
    ///
    /// The reason, where one of them is empty, before or after, longer than 1024 octets, or can't be prepared.
    pub fn name_and_password(
        self,
        name: &str,
        password: &str,
    ) -> Result<(AuthenticationId, Password), Reason> {
        if name.len() > MAX_FIELD || password.len() > MAX_FIELD {
            return Err(Reason::FieldTooLong);
        }
        if name.is_empty() {
            return Err(Reason::EmptyAuthcid);
        }
        if password.is_empty() {
            return Err(Reason::EmptyPassword);
        }
        Ok((self.name(name)?, self.password(password)?))
    }

    /// A name as a query string.
    pub(crate) fn name(self, name: &str) -> Result<AuthenticationId, Reason> {
        let name = self.prepare(name, Strings::Query).map_err(|_| Reason::AuthcidPrepFailed)?;
        AuthenticationId::new(name).map_err(|_| Reason::AuthcidPrepEmpty)
    }

    /// A password as a query string.
    pub(crate) fn password(self, password: &str) -> Result<Password, Reason> {
        let prepared = self.prepare(password, Strings::Query);
        let prepared = prepared.map_err(|_| Reason::PasswordPrepFailed)?.into_owned();
        let prepared = Password::new(prepared);
        match prepared.expose() {
            "" => Err(Reason::PasswordPrepEmpty),
            text if text.contains('\0') => Err(Reason::PasswordPrepFailed),
            _ => Ok(prepared),
        }
    }
}
