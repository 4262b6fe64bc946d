//! bcrypt, as `$2b$12$` and 53 characters of salt and hash.

use std::str::FromStr as _;

use aiosasl::secret;
use bcrypt::{HashParts, Version};
use zeroize::Zeroizing;

use super::{policy::Cost, scheme::Scheme, text};

/// What bcrypt reads of a password, in octets.
pub(super) const MAX_PASSWORD: usize = 72;

/// A hash; its text is canonical, and holds all of it.
#[derive(Clone)]
pub(super) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    text: Zeroizing<String>,
}

impl BcryptHash {
    pub(super) fn parse(data: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected $2b$12$ and 53 characters of salt and hash";
        let version = version(data).ok_or(EXPECTED)?;
        let parts = HashParts::from_str(data).map_err(|_| EXPECTED)?;
        if let Some(fault) = Cost::Bcrypt(parts.get_cost()).fault(Scheme::Bcrypt) {
            return Err(fault);
        }
        let made = Self::new(&parts, version);
        // What stands there otherwise (stray bits, `$2b$+5`) is not read as what it is not.
        if *made.text == *data { Ok(made) } else { Err(EXPECTED) }
    }

    /// `None` for what policies keep away; the password has no NUL, and at most 72 octets.
    pub(super) fn make(cost: u32, salt: [u8; 16], password: &[u8]) -> Option<Self> {
        let parts = bcrypt::hash_with_salt(password, cost, salt).ok()?;
        Some(Self::new(&parts, Version::TwoB))
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        self.text.clone()
    }

    /// As all others do, it takes the first 72 octets for the whole. Nobody hashes a password with a NUL in it.
    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        let Ok(parts) = bcrypt::hash_with_salt(password, self.cost, self.salt) else {
            return false;
        };
        let version = version(&self.text).unwrap_or(Version::TwoB);
        let own = Self::new(&parts, version);
        secret::equal(own.text.as_bytes(), self.text.as_bytes()) & !password.contains(&0)
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Bcrypt(self.cost)
    }

    fn new(parts: &HashParts, version: Version) -> Self {
        let text = Zeroizing::new(parts.format_for_version(version));
        Self { cost: parts.get_cost(), salt: parts.get_salt_raw(), text }
    }
}

/// `$2x$` is that of a program that was wrong.
fn version(text: &str) -> Option<Version> {
    let (version, rest) = text.strip_prefix('$')?.split_once('$')?;
    let cost = rest.get(..2)?;
    text::number(cost.strip_prefix('0').unwrap_or(cost))?;
    match version {
        "2a" => Some(Version::TwoA),
        "2b" => Some(Version::TwoB),
        "2y" => Some(Version::TwoY),
        _ => None,
    }
}
