//! What is said about a token that a server refuses (RFC 7628 section 3.2.2).

use alloc::boxed::Box;
use core::fmt;

/// What a server tells a client whose token it refuses: enough to get a better one, and nothing about the account.
///
/// Unknown, expired and revoked tokens are all told the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRefusal {
    /// The error code: `invalid_token`, `insufficient_scope` (RFC 6750 section 3.1), or an HTTP status such as `401`.
    pub status: Box<str>,
    /// The scope that a token needs, where the server says so.
    pub scope: Option<Box<str>>,
    /// Where the OpenID provider's configuration is, an https URL, where the server says so.
    pub openid_configuration: Option<Box<str>>,
}

impl TokenRefusal {
    /// A refusal with this error code, and nothing else.
    pub fn new(status: impl Into<Box<str>>) -> Self {
        Self { status: status.into(), scope: None, openid_configuration: None }
    }

    /// The same, with the scope that a token needs.
    pub fn with_scope(mut self, scope: impl Into<Box<str>>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The same, with the URL of the OpenID provider's configuration; clients take `https://` alone.
    pub fn with_openid_configuration(mut self, url: impl Into<Box<str>>) -> Self {
        self.openid_configuration = Some(url.into());
        self
    }
}

impl Default for TokenRefusal {
    /// `invalid_token`.
    fn default() -> Self {
        Self::new("invalid_token")
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.escape_debug())?;
        if let Some(scope) = &self.scope {
            write!(f, ", the scope is {}", scope.escape_debug())?;
        }
        if let Some(url) = &self.openid_configuration {
            write!(f, ", see {}", url.escape_debug())?;
        }
        Ok(())
    }
}
