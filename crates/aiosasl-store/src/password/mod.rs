//! Hashes of passwords, in the forms in which password databases keep them.

mod argon2;
mod bcrypt;
mod digest;
mod pbkdf2;
mod policy;
mod scheme;
mod scrypt;
mod sha_crypt;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use aiosasl::secret::{self, Password, Secret};
use zeroize::Zeroizing;

use self::{
    argon2::Argon2Hash, bcrypt::BcryptHash, digest::DigestHash, pbkdf2::Pbkdf2Hash,
    scrypt::ScryptHash, sha_crypt::ShaCryptHash, text::Wrapping,
};
pub use self::{
    policy::{Cost, HashPolicy},
    scheme::Scheme,
};
use crate::error::{StoreError, StoreErrorKind};

/// The longest text of a hash, in octets; only that of a password itself comes near.
const MAX_TEXT: usize = 65_536;

/// A password's hash; wiped on drop, and silent in `Debug`.
///
/// # Example: a hash that somebody else made is read, and one of our own is made instead
///
/// ```
/// use aiosasl::secret::Password;
/// use aiosasl_store::{HashPolicy, PasswordHash, Salt};
///
/// # fn main() -> Result<(), aiosasl_store::StoreError> {
/// let old = PasswordHash::parse("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5")?;
/// let password = Password::new("Hello world!");
/// assert!(old.verifies(&password));
/// let policy = HashPolicy::default();
/// assert!(old.is_weaker_than(&policy));
/// let new = PasswordHash::make(&policy, &password, Salt::random()?)?;
/// assert!(new.to_text().starts_with("{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PasswordHash {
    scheme: Scheme,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Digest(DigestHash),
    Pbkdf2(Pbkdf2Hash),
    Plain(Password),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

/// 16 random octets; no two hashes have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl Salt {
    /// A salt from the operating system.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`], where it has no randomness.
    pub fn random() -> Result<Self, StoreError> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).map(|()| Self(octets)).map_err(|error| {
            StoreError::new(StoreErrorKind::Unavailable, "no randomness for a salt").because(error)
        })
    }
}

impl From<[u8; 16]> for Salt {
    fn from(octets: [u8; 16]) -> Self {
        Self(octets)
    }
}

impl PasswordHash {
    /// Reads a hash: `{SCHEME}data` with the names that Dovecot and OpenLDAP have for schemes, in any case, and Dovecot's
    /// suffixes (`{SSHA.hex}`); or without braces, where the data says what it is (`$argon2id$`, `$2b$`, `$6$`).
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], for a scheme that nobody knows, data that is none of its, and for a hash that asks
    /// for more than some seconds of work or 512 MiB: nobody is to be kept busy by what is stored for somebody else.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let invalid = |what: &str| StoreError::new(StoreErrorKind::Invalid, what);
        let unknown = || invalid("no password hash of a scheme that we know");
        if text.len() > MAX_TEXT {
            return Err(invalid("expected a password hash, found more than 64 KiB"));
        }
        let (word, data) = match text.strip_prefix('{') {
            Some(rest) => rest.split_once('}').ok_or_else(unknown)?,
            None => ("CRYPT", text),
        };
        let (word, wrapping) = Wrapping::of(word).ok_or_else(unknown)?;
        if let Some(scheme) = Scheme::of(word, "").filter(|it| it.is_digest()) {
            let hash = DigestHash::parse(scheme, data, wrapping);
            return hash
                .map(|hash| Self { scheme, kind: Kind::Digest(hash) })
                .map_err(|fault| invalid(&format!("{{{scheme}}}: {fault}")));
        }
        let opened = match wrapping {
            Some(wrapping) => wrapping.open(data).ok_or_else(unknown)?,
            None => Zeroizing::new(data.as_bytes().to_vec()),
        };
        let data = std::str::from_utf8(&opened).map_err(|_| unknown())?;
        let scheme = Scheme::of(word, data).ok_or_else(unknown)?;
        Kind::parse(scheme, data)
            .map(|kind| Self { scheme, kind })
            .map_err(|fault| invalid(&format!("{{{scheme}}}: {fault}")))
    }

    /// Hashes a password, which is prepared already. As expensive as the policy says.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], for an empty password, and for one that the scheme can't take whole: bcrypt reads
    /// 72 octets, SHA-crypt 511, and both end at a NUL.
    pub fn make(policy: &HashPolicy, password: &Password, salt: Salt) -> Result<Self, StoreError> {
        let invalid = |what: String| StoreError::new(StoreErrorKind::Invalid, what);
        let (scheme, octets) = (policy.scheme(), password.expose().as_bytes());
        if octets.is_empty() {
            return Err(invalid("expected a password, found an empty one".to_owned()));
        }
        let most = scheme.max_password();
        if octets.len() > most {
            return Err(invalid(format!("{scheme} takes passwords of {most} octets at most")));
        }
        if octets.contains(&0) && scheme.ends_at_nul() {
            return Err(invalid(format!("{scheme} takes no password with a NUL in it")));
        }
        Kind::make(policy, password, salt.0)
            .map(|kind| Self { scheme, kind })
            .ok_or_else(|| invalid(format!("{policy}: nobody can hash with that")))
    }

    /// A hash of what nobody knows.
    pub(crate) fn of_nobody(policy: &HashPolicy) -> Result<Self, StoreError> {
        let Salt(octets) = Salt::random()?;
        Self::make(policy, &Password::new(base16ct::lower::encode_string(&octets)), Salt::random()?)
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What it costs to verify.
    pub fn cost(&self) -> Cost {
        match &self.kind {
            Kind::Argon2(hash) => hash.cost(),
            Kind::Bcrypt(hash) => hash.cost(),
            Kind::Digest(_) | Kind::Plain(_) => Cost::Nothing,
            Kind::Pbkdf2(hash) => hash.cost(),
            Kind::Scrypt(hash) => hash.cost(),
            Kind::ShaCrypt(hash) => hash.cost(),
        }
    }

    /// The hash as text, `{SCHEME}data`, in the one form that it is always written in.
    pub fn to_text(&self) -> Zeroizing<String> {
        let data = match &self.kind {
            Kind::Argon2(hash) => hash.data(),
            Kind::Bcrypt(hash) => hash.data(),
            Kind::Digest(hash) => hash.data(),
            Kind::Pbkdf2(hash) => hash.data(),
            Kind::Plain(password) => Zeroizing::new(password.expose().to_owned()),
            Kind::Scrypt(hash) => hash.data(),
            Kind::ShaCrypt(hash) => hash.data(),
        };
        Zeroizing::new(format!("{{{}}}{}", self.scheme, *data))
    }

    /// The password itself, where the scheme keeps it.
    pub fn plain(&self) -> Option<Secret> {
        match &self.kind {
            Kind::Plain(password) => Some(Secret::new(password.expose())),
            _ => None,
        }
    }

    /// Whether this is the password, prepared as it was when the hash was made. As expensive as the hash is meant to be:
    /// not for async threads, see [`Hasher`](crate::Hasher).
    pub fn verifies(&self, password: &Password) -> bool {
        let octets = password.expose().as_bytes();
        match &self.kind {
            Kind::Argon2(hash) => hash.verifies(octets),
            Kind::Bcrypt(hash) => hash.verifies(octets),
            Kind::Digest(hash) => hash.verifies(octets),
            Kind::Pbkdf2(hash) => hash.verifies(octets),
            Kind::Plain(own) => secret::equal(own.expose().as_bytes(), octets),
            Kind::Scrypt(hash) => hash.verifies(octets),
            Kind::ShaCrypt(hash) => hash.verifies(octets),
        }
    }

    /// Whether the policy would make a better one: to be done when somebody comes in with the password.
    ///
    /// A scheme that stands behind the policy's in [`Scheme::ALL`] is weaker; of the same scheme, what costs less.
    pub fn is_weaker_than(&self, policy: &HashPolicy) -> bool {
        let is_old = matches!(&self.kind, Kind::Argon2(hash) if hash.is_old());
        self.scheme > policy.scheme()
            || self.scheme == policy.scheme() && (is_old || self.cost().is_below(policy.cost()))
    }
}

