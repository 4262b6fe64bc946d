//! SCRAM verifiers as text: the four forms in which stores keep them.
//!
//! | form | looks like |
//! | --- | --- |
//! | RFC 5803 (LDAP `authPassword`) | `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey` |
//! | PostgreSQL (`pg_authid.rolpassword`) | the same, to the letter |
//! | Dovecot, gsasl | `{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey` |
//! | Kafka | `salt=...,stored_key=...,server_key=...,iterations=4096`; the hash is known from elsewhere |
//!
//! Salt and keys are base64 everywhere.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::fmt;

use super::{keys::Keys, message};
use crate::{
    encoding,
    hash::{Hash, HashValue},
    query::{DeriveKeys, ScramVerifier},
    secret::Secret,
};

/// A form of verifiers as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifierFormat {
    /// `{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey` (Dovecot, gsasl).
    Dovecot,
    /// `salt=...,stored_key=...,server_key=...,iterations=4096`.
    Kafka,
    /// `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, without blanks.
    Postgresql,
    /// The same, with blanks around `$` allowed (RFC 3112).
    Rfc5803,
}

impl VerifierFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dovecot, Self::Kafka, Self::Postgresql, Self::Rfc5803];

    /// Its name, as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dovecot => "dovecot",
            Self::Kafka => "kafka",
            Self::Postgresql => "postgresql",
            Self::Rfc5803 => "rfc5803",
        }
    }

    /// The form that a text seems to have.
    pub fn guess(text: &str) -> Self {
        if text.starts_with('{') {
            Self::Dovecot
        } else if text.contains("stored_key=") {
            Self::Kafka
        } else {
            Self::Rfc5803
        }
    }
}

impl Hash {
    /// The hash with this scheme (RFC 5803): the mechanism's name without -PLUS, compared to the letter.
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|hash| hash.scheme() == scheme)
    }
}

impl ScramVerifier {
    /// The verifier of a password that is prepared already (SASLprep, stored strings). This is the expensive part.
    pub fn from_password(
        hash: Hash,
        password: Secret,
        salt: impl Into<Box<[u8]>>,
        iterations: u32,
    ) -> Self {
        let salt = salt.into();
        let salted = DeriveKeys::new(hash, password, salt.clone(), iterations).salted_password();
        Self::from_salted_password(hash, &salted, salt, iterations)
    }

    /// The verifier of a `SaltedPassword`.
    pub fn from_salted_password(
        hash: Hash,
        salted_password: &HashValue,
        salt: impl Into<Box<[u8]>>,
        iterations: u32,
    ) -> Self {
        let keys = Keys::from_salted_password(hash, salted_password);
        let stored_key = keys.stored_key(hash);
        Self { hash, iterations, salt: salt.into(), stored_key, server_key: keys.server_key }
    }

    /// Whether this is the password (prepared already); as expensive as making the verifier.
    pub fn verifies(&self, password: Secret) -> bool {
        Self::from_password(self.hash, password, self.salt.clone(), self.iterations).stored_key
            == self.stored_key
    }

    /// Reads a verifier.
    ///
    /// `hash` is needed for [`VerifierFormat::Kafka`], which does not say it, and ignored for the others.
    ///
    /// # Errors
    ///
    /// [`VerifierError`]; nothing is guessed or repaired.
    pub fn parse(
        format: VerifierFormat,
        text: &str,
        hash: Option<Hash>,
    ) -> Result<Self, VerifierError> {
        match format {
            VerifierFormat::Dovecot => parse_dovecot(text),
            VerifierFormat::Kafka => {
                parse_kafka(text, hash.ok_or(VerifierError::UnknownMechanism)?)
            }
            VerifierFormat::Postgresql => parse_dollar(text),
            VerifierFormat::Rfc5803 => {
                let fields: Vec<_> = text.split('$').map(|field| field.trim_matches(' ')).collect();
                parse_dollar(&fields.join("$"))
            }
        }
    }

    /// Writes the verifier.
    pub fn to_text(&self, format: VerifierFormat) -> String {
        let scheme = self.hash.scheme();
        let iterations = self.iterations;
        let [salt, stored, server] =
            [self.salt(), self.stored_key(), self.server_key()].map(encoding::encode);
        match format {
            VerifierFormat::Dovecot => format!("{{{scheme}}}{iterations},{salt},{stored},{server}"),
            VerifierFormat::Kafka => {
                format!(
                    "salt={salt},stored_key={stored},server_key={server},iterations={iterations}"
                )
            }
            VerifierFormat::Postgresql | VerifierFormat::Rfc5803 => {
                format!("{scheme}${iterations}:{salt}${stored}:{server}")
            }
        }
    }

