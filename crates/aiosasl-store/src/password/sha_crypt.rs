//! SHA-crypt, `$5$` and `$6$` of crypt(3): `$6$rounds=500000$salt$hash`.

use aiosasl::secret::{self, Secret};
use base64ct::{Base64ShaCrypt, Encoding as _};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use zeroize::Zeroizing;

use super::{policy::Cost, scheme::Scheme, text};

/// The longest password, in octets: every round goes over it. crypt(3) takes no more, either.
pub(super) const MAX_PASSWORD: usize = 511;
/// The rounds of a text that says none.
const DEFAULT_ROUNDS: u32 = 5000;
/// The longest salt, in characters.
const MAX_SALT: usize = 16;

/// In which order the octets of a SHA-256 hash are written.
const ORDER_256: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28,
    18, 29, 19, 9, 30, 31,
];
/// In which order the octets of a SHA-512 hash are written.
const ORDER_512: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8,
    50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58,
    37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
];

/// A hash.
#[derive(Clone)]
pub(super) struct ShaCryptHash {
    scheme: Scheme,
    rounds: Rounds,
    salt: Box<str>,
    /// In the order in which it is written.
    output: Secret,
}

/// How often, and whether the text says so.
#[derive(Clone, Copy)]
enum Rounds {
    Silent,
    Said(u32),
}

impl ShaCryptHash {
    pub(super) fn parse(scheme: Scheme, data: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected $6$rounds=500000$salt$hash";
        let fields: Vec<&str> = data.splitn(6, '$').collect();
        let (rounds, salt, output) = match fields[..] {
            ["", id, salt, output] if id == self::id(scheme) => (Rounds::Silent, salt, output),
            ["", id, rounds, salt, output] if id == self::id(scheme) => {
                let [rounds] = text::parameters(rounds, ["rounds"]).ok_or(EXPECTED)?;
                (Rounds::Said(rounds), salt, output)
            }
            _ => return Err(EXPECTED),
        };
        if let Some(fault) = Cost::Rounds(rounds.count()).fault(scheme) {
            return Err(fault);
        }
        let is_salt = salt.len() <= MAX_SALT && salt.bytes().all(|it| matches!(it, b' '..=b'~'));
        let output = Base64ShaCrypt::decode_vec(output)
            .ok()
            .filter(|it| is_salt && it.len() == order(scheme).len())
            .ok_or(EXPECTED)?;
        Ok(Self { scheme, rounds, salt: salt.into(), output: output.into() })
    }

    /// The password has no NUL, and is not too long.
    pub(super) fn make(scheme: Scheme, rounds: u32, salt: [u8; 16], password: &[u8]) -> Self {
        let [salt @ .., _, _, _, _] = salt;
        let salt = Base64ShaCrypt::encode_string(&salt).into();
        let rounds = Rounds::Said(rounds);
        let mut made = Self { scheme, rounds, salt, output: Secret::default() };
        made.output = made.compute(password);
        made
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        let output = Zeroizing::new(Base64ShaCrypt::encode_string(self.output.expose()));
        let (id, salt) = (id(self.scheme), &self.salt);
        Zeroizing::new(match self.rounds {
            Rounds::Silent => format!("${id}${salt}${}", *output),
            Rounds::Said(rounds) => format!("${id}$rounds={rounds}${salt}${}", *output),
        })
    }

    /// Nobody hashes a password with a NUL in it, or one that is too long; finding that out takes as long as any other.
    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        let known = password.get(..MAX_PASSWORD).unwrap_or(password);
        let fits = secret::equal(self.compute(known).expose(), self.output.expose());
        fits & (known.len() == password.len()) & !password.contains(&0)
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Rounds(self.rounds.count())
    }

    fn compute(&self, password: &[u8]) -> Secret {
        let (salt, params) = (self.salt.as_bytes(), self.rounds.params());
        let octets = Zeroizing::new(match self.scheme {
            Scheme::Sha512Crypt => sha512_crypt(password, salt, params).to_vec(),
            _ => sha256_crypt(password, salt, params).to_vec(),
        });
        let ordered = order(self.scheme).iter().filter_map(|at| octets.get(*at).copied());
        Secret::new(ordered.collect::<Vec<u8>>())
    }
}

impl Rounds {
    fn count(self) -> u32 {
        match self {
            Self::Silent => DEFAULT_ROUNDS,
            Self::Said(rounds) => rounds,
        }
    }

    fn params(self) -> Params {
        // Parsing and policies leave no other rounds through.
        Params::new(self.count()).unwrap_or_default()
    }
}

fn id(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Sha512Crypt => "6",
        _ => "5",
    }
}

fn order(scheme: Scheme) -> &'static [usize] {
    match scheme {
        Scheme::Sha512Crypt => &ORDER_512,
        _ => &ORDER_256,
    }
}