impl Kind {
    fn parse(scheme: Scheme, data: &str) -> Result<Self, &'static str> {
        match scheme {
            Scheme::Argon2id | Scheme::Argon2i => Argon2Hash::parse(scheme, data).map(Self::Argon2),
            Scheme::Scrypt => ScryptHash::parse(data).map(Self::Scrypt),
            Scheme::Bcrypt => BcryptHash::parse(data).map(Self::Bcrypt),
            Scheme::Sha512Crypt | Scheme::Sha256Crypt => {
                ShaCryptHash::parse(scheme, data).map(Self::ShaCrypt)
            }
            Scheme::Pbkdf2Sha512 | Scheme::Pbkdf2Sha256 | Scheme::Pbkdf2Sha1 => {
                Pbkdf2Hash::parse(scheme, data).map(Self::Pbkdf2)
            }
            Scheme::Plain if data.is_empty() => Err("expected a password, found an empty one"),
            Scheme::Plain => Ok(Self::Plain(Password::new(data))),
            _ => DigestHash::parse(scheme, data, None).map(Self::Digest),
        }
    }

    fn make(policy: &HashPolicy, password: &Password, salt: [u8; 16]) -> Option<Self> {
        let (scheme, octets) = (policy.scheme(), password.expose().as_bytes());
        match (scheme, policy.cost()) {
            (Scheme::Argon2id | Scheme::Argon2i, cost) => {
                Argon2Hash::make(scheme, cost, &salt, octets).map(Self::Argon2)
            }
            (Scheme::Scrypt, cost) => ScryptHash::make(cost, &salt, octets).map(Self::Scrypt),
            (Scheme::Bcrypt, Cost::Bcrypt(cost)) => {
                BcryptHash::make(cost, salt, octets).map(Self::Bcrypt)
            }
            (Scheme::Sha512Crypt | Scheme::Sha256Crypt, Cost::Rounds(rounds)) => {
                Some(Self::ShaCrypt(ShaCryptHash::make(scheme, rounds, salt, octets)))
            }
            (_, Cost::Rounds(rounds)) => {
                Some(Self::Pbkdf2(Pbkdf2Hash::make(scheme, rounds, salt, octets)))
            }
            (Scheme::Plain, _) => Some(Self::Plain(password.clone())),
            (_, Cost::Nothing) => Some(Self::Digest(DigestHash::make(scheme, &salt, octets))),
            _ => None,
        }
    }
}

impl Scheme {
    fn is_digest(self) -> bool {
        self > Self::Pbkdf2Sha1 && self != Self::Plain
    }

    /// The longest password that it takes, in octets.
    fn max_password(self) -> usize {
        match self {
            Self::Bcrypt => bcrypt::MAX_PASSWORD,
            Self::Sha512Crypt | Self::Sha256Crypt => sha_crypt::MAX_PASSWORD,
            _ => MAX_TEXT / 2,
        }
    }

    fn ends_at_nul(self) -> bool {
        matches!(self, Self::Bcrypt | Self::Sha512Crypt | Self::Sha256Crypt)
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        secret::equal(self.to_text().as_bytes(), other.to_text().as_bytes())
    }
}

impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({{{}}}..)", self.scheme)
    }
}
