//! How new hashes are made, and how expensive any hash may be.

use std::{fmt, str::FromStr};

use super::{scheme::Scheme, text};
use crate::error::{StoreError, StoreErrorKind};

/// The most memory that one hash may ask for, in KiB.
const MAX_MEMORY: u64 = 512 * 1024;
/// The most that one hash may write into its memory, in KiB: some seconds.
const MAX_TRAFFIC: u64 = 4 * 1024 * 1024;
/// The most lanes.
const MAX_LANES: u32 = 255;
/// bcrypt's exponent: some seconds.
const MAX_BCRYPT: u32 = 16;
/// The most rounds: some seconds.
const MAX_ROUNDS: u32 = 10_000_000;
/// The same for SHA-crypt, whose rounds take longer, and the longer the password is.
const MAX_CRYPT_ROUNDS: u32 = 2_000_000;

/// How new hashes are made: a scheme and its costs.
///
/// As text, which is for configurations: `ARGON2ID`, or `ARGON2ID:m=19456,t=2,p=1`, `SCRYPT:ln=17,r=8,p=1`,
/// `BLF-CRYPT:cost=12`, `PBKDF2-SHA256:rounds=600000`.
///
/// By default Argon2id with 19 MiB, two passes and one lane, which is OWASP's advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HashPolicy {
    scheme: Scheme,
    cost: Cost,
}

/// What a hash costs those who compute it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cost {
    /// Argon2's (RFC 9106 section 3.1).
    Argon2 {
        /// Memory, in KiB; at least eight for each lane.
        memory: u32,
        /// Passes over the memory.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// bcrypt's: two to the power of this many rounds, 4 to 31.
    Bcrypt(u32),
    /// None worth the name: one round, or no hash at all.
    Nothing,
    /// Rounds of PBKDF2 and of SHA-crypt.
    Rounds(u32),
    /// scrypt's (RFC 7914 section 2).
    Scrypt {
        /// N as an exponent of two.
        log_n: u32,
        /// r, the size of blocks.
        blocks: u32,
        /// p, how often.
        lanes: u32,
    },
}

impl HashPolicy {
    /// A policy with the scheme's default costs: by OWASP's advice, or a quarter of a second.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unsupported`], where no new hashes are made with the scheme.
    pub fn new(scheme: Scheme) -> Result<Self, StoreError> {
        if scheme.can_make() {
            Ok(Self { scheme, cost: scheme.default_cost() })
        } else {
            let text = format!("no new hashes are made with {scheme}: it is only read");
            Err(StoreError::new(StoreErrorKind::Unsupported, text))
        }
    }

    /// The same scheme with these costs.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], where they are not the scheme's, or are out of bounds.
    pub fn with_cost(self, cost: Cost) -> Result<Self, StoreError> {
        match cost.fault(self.scheme) {
            None => Ok(Self { cost, ..self }),
            Some(fault) => Err(StoreError::new(StoreErrorKind::Invalid, fault)),
        }
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its costs.
    pub fn cost(&self) -> Cost {
        self.cost
    }
}

impl Default for HashPolicy {
    fn default() -> Self {
        Self { scheme: Scheme::Argon2id, cost: Scheme::Argon2id.default_cost() }
    }
}

impl Scheme {
    fn default_cost(self) -> Cost {
        match self {
            Self::Argon2id | Self::Argon2i => Cost::Argon2 { memory: 19_456, passes: 2, lanes: 1 },
            Self::Scrypt => Cost::Scrypt { log_n: 17, blocks: 8, lanes: 1 },
            Self::Bcrypt => Cost::Bcrypt(12),
            Self::Sha512Crypt | Self::Sha256Crypt => Cost::Rounds(500_000),
            Self::Pbkdf2Sha512 => Cost::Rounds(220_000),
            Self::Pbkdf2Sha256 => Cost::Rounds(600_000),
            Self::Pbkdf2Sha1 => Cost::Rounds(1_400_000),
            Self::Ssha512
            | Self::Ssha256
            | Self::Ssha
            | Self::Smd5
            | Self::Sha512
            | Self::Sha256
            | Self::Sha1
            | Self::Md5
            | Self::Plain => Cost::Nothing,
        }
    }
}

impl Cost {
    /// How much memory it takes, in KiB; 0 for what takes next to none.
    pub(crate) fn memory(self) -> u64 {
        match self {
            Self::Argon2 { memory, .. } => memory.into(),
            Self::Scrypt { log_n, blocks, .. } => (u64::from(blocks) << log_n.min(31)) / 8,
            Self::Bcrypt(_) | Self::Nothing | Self::Rounds(_) => 0,
        }
    }

    /// What is wrong with these costs for a hash of this scheme, if anything is.
    pub(super) fn fault(self, scheme: Scheme) -> Option<&'static str> {
        if std::mem::discriminant(&self) != std::mem::discriminant(&scheme.default_cost()) {
            return Some("the costs are those of another scheme");
        }
        let (lower, upper) = match self {
            Self::Argon2 { memory, passes, lanes } => (
                passes >= 1 && lanes >= 1 && memory / 8 >= lanes,
                self.is_within(passes) && lanes <= MAX_LANES,
            ),
            Self::Bcrypt(cost) => (cost >= 4, cost <= MAX_BCRYPT),
            Self::Nothing => (true, true),
            Self::Rounds(rounds) => match scheme {
                Scheme::Sha256Crypt | Scheme::Sha512Crypt => {
                    (rounds >= 1000, rounds <= MAX_CRYPT_ROUNDS)
                }
                _ => (rounds >= 1, rounds <= MAX_ROUNDS),
            },
            Self::Scrypt { log_n, blocks, lanes } => {
                (log_n >= 1 && blocks >= 1 && lanes >= 1, log_n < 32 && self.is_within(lanes))
            }
        };
        match (lower, upper) {
            (false, _) => Some("the costs are lower than the scheme has them"),
            (_, false) => Some("the costs are higher than anybody should have to pay"),
            (true, true) => None,
        }
    }

