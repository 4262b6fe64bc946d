//! Argon2id and Argon2i (RFC 9106), as `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.

use aiosasl::secret::{self, Secret};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::{
    policy::Cost,
    scheme::Scheme,
    text::{self, OUTPUT},
};

/// The RFC wants eight octets at least (section 3.1).
const SALT: std::ops::RangeInclusive<usize> = 8..=64;
const OUTPUT_LEN: usize = 32;

/// A hash.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Box<[u8]>,
    output: Secret,
}

impl Argon2Hash {
    pub(super) fn parse(scheme: Scheme, data: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected $argon2id$v=19$m=19456,t=2,p=1$salt$hash";
        let algorithm = algorithm(scheme);
        let fields: Vec<&str> = data.splitn(7, '$').collect();
        let (version, costs, salt, output) = match fields[..] {
            ["", name, "v=19", costs, salt, output] if name == algorithm.as_str() => {
                (Version::V0x13, costs, salt, output)
            }
            ["", name, "v=16", costs, salt, output] | ["", name, costs, salt, output]
                if name == algorithm.as_str() =>
            {
                (Version::V0x10, costs, salt, output)
            }
            _ => return Err(EXPECTED),
        };
        let [memory, passes, lanes] = text::parameters(costs, ["m", "t", "p"]).ok_or(EXPECTED)?;
        let cost = Cost::Argon2 { memory, passes, lanes };
        if let Some(fault) = cost.fault(scheme) {
            return Err(fault);
        }
        let salt = text::from_base64(salt, &SALT).ok_or(EXPECTED)?;
        let output = text::from_base64(output, &OUTPUT).ok_or(EXPECTED)?;
        Ok(Self { algorithm, version, cost, salt: salt.into(), output: output.into() })
    }

    pub(super) fn make(scheme: Scheme, cost: Cost, salt: &[u8], password: &[u8]) -> Option<Self> {
        let (algorithm, version) = (algorithm(scheme), Version::V0x13);
        let output = Secret::new([0; OUTPUT_LEN]);
        let mut made = Self { algorithm, version, cost, salt: salt.into(), output };
        made.output = made.compute(password)?;
        Some(made)
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        let (version, cost) = (u32::from(self.version), self.cost);
        let (salt, output) = (text::base64(&self.salt), text::base64(self.output.expose()));
        let name = self.algorithm.as_str();
        Zeroizing::new(format!("${name}$v={version}${cost}${}${}", *salt, *output))
    }

    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        self.compute(password).is_some_and(|own| secret::equal(own.expose(), self.output.expose()))
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether it was made by the version before RFC 9106's.
    pub(super) fn is_old(&self) -> bool {
        self.version == Version::V0x10
    }

    /// `None` for what parsing and policies keep away.
    fn compute(&self, password: &[u8]) -> Option<Secret> {
        let Cost::Argon2 { memory, passes, lanes } = self.cost else { return None };
        let mut output = vec![0; self.output.len()];
        let params = Params::new(memory, passes, lanes, Some(output.len())).ok()?;
        let done = Argon2::new(self.algorithm, self.version, params).hash_password_into(
            password,
            &self.salt,
            &mut output,
        );
        let output = Secret::new(output);
        done.is_ok().then_some(output)
    }
}

fn algorithm(scheme: Scheme) -> Algorithm {
    match scheme {
        Scheme::Argon2i => Algorithm::Argon2i,
        _ => Algorithm::Argon2id,
    }
}
