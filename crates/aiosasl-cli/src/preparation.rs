//! How passwords are prepared before they are hashed, as an option, and how long hashing may take.

use aiosasl::{
    prep::Strings,
    preparation::Preparation,
    secret::{Password, Secret},
};
use clap::{Args, ValueEnum};

use crate::status::Failure;

/// The most iterations that are computed for somebody's verifier or proof: some seconds.
pub(crate) const MAX_ITERATIONS: u32 = 10_000_000;

/// The option `--preparation`.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PreparationOption {
    /// How passwords are prepared before they are hashed
    #[arg(long, value_enum, value_name = "RULE", default_value_t = Rule::Strict)]
    preparation: Rule,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    /// SASLprep, or an error
    Strict,
    /// SASLprep, or as typed where that fails (PostgreSQL)
    RawOnFailure,
    /// as typed (Kafka)
    None,
}

impl PreparationOption {
    /// The rule.
    pub(crate) fn rule(self) -> Preparation {
        match self.preparation {
            Rule::Strict => Preparation::Strict,
            Rule::RawOnFailure => Preparation::RawOnFailure,
            Rule::None => Preparation::None,
        }
    }

    /// The password as it is hashed.
    pub(crate) fn prepare(self, password: &Password) -> Result<Secret, Failure> {
        match self.rule().prepare(password.expose(), Strings::Stored) {
            Ok(prepared) if prepared.is_empty() => {
                Err(Failure::usage("expected a password, found an empty one"))
            }
            Ok(prepared) => Ok(Secret::new(prepared.as_bytes())),
            Err(error) => Err(Failure::usage(format!("the password can't be prepared: {error}"))),
        }
    }
}
