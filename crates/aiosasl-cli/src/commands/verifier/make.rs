//! `aiosasl verifier make`: a verifier of each password.

use std::io::{self, IsTerminal as _};

use aiosasl::{
    hash::Hash,
    mechanisms::scram::VerifierFormat,
    query::ScramVerifier,
    secret::{Password, Secret},
};
use aiosasl_store::{HashPolicy, PasswordHash, Salt, Scheme, StoreError};
use clap::Args;
use serde_json::Value;

use super::{
    Form, hash_of,
    stored::{Stored, as_password},
};
use crate::{
    accounts::{SALT_LEN, random},
    lines::Lines,
    output::outln,
    preparation::{MAX_ITERATIONS, PreparationOption},
    secrets::{MAX_PASSWORD, PasswordSource},
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
Without --password-file and $AIOSASL_PASSWORD, and where standard input is no terminal, each line of it is a \
password, and gives a line.

Examples:
  aiosasl verifier make --format dovecot
  aiosasl verifier make --mechanism SCRAM-SHA-512 < passwords.txt > verifiers.txt
  aiosasl verifier make --scheme ARGON2ID
  aiosasl verifier make --scheme BLF-CRYPT:cost=12 < passwords.txt > hashes.txt";

/// Arguments of `verifier make`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// For this mechanism
    #[arg(short, long, value_name = "NAME", default_value = "SCRAM-SHA-256", value_parser = hash_of)]
    mechanism: Hash,
    /// A password hash instead: ARGON2ID, SCRYPT, BLF-CRYPT, SHA512-CRYPT, SHA256-CRYPT, PBKDF2-SHA512, PBKDF2-SHA256,
    /// PBKDF2, SSHA512, SSHA256 or SSHA, with its costs where they are not to be the usual ones
    #[arg(long, value_name = "SCHEME[:COSTS]", value_parser = policy,
          conflicts_with_all = ["mechanism", "format", "iterations"])]
    scheme: Option<HashPolicy>,
    /// In this form
    #[arg(long, value_enum, default_value_t = Form::Rfc5803)]
    format: Form,
    /// Rounds of hashing
    #[arg(short, long, value_name = "N", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ITERATIONS)))]
    iterations: u32,
    /// This salt, in hexadecimal, instead of 16 random octets; for one password alone
    #[arg(long, value_name = "HEX", value_parser = salt)]
    salt_hex: Option<Secret>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    preparation: PreparationOption,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.scheme.is_none() && arguments.iterations < 4096 {
        anstream::eprintln!(
            "aiosasl: warning: fewer than 4096 iterations are weak (RFC 5802 section 5.1)"
        );
    }
    let password = match arguments.password.given()? {
        None if io::stdin().is_terminal() => arguments.password.given_or_asked("Password: ")?,
        given => given,
    };
    match password {
        Some(password) => arguments.print(&arguments.make(&password)?)?,
        None => arguments.make_each()?,
    }
    Ok(Status::Done)
}

fn salt(hex: &str) -> Result<Secret, String> {
    match base16ct::mixed::decode_vec(hex) {
        Ok(octets) if octets.is_empty() => Err("expected octets, found none".to_owned()),
        Ok(octets) => Ok(Secret::new(octets)),
        Err(_) => Err("expected hexadecimal digits, two for each octet".to_owned()),
    }
}

fn policy(text: &str) -> Result<HashPolicy, String> {
    let policy: HashPolicy = text.parse().map_err(|error: StoreError| error.to_string())?;
    if policy.scheme() == Scheme::Plain {
        return Err("PLAIN is the password itself, which is not printed".to_owned());
    }
    Ok(policy)
}

impl Arguments {
    /// One line for each line.
    fn make_each(&self) -> Result<(), Failure> {
        let mut lines = Lines::of_stdin(MAX_PASSWORD);
        while let Some(line) = lines.next()? {
            if self.salt_hex.is_some() && lines.number() > 1 {
                return Err(Failure::usage("expected one password for one salt, found more"));
            }
            let text = String::from_utf8(line).map_err(|_| lines.fault("expected UTF-8"))?;
            let made = self.make(&Password::new(text));
            self.print(&made.map_err(|failure| lines.fault(failure))?)?;
        }
        if lines.number() == 0 {
            return Err(Failure::usage("expected a password, found none"));
        }
        Ok(())
    }

    fn make(&self, password: &Password) -> Result<Stored, Failure> {
        let password = self.preparation.prepare(password)?;
        if let Some(policy) = &self.scheme {
            let made = self.salt().and_then(|salt| {
                PasswordHash::make(policy, &as_password(&password), salt)
                    .map_err(|error| Failure::usage(error.to_string()))
            });
            return made.map(Stored::Hash);
        }
        let salt = match &self.salt_hex {
            Some(salt) => salt.expose().to_vec(),
            None => random(SALT_LEN)?,
        };
        let verifier =
            ScramVerifier::from_password(self.mechanism, password, salt, self.iterations);
        Ok(Stored::Scram(verifier))
    }

    /// The salt of a hash.
    fn salt(&self) -> Result<Salt, Failure> {
        let octets = match &self.salt_hex {
            Some(salt) => salt.expose().to_vec(),
            None => random(SALT_LEN)?,
        };
        let octets: Result<[u8; 16], _> = octets.try_into();
        octets
            .map(Salt::from)
            .map_err(|_| Failure::usage("expected 16 octets of salt for a password hash"))
    }

    fn print(&self, verifier: &Stored) -> Result<(), Failure> {
        let format = match self.scheme {
            Some(_) => VerifierFormat::Dovecot,
            None => VerifierFormat::from(self.format),
        };
        let text = verifier.to_text(format).map_err(Failure::usage)?;
        if self.json {
            let mut object = Stored::fields(Some(verifier));
            object.insert("verifier".to_owned(), text.into());
            outln!("{}", Value::from(object));
        } else {
            outln!("{text}");
        }
        Ok(())
    }
}
