//! scrypt (RFC 7914), as `$scrypt$ln=17,r=8,p=1$salt$hash`.

use aiosasl::secret::{self, Secret};
use scrypt::Params;
use zeroize::Zeroizing;

use super::{
    policy::Cost,
    scheme::Scheme,
    text::{self, OUTPUT, SALT},
};

const OUTPUT_LEN: usize = 32;

/// A hash.
#[derive(Clone)]
pub(super) struct ScryptHash {
    cost: Cost,
    salt: Box<[u8]>,
    output: Secret,
}

impl ScryptHash {
    pub(super) fn parse(data: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected $scrypt$ln=17,r=8,p=1$salt$hash";
        let fields: Vec<&str> = data.splitn(6, '$').collect();
        let ["", "scrypt", costs, salt, output] = fields[..] else { return Err(EXPECTED) };
        let [log_n, blocks, lanes] = text::parameters(costs, ["ln", "r", "p"]).ok_or(EXPECTED)?;
        let cost = Cost::Scrypt { log_n, blocks, lanes };
        if let Some(fault) = cost.fault(Scheme::Scrypt) {
            return Err(fault);
        }
        let salt = text::from_base64(salt, &SALT).ok_or(EXPECTED)?;
        let output = text::from_base64(output, &OUTPUT).ok_or(EXPECTED)?;
        Ok(Self { cost, salt: salt.into(), output: output.into() })
    }

    pub(super) fn make(cost: Cost, salt: &[u8], password: &[u8]) -> Option<Self> {
        let mut made = Self { cost, salt: salt.into(), output: Secret::new([0; OUTPUT_LEN]) };
        made.output = made.compute(password)?;
        Some(made)
    }

    pub(super) fn data(&self) -> Zeroizing<String> {
        let (salt, output) = (text::base64(&self.salt), text::base64(self.output.expose()));
        Zeroizing::new(format!("$scrypt${}${}${}", self.cost, *salt, *output))
    }

    pub(super) fn verifies(&self, password: &[u8]) -> bool {
        self.compute(password).is_some_and(|own| secret::equal(own.expose(), self.output.expose()))
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// `None` for what parsing and policies keep away.
    fn compute(&self, password: &[u8]) -> Option<Secret> {
        let Cost::Scrypt { log_n, blocks, lanes } = self.cost else { return None };
        let params = Params::new(u8::try_from(log_n).ok()?, blocks, lanes).ok()?;
        let mut output = vec![0; self.output.len()];
        let done = scrypt::scrypt(password, &self.salt, &params, &mut output);
        let output = Secret::new(output);
        done.is_ok().then_some(output)
    }
}
