//! What can go wrong on the wire, told by what it means for the caller; the peer's own words are kept, made harmless.

use std::{error::Error, fmt};

use aiosasl::driver::{AuthenticationFailure, SaslError, SaslFailure};

/// A failure of the protocol, the connection or the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireError {
    /// What it means.
    pub class: WireClass,
    /// The protocol's own code, as it stood: `535 5.7.8`, `NO [AUTHENTICATIONFAILED]`, `not-authorized`.
    pub code: Option<String>,
    /// What happened, in words: ours, or the peer's with every control character escaped.
    pub text: String,
}

impl WireError {
    /// A failure that we found, in our words.
    pub fn new(class: WireClass, text: impl Into<String>) -> Self {
        Self { class, code: None, text: text.into() }
    }

    /// A failure that the peer told, in its words: they are made [`printable`].
    pub fn told(class: WireClass, code: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Self {
        Self { class, code: Some(printable(code.as_ref())), text: printable(text.as_ref()) }
    }

    /// The peer said what it may not say here.
    pub fn protocol(text: impl Into<String>) -> Self {
        Self::new(WireClass::Protocol, text)
    }

    /// The error that a [`SaslInterface`](aiosasl::driver::SaslInterface) raises: an authentication failure where
    /// the credentials or the authorization are refused, else a SASL failure; with this error inside.
    pub fn into_sasl(self) -> SaslError {
        match self.class {
            WireClass::Authorization | WireClass::Credentials => {
                AuthenticationFailure::with_opaque(self.to_string(), self).into()
            }
            _ => SaslFailure::with_opaque(self.to_string(), self).into(),
        }
    }

    /// The wire error inside a SASL error, where a profile raised it.
    pub fn of(error: &SaslError) -> Option<&Self> {
        error.opaque_error()?.downcast_ref()
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) if self.text.is_empty() => write!(f, "{}: {code}", self.class),
            Some(code) => write!(f, "{}: {code} {}", self.class, self.text),
            None => write!(f, "{}: {}", self.class, self.text),
        }
    }
}

impl Error for WireError {}

impl From<WireError> for SaslError {
    fn from(error: WireError) -> Self {
        error.into_sasl()
    }
}

/// What a wire error means for whoever wanted to come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WireClass {
    /// The exchange was given up.
    Aborted,
    /// The credentials may be right; the authorization identity is not for them.
    Authorization,
    /// The connection could not be made, or is gone.
    Connection,
    /// The credentials are wrong, expired or disabled: ask for others.
    Credentials,
    /// The mechanism is unknown, or not available here.
    Mechanism,
    /// Something is too weak for one of both ends: it wants encryption, or another mechanism.
    Policy,
    /// The peer broke the protocol, or says that we did.
    Protocol,
    /// Not now; the credentials are not in question.
    Temporary,
    /// It took too long.
    Timeout,
    /// TLS could not be had, or the certificate is not to be trusted.
    Tls,
}

impl WireClass {
    /// The class as a stable word; a broken protocol is `peer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::Authorization => "authorization",
            Self::Connection => "connection",
            Self::Credentials => "credentials",
            Self::Mechanism => "mechanism",
            Self::Policy => "policy",
            Self::Protocol => "peer",
            Self::Temporary => "temporary",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
        }
    }
}

impl fmt::Display for WireClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aborted => "the exchange was aborted",
            Self::Authorization => "the authorization identity was refused",
            Self::Connection => "the connection failed",
            Self::Credentials => "the credentials were refused",
            Self::Mechanism => "the mechanism is not available",
            Self::Policy => "too weak for policy",
            Self::Protocol => "the peer broke the protocol",
            Self::Temporary => "temporary failure",
            Self::Timeout => "it took too long",
            Self::Tls => "TLS failed",
        })
    }
}

/// The longest text taken over from a peer, in characters.
const MAX_PRINTABLE: usize = 512;

/// A peer's octets as text for people: not UTF-8 becomes U+FFFD, control characters and line separators are
/// escaped, and what is beyond 512 characters becomes an ellipsis.
pub fn printable(octets: &[u8]) -> String {
    // A character has at most four octets, so that this much is always enough to tell whether there is more.
    let head = octets.get(..MAX_PRINTABLE * 4 + 4).unwrap_or(octets);
    let text = String::from_utf8_lossy(head);
    let mut out = String::new();
    for (at, character) in text.chars().enumerate() {
        if at == MAX_PRINTABLE {
            out.push('…');
            break;
        }
        if character.is_control() || is_deceptive(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Characters that break or reorder a line on a terminal: separators, and the marks of writing direction.
fn is_deceptive(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_words_are_made_harmless() {
        assert_eq!(printable(b"bad \x1b[31mred\r\n\0"), r"bad \u{1b}[31mred\r\n\u{0}");
        assert_eq!(printable(b"caf\xe9"), "caf\u{fffd}");
        assert_eq!(printable("a\u{202e}b".as_bytes()), r"a\u{202e}b");
        let long = printable("é".repeat(100_000).as_bytes());
        assert_eq!(long.chars().count(), 513);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn only_refused_people_are_authentication_failures() {
        let sasl = WireError::told(WireClass::Credentials, "535 5.7.8", "no").into_sasl();
        assert!(sasl.is_authentication_failure());
        assert_eq!(WireError::of(&sasl).unwrap().code.as_deref(), Some("535 5.7.8"));
        assert!(
            WireError::new(WireClass::Authorization, "").into_sasl().is_authentication_failure()
        );
        assert!(!WireError::new(WireClass::Temporary, "").into_sasl().is_authentication_failure());
    }
}
