//! The two kinds of failure that the async layer's callers tell apart, each with the protocol's own error.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    sync::Arc,
};
use core::fmt;

use crate::error::Error;

/// The error of the protocol or the interface, as it was raised; none where the local mechanism failed.
pub type OpaqueError = Arc<dyn core::error::Error + Send + Sync>;

/// Why an attempt to authenticate failed.
///
/// # Example: which kind, and the protocol's own error
///
/// ```
/// use aiosasl::driver::{SaslError, SaslFailure};
///
/// let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
/// let error: SaslError = SaslFailure::with_opaque("the server hung up", lost).into();
/// assert_eq!(error.text(), "the server hung up");
/// assert!(!error.is_authentication_failure());
/// let opaque = error.opaque_error().expect("the interface raised it");
/// assert!(opaque.is::<std::io::Error>());
/// ```
#[derive(Debug, Clone)]
pub enum SaslError {
    /// The credentials are wrong: do not try them with another mechanism.
    AuthenticationFailure(AuthenticationFailure),
    /// Something else: another mechanism may work.
    SaslFailure(SaslFailure),
}

/// The credentials are wrong.
///
/// # Example: what an interface raises
///
/// ```
/// use aiosasl::driver::{AuthenticationFailure, SaslError};
///
/// let error: SaslError = AuthenticationFailure::new("535 5.7.8 no such user or password").into();
/// assert!(error.is_authentication_failure());
/// ```
#[derive(Debug, Clone)]
pub struct AuthenticationFailure(Details);

/// The protocol, the connection, the peer or the local policy got in the way.
///
/// # Example: a protocol that can only say "failed"
///
/// ```
/// use aiosasl::driver::{SaslError, SaslFailure};
///
/// let failure = SaslFailure::new("failed");
/// // Nothing but the credentials can be meant, says the caller, who knows this server.
/// let error: SaslError = failure.promote_to_authentication_failure().into();
/// assert!(error.is_authentication_failure());
/// ```
#[derive(Debug, Clone)]
pub struct SaslFailure(Details);

#[derive(Debug, Clone)]
struct Details {
    text: Box<str>,
    opaque_error: Option<OpaqueError>,
    local: Option<Error>,
}

macro_rules! failure {
    ($($name:ident $variant:ident $sentence:literal;)+) => {$(
        impl $name {
            /// A failure that the local mechanism found.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Details { text: text.into().into(), opaque_error: None, local: None })
            }

            /// A failure that the protocol or the interface raised, with its own error.
            pub fn with_opaque(text: impl Into<String>, error: impl core::error::Error + Send + Sync + 'static) -> Self {
                Self(Details { text: text.into().into(), opaque_error: Some(Arc::new(error)), local: None })
            }

            /// The error of the protocol or the interface, or `None` where the local mechanism failed.
            pub fn opaque_error(&self) -> Option<&OpaqueError> {
                self.0.opaque_error.as_ref()
            }

            /// What happened, in words.
            pub fn text(&self) -> &str {
                &self.0.text
            }

            /// The exchange's own error, where it ended the attempt.
            pub fn exchange_error(&self) -> Option<&Error> {
                self.0.local.as_ref()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($sentence, ": {}"), self.0.text)
            }
        }

        impl core::error::Error for $name {
            fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
                self.0.opaque_error.as_deref().map(|error| error as _)
            }
        }

        impl From<$name> for SaslError {
            fn from(failure: $name) -> Self {
                Self::$variant(failure)
            }
        }
    )+};
}

failure! {
    AuthenticationFailure AuthenticationFailure "authentication failed";
    SaslFailure SaslFailure "SASL failed";
}

impl SaslFailure {
    /// The same, as a verdict on the credentials: for a protocol that says only "failed", and a caller who knows
    /// that nothing but the credentials can be meant.
    #[must_use]
    pub fn promote_to_authentication_failure(self) -> AuthenticationFailure {
        AuthenticationFailure(self.0)
    }
}

impl SaslError {
    /// The error of the protocol or the interface, or `None` where the local mechanism failed.
    pub fn opaque_error(&self) -> Option<&OpaqueError> {
        self.details().opaque_error.as_ref()
    }

    /// What happened, in words.
    pub fn text(&self) -> &str {
        &self.details().text
    }

    /// The exchange's own error, where it ended the attempt.
    pub fn exchange_error(&self) -> Option<&Error> {
        self.details().local.as_ref()
    }

    /// Whether the credentials are wrong.
    pub fn is_authentication_failure(&self) -> bool {
        matches!(self, Self::AuthenticationFailure(_))
    }

    /// The same, as a verdict on the credentials.
    #[must_use]
    pub fn promote_to_authentication_failure(self) -> Self {
        match self {
            Self::SaslFailure(failure) => failure.promote_to_authentication_failure().into(),
            already @ Self::AuthenticationFailure(_) => already,
        }
    }

    /// The same, with what the exchange knows of it: a verdict on the credentials makes it one, unless the connection is
    /// what went wrong.
    pub(super) fn because(self, known: Error) -> Self {
        let is_verdict = known.is_authentication_failure() && !self.is_io();
        let mut details = self.into_details();
        details.text = alloc::format!("{}: {known}", details.text).into();
        details.local = Some(known);
        if is_verdict {
            Self::AuthenticationFailure(AuthenticationFailure(details))
        } else {
            Self::SaslFailure(SaslFailure(details))
        }
    }

    /// Whether the connection is what went wrong.
    pub(super) fn is_io(&self) -> bool {
        let mut source = self.opaque_error().map(|it| &**it as &(dyn core::error::Error + 'static));
        while let Some(it) = source {
            if it.is::<std::io::Error>() {
                return true;
            }
            source = it.source();
        }
        false
    }

    fn into_details(self) -> Details {
        match self {
            Self::AuthenticationFailure(failure) => failure.0,
            Self::SaslFailure(failure) => failure.0,
        }
    }

    fn details(&self) -> &Details {
        match self {
            Self::AuthenticationFailure(failure) => &failure.0,
            Self::SaslFailure(failure) => &failure.0,
        }
    }
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuthenticationFailure(failure) => failure.fmt(f),
            Self::SaslFailure(failure) => failure.fmt(f),
        }
    }
}

impl core::error::Error for SaslError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.opaque_error().map(|error| error as _)
    }
}

/// An exchange's error: what the peer refused on account of the credentials is an [`AuthenticationFailure`], all
/// else a [`SaslFailure`].
impl From<Error> for SaslError {
    fn from(error: Error) -> Self {
        let text = error.to_string().into();
        let authentication = error.is_authentication_failure();
        let details = Details { text, opaque_error: None, local: Some(error) };
        if authentication {
            Self::AuthenticationFailure(AuthenticationFailure(details))
        } else {
            Self::SaslFailure(SaslFailure(details))
        }
    }
}

/// A connection's error is a [`SaslFailure`] with that error inside, after which no other mechanism is tried.
impl From<std::io::Error> for SaslError {
    fn from(error: std::io::Error) -> Self {
        SaslFailure::with_opaque(error.to_string(), error).into()
    }
}