    fn from_fields(hash: Hash, fields: [&str; 4]) -> Result<Self, VerifierError> {
        let [iterations, salt, stored_key, server_key] = fields;
        let count =
            message::iteration_count(iterations).ok().and_then(|count| u32::try_from(count).ok());
        let octets = |text| encoding::decode(text).map_err(|_| VerifierError::BadBase64);
        let key = |text| HashValue::for_hash(hash, &octets(text)?).ok_or(VerifierError::KeyLength);
        let iterations = count.ok_or(VerifierError::BadIterations)?;
        let salt = octets(salt)?.into_boxed_slice();
        if salt.is_empty() {
            return Err(VerifierError::EmptySalt);
        }
        Ok(Self {
            hash,
            iterations,
            salt,
            stored_key: key(stored_key)?,
            server_key: key(server_key)?,
        })
    }
}

fn scheme_hash(scheme: &str) -> Result<Hash, VerifierError> {
    if scheme.ends_with("-PLUS") {
        return Err(VerifierError::BadFormat);
    }
    Hash::from_scheme(scheme).ok_or(VerifierError::UnknownMechanism)
}

fn parse_dollar(text: &str) -> Result<ScramVerifier, VerifierError> {
    let fields: Vec<_> = text.split('$').collect();
    let [scheme, parameters, keys] = *fields else { return Err(VerifierError::BadFormat) };
    let (iterations, salt) = parameters.split_once(':').ok_or(VerifierError::BadFormat)?;
    let (stored_key, server_key) = keys.split_once(':').ok_or(VerifierError::BadFormat)?;
    ScramVerifier::from_fields(scheme_hash(scheme)?, [iterations, salt, stored_key, server_key])
}

fn parse_dovecot(text: &str) -> Result<ScramVerifier, VerifierError> {
    let scheme = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let (scheme, rest) = scheme.ok_or(VerifierError::BadFormat)?;
    let fields: Vec<_> = rest.split(',').collect();
    let fields = <[&str; 4]>::try_from(fields).map_err(|_| VerifierError::BadFormat)?;
    ScramVerifier::from_fields(scheme_hash(scheme)?, fields)
}

fn parse_kafka(text: &str, hash: Hash) -> Result<ScramVerifier, VerifierError> {
    let mut fields = [None; 4];
    for field in text.split(',') {
        let (name, value) = field.split_once('=').ok_or(VerifierError::BadFormat)?;
        let at =
            ["iterations", "salt", "stored_key", "server_key"].iter().position(|it| *it == name);
        let place = at.and_then(|at| fields.get_mut(at)).ok_or(VerifierError::BadFormat)?;
        if place.replace(value).is_some() {
            return Err(VerifierError::BadFormat);
        }
    }
    match fields {
        [Some(iterations), Some(salt), Some(stored_key), Some(server_key)] => {
            ScramVerifier::from_fields(hash, [iterations, salt, stored_key, server_key])
        }
        _ => Err(VerifierError::BadFormat),
    }
}

/// Why text is no verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifierError {
    /// Salt or keys are not canonical base64.
    BadBase64,
    /// The fields are not those of this form.
    BadFormat,
    /// The iteration count is no positive decimal below 2^32.
    BadIterations,
    /// The salt has no octets.
    EmptySalt,
    /// A key is not as long as the hash.
    KeyLength,
    /// The scheme is none that is known here.
    UnknownMechanism,
}

impl VerifierError {
    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadBase64 => "bad-base64",
            Self::BadFormat => "bad-format",
            Self::BadIterations => "bad-iterations",
            Self::EmptySalt => "empty-salt",
            Self::KeyLength => "key-length",
            Self::UnknownMechanism => "unknown-mechanism",
        }
    }
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadBase64 => "expected canonical base64 in a SCRAM verifier",
            Self::BadFormat => "expected the fields of a SCRAM verifier",
            Self::BadIterations => "expected a positive iteration count in a SCRAM verifier",
            Self::EmptySalt => "expected a salt in a SCRAM verifier",
            Self::KeyLength => "a key of a SCRAM verifier is not as long as its hash",
            Self::UnknownMechanism => "the hash of a SCRAM verifier is not known here",
        })
    }
}

impl core::error::Error for VerifierError {}
