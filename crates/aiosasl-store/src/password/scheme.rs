//! The schemes of password hashes, and the names they go by.

use std::{fmt, str::FromStr};

use crate::error::{StoreError, StoreErrorKind};

/// A way to hash passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2id (RFC 9106): what new hashes are made with.
    Argon2id,
    /// scrypt (RFC 7914).
    Scrypt,
    /// Argon2i (RFC 9106); only read.
    Argon2i,
    /// bcrypt; of passwords up to 72 octets.
    Bcrypt,
    /// SHA-crypt with SHA-512, `$6$` of crypt(3).
    Sha512Crypt,
    /// SHA-crypt with SHA-256, `$5$` of crypt(3).
    Sha256Crypt,
    /// PBKDF2 (RFC 8018) with HMAC-SHA-512.
    Pbkdf2Sha512,
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA-1.
    Pbkdf2Sha1,
    /// SHA-512 of password and salt: one round, which is weak.
    Ssha512,
    /// SHA-256 of password and salt: one round, which is weak.
    Ssha256,
    /// SHA-1 of password and salt: one round, which is weak.
    Ssha,
    /// MD5 of password and salt; only read.
    Smd5,
    /// SHA-512 of the password alone; only read.
    Sha512,
    /// SHA-256 of the password alone; only read.
    Sha256,
    /// SHA-1 of the password alone; only read.
    Sha1,
    /// MD5 of the password alone; only read.
    Md5,
    /// The password itself: only for those who ask for it.
    Plain,
}

/// Names that others write for them, beside [`Scheme::as_str`].
const ALIASES: [(&str, Scheme); 9] = [
    ("BCRYPT", Scheme::Bcrypt),
    ("CLEAR", Scheme::Plain),
    ("CLEARTEXT", Scheme::Plain),
    ("LDAP-MD5", Scheme::Md5),
    ("PBKDF2-SHA1", Scheme::Pbkdf2Sha1),
    ("PBKDF2-SHA-1", Scheme::Pbkdf2Sha1),
    ("PLAIN-MD5", Scheme::Md5),
    ("SHA1", Scheme::Sha1),
    ("SSHA1", Scheme::Ssha),
];

/// How the data of those that say themselves what they are begins.
const PREFIXES: [(&str, Scheme); 12] = [
    ("$2a$", Scheme::Bcrypt),
    ("$2b$", Scheme::Bcrypt),
    ("$2y$", Scheme::Bcrypt),
    ("$5$", Scheme::Sha256Crypt),
    ("$6$", Scheme::Sha512Crypt),
    ("$argon2i$", Scheme::Argon2i),
    ("$argon2id$", Scheme::Argon2id),
    ("$pbkdf2$", Scheme::Pbkdf2Sha1),
    ("$pbkdf2-sha1$", Scheme::Pbkdf2Sha1),
    ("$pbkdf2-sha256$", Scheme::Pbkdf2Sha256),
    ("$pbkdf2-sha512$", Scheme::Pbkdf2Sha512),
    ("$scrypt$", Scheme::Scrypt),
];

impl Scheme {
    /// All of them, best first.
    pub const ALL: [Self; 18] = [
        Self::Argon2id,
        Self::Scrypt,
        Self::Argon2i,
        Self::Bcrypt,
        Self::Sha512Crypt,
        Self::Sha256Crypt,
        Self::Pbkdf2Sha512,
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha1,
        Self::Ssha512,
        Self::Ssha256,
        Self::Ssha,
        Self::Smd5,
        Self::Sha512,
        Self::Sha256,
        Self::Sha1,
        Self::Md5,
        Self::Plain,
    ];

    /// The name that stands in braces: Dovecot's, where it has one, else that of OpenLDAP's modules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argon2id => "ARGON2ID",
            Self::Scrypt => "SCRYPT",
            Self::Argon2i => "ARGON2I",
            Self::Bcrypt => "BLF-CRYPT",
            Self::Sha512Crypt => "SHA512-CRYPT",
            Self::Sha256Crypt => "SHA256-CRYPT",
            Self::Pbkdf2Sha512 => "PBKDF2-SHA512",
            Self::Pbkdf2Sha256 => "PBKDF2-SHA256",
            Self::Pbkdf2Sha1 => "PBKDF2",
            Self::Ssha512 => "SSHA512",
            Self::Ssha256 => "SSHA256",
            Self::Ssha => "SSHA",
            Self::Smd5 => "SMD5",
            Self::Sha512 => "SHA512",
            Self::Sha256 => "SHA256",
            Self::Sha1 => "SHA",
            Self::Md5 => "MD5",
            Self::Plain => "PLAIN",
        }
    }

    /// Whether new hashes can be made with it; the others are only read.
    pub fn can_make(self) -> bool {
        !matches!(
            self,
            Self::Argon2i | Self::Smd5 | Self::Sha512 | Self::Sha256 | Self::Sha1 | Self::Md5
        )
    }

    /// The scheme of `{word}data`, where the word may be one that leaves it to the data (`CRYPT`).
    pub(super) fn of(word: &str, data: &str) -> Option<Self> {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let named = || {
            let names = Self::ALL.into_iter().map(|it| (it.as_str(), it)).chain(ALIASES);
            names.into_iter().find(|(name, _)| is(name)).map(|(_, scheme)| scheme)
        };
        let told = Self::of_data(data);
        if is("CRYPT") {
            told
        } else if is("ARGON2") {
            told.filter(|it| matches!(it, Self::Argon2i | Self::Argon2id))
        } else if is("PBKDF2") {
            told.filter(|it| matches!(it, Self::Pbkdf2Sha256 | Self::Pbkdf2Sha512)).or_else(named)
        } else {
            named()
        }
    }

    /// The scheme of data that says itself what it is.
    pub(super) fn of_data(data: &str) -> Option<Self> {
        PREFIXES.into_iter().find(|(prefix, _)| data.starts_with(prefix)).map(|(_, it)| it)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = StoreError;

    /// Reads a name in any case; aliases, too.
    fn from_str(word: &str) -> Result<Self, StoreError> {
        Self::of(word, "").ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            StoreError::new(StoreErrorKind::Invalid, format!("expected a scheme: {words}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_back() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse::<Scheme>().unwrap(), scheme);
            assert_eq!(scheme.as_str().to_lowercase().parse::<Scheme>().unwrap(), scheme);
        }
        assert_eq!("bcrypt".parse::<Scheme>().unwrap(), Scheme::Bcrypt);
        for word in ["", "CRYPT", "DES-CRYPT", "ARGON2"] {
            assert!(word.parse::<Scheme>().is_err(), "{word}");
        }
    }

    #[test]
    fn the_list_is_in_the_order_of_strength() {
        assert!(Scheme::ALL.is_sorted());
    }
}