    /// Whether it is less than the other in any respect; both are of one scheme.
    pub(super) fn is_below(self, other: Self) -> bool {
        let traffic = |cost: Self| match cost {
            Self::Argon2 { passes, .. } => cost.memory().saturating_mul(passes.into()),
            Self::Bcrypt(exponent) => exponent.into(),
            Self::Nothing => 0,
            Self::Rounds(rounds) => rounds.into(),
            Self::Scrypt { lanes, .. } => cost.memory().saturating_mul(lanes.into()),
        };
        self.memory() < other.memory() || traffic(self) < traffic(other)
    }

    /// Whether its memory can be had, and be gone over so many times.
    fn is_within(self, times: u32) -> bool {
        let traffic = self.memory().saturating_mul(times.into());
        self.memory() <= MAX_MEMORY && traffic <= MAX_TRAFFIC
    }

    fn parse(scheme: Scheme, costs: &str) -> Option<Self> {
        Some(match scheme.default_cost() {
            Self::Argon2 { .. } => {
                let [memory, passes, lanes] = text::parameters(costs, ["m", "t", "p"])?;
                Self::Argon2 { memory, passes, lanes }
            }
            Self::Bcrypt(_) => {
                let [cost] = text::parameters(costs, ["cost"])?;
                Self::Bcrypt(cost)
            }
            Self::Nothing => return None,
            Self::Rounds(_) => {
                let [rounds] = text::parameters(costs, ["rounds"])?;
                Self::Rounds(rounds)
            }
            Self::Scrypt { .. } => {
                let [log_n, blocks, lanes] = text::parameters(costs, ["ln", "r", "p"])?;
                Self::Scrypt { log_n, blocks, lanes }
            }
        })
    }
}

impl fmt::Display for HashPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cost {
            Cost::Nothing => self.scheme.fmt(f),
            cost => write!(f, "{}:{cost}", self.scheme),
        }
    }
}

impl FromStr for HashPolicy {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let Some((scheme, costs)) = text.split_once(':') else { return Self::new(text.parse()?) };
        let policy = Self::new(scheme.parse()?)?;
        let cost = Cost::parse(policy.scheme, costs).ok_or_else(|| {
            let example = policy.cost;
            let text = match example {
                Cost::Nothing => format!("{scheme} has no costs"),
                _ => format!("expected costs as in {scheme}:{example}"),
            };
            StoreError::new(StoreErrorKind::Invalid, text)
        })?;
        policy.with_cost(cost)
    }
}

/// As parameters: `m=19456,t=2,p=1`; nothing for no costs.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2 { memory, passes, lanes } => write!(f, "m={memory},t={passes},p={lanes}"),
            Self::Bcrypt(cost) => write!(f, "cost={cost}"),
            Self::Nothing => Ok(()),
            Self::Rounds(rounds) => write!(f, "rounds={rounds}"),
            Self::Scrypt { log_n, blocks, lanes } => write!(f, "ln={log_n},r={blocks},p={lanes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_text() {
        for scheme in Scheme::ALL.into_iter().filter(|it| it.can_make()) {
            let policy = HashPolicy::new(scheme).unwrap();
            assert_eq!(policy.to_string().parse::<HashPolicy>().unwrap(), policy);
            assert_eq!(scheme.as_str().parse::<HashPolicy>().unwrap(), policy);
            assert_eq!(policy.cost().fault(scheme), None, "{policy}");
        }
        assert_eq!(HashPolicy::default().to_string(), "ARGON2ID:m=19456,t=2,p=1");
    }

    #[test]
    fn policies_that_nobody_can_keep_are_refused() {
        for text in [
            "",
            "ARGON2I",
            "MD5",
            "ARGON2ID:",
            "ARGON2ID:m=7,t=1,p=1",
            "ARGON2ID:m=64,t=0,p=1",
            "ARGON2ID:m=64,t=1,p=9",
            "ARGON2ID:m=64,t=1",
            "ARGON2ID:m=4294967295,t=1,p=1",
            "ARGON2ID:m=524288,t=9,p=1",
            "BLF-CRYPT:cost=3",
            "BLF-CRYPT:cost=17",
            "PBKDF2-SHA256:rounds=0",
            "PBKDF2-SHA256:rounds=10000001",
            "PBKDF2-SHA256:rounds=+1",
            "PLAIN:rounds=1",
            "SCRYPT:ln=0,r=8,p=1",
            "SCRYPT:ln=31,r=8,p=1",
            "SCRYPT:ln=32,r=4294967295,p=4294967295",
            "SHA512-CRYPT:rounds=999",
            "SHA512-CRYPT:rounds=999999999",
        ] {
            assert!(text.parse::<HashPolicy>().is_err(), "{text}");
        }
    }
}
