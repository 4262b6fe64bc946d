//! What proves an account: verifiers, hashes, tokens, certificates' names; each also as one line of text.

use std::{fmt, str::FromStr};

use aiosasl::{
    hash::Hash,
    mechanisms::scram::VerifierFormat,
    query::{ScramVerifier, SecretForm},
    secret::Secret,
};

use crate::{
    error::{StoreError, StoreErrorKind},
    password::PasswordHash,
    shared::SharedSecret,
    timestamp::Timestamp,
};

/// One credential of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Empty for the account's own; else the application that it was made for.
    pub label: Box<str>,
    /// What it is.
    pub kind: CredentialKind,
    /// When it ends; `None` for never.
    pub expires: Option<Timestamp>,
    /// When somebody last came in by it, as far as is known.
    pub last_used: Option<Timestamp>,
}

/// What a credential is.
///
/// As text it begins with a scheme in braces, as in Dovecot's password databases:
/// `{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey`, `{ARGON2ID}$argon2id$...`, `{TOKEN}` and 64 hexadecimal digits,
/// `{CERTIFICATE}` and a name; and those of [`SharedSecret`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialKind {
    /// The name that a verified TLS certificate says: what a server's `identify` makes of it.
    Certificate(Box<str>),
    /// A hash of the password.
    Password(PasswordHash),
    /// A SCRAM verifier (RFC 5802 section 3).
    Scram(ScramVerifier),
    /// A secret that the account and its owner share.
    Shared(SharedSecret),
    /// A token that was given out, of which the digest is kept.
    Token(TokenDigest),
}

/// SHA-256 of a token: tokens are long and random, so that nothing slower is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl Credential {
    /// The account's own credential of this kind, without an end.
    pub fn new(kind: CredentialKind) -> Self {
        Self { label: "".into(), kind, expires: None, last_used: None }
    }

    /// The same, for an application.
    pub fn labelled(mut self, label: &str) -> Self {
        self.label = label.into();
        self
    }

    /// The same, with an end.
    pub fn expiring(mut self, expires: impl Into<Option<Timestamp>>) -> Self {
        self.expires = expires.into();
        self
    }

    /// Where it stands in its account: the label, and a word that no other credential under the label has
    /// (`SCRAM-SHA-256`, `PASSWORD`, a token's and a certificate's whole text).
    pub fn slot(&self) -> (&str, String) {
        let word = match &self.kind {
            CredentialKind::Password(_) => "PASSWORD".to_owned(),
            CredentialKind::Scram(verifier) => verifier.hash().scheme().to_owned(),
            CredentialKind::Shared(shared) => match shared.form() {
                SecretForm::DigestMd5 { realm } => format!("{} {realm}", shared.scheme()),
                _ => shared.scheme().to_owned(),
            },
            CredentialKind::Certificate(_) | CredentialKind::Token(_) => self.kind.to_string(),
        };
        (&self.label, word)
    }

    /// Whether it has ended.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

impl CredentialKind {
    /// Whether it was made of a password, and goes when the password changes.
    pub fn is_of_password(&self) -> bool {
        match self {
            Self::Password(_) | Self::Scram(_) => true,
            Self::Shared(shared) => shared.is_of_password(),
            Self::Certificate(_) | Self::Token(_) => false,
        }
    }

    /// The scheme that stands in braces before its text.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "CERTIFICATE",
            Self::Password(hash) => hash.scheme().as_str(),
            Self::Scram(verifier) => verifier.hash().scheme(),
            Self::Shared(shared) => shared.scheme(),
            Self::Token(_) => "TOKEN",
        }
    }
}

impl TokenDigest {
    /// The digest of a token.
    pub fn of(token: &Secret) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(Hash::Sha256.digest(token.expose()).as_ref());
        Self(digest)
    }

    /// The digest, raw.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(name) => write!(f, "{{CERTIFICATE}}{name}"),
            Self::Password(hash) => f.write_str(&hash.to_text()),
            Self::Scram(verifier) => f.write_str(&verifier.to_text(VerifierFormat::Dovecot)),
            Self::Shared(shared) => shared.fmt(f),
            Self::Token(digest) => {
                f.write_str("{TOKEN}")?;
                digest.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

impl FromStr for CredentialKind {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let invalid = |what: &str| StoreError::new(StoreErrorKind::Invalid, what);
        match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some(("CERTIFICATE", "")) => Err(invalid("expected a name after {CERTIFICATE}")),
            Some(("CERTIFICATE", name)) => Ok(Self::Certificate(name.into())),
            Some(("TOKEN", digits)) => token(digits)
                .map(Self::Token)
                .ok_or_else(|| invalid("expected 64 hexadecimal digits after {TOKEN}")),
            Some((scheme, _)) if Hash::from_scheme(scheme).is_some() => {
                ScramVerifier::parse(VerifierFormat::Dovecot, text, None)
                    .map(Self::Scram)
                    .map_err(|error| invalid("no SCRAM verifier").because(error))
            }
            Some((scheme, data)) if SharedSecret::is_scheme(scheme) => {
                let no_secret = || invalid(&format!("{{{scheme}}}: no secret of this kind"));
                SharedSecret::parse(scheme, data).map(Self::Shared).ok_or_else(no_secret)
            }
            _ => PasswordHash::parse(text).map(Self::Password),
        }
    }
}

fn token(digits: &str) -> Option<TokenDigest> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok().filter(|it| !it.starts_with('+'))?;
        u8::from_str_radix(text, 16).ok()
    });
    let octets: Option<Vec<u8>> = pairs.collect();
    if digits.len() == 64 { octets?.try_into().ok().map(TokenDigest) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let verifier = ScramVerifier::from_password(
            Hash::Sha256,
            Secret::new(*b"pencil"),
            *b"0123456789abcdef",
            4096,
        );
        for kind in [
            CredentialKind::Certificate("user@example.org".into()),
            CredentialKind::Scram(verifier),
            CredentialKind::Token(TokenDigest::of(&Secret::new(*b"token"))),
        ] {
            let text = kind.to_string();
            assert_eq!(text.parse::<CredentialKind>().unwrap(), kind, "{text}");
            assert!(text.starts_with(&format!("{{{}}}", kind.scheme())), "{text}");
        }
    }

    #[test]
    fn what_is_no_credential_is_refused() {
        for text in ["", "{TOKEN}", "{TOKEN}00", "{CERTIFICATE}", "{SCRAM-SHA-256}4096", "{NEW}x"] {
            assert!(text.parse::<CredentialKind>().is_err(), "{text}");
        }
        let signs = format!("{{TOKEN}}{}", "+1".repeat(32));
        assert!(signs.parse::<CredentialKind>().is_err());
    }
}
