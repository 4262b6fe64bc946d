//! `aiosasl verifier`: SCRAM verifiers and hashes of passwords, from form to form.

mod check;
mod convert;
mod make;
mod stored;

use aiosasl::{hash::Hash, mechanisms::scram::VerifierFormat, name::MechanismName};
use clap::{Args, Subcommand, ValueEnum};

use crate::status::{Failure, Status};

/// The longest verifier, in octets.
const MAX_VERIFIER: usize = 65_536;

/// Arguments of `verifier`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make verifiers or hashes of passwords
    Make(make::Arguments),
    /// Write verifiers and hashes in another form
    Convert(convert::Arguments),
    /// Say whether a verifier or a hash is that of a password
    Check(check::Arguments),
}

/// Does it.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.command {
        Command::Make(arguments) => make::run(arguments),
        Command::Convert(arguments) => convert::run(arguments),
        Command::Check(arguments) => check::run(arguments),
    }
}

/// A form of verifiers.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey` (LDAP)
    Rfc5803,
    /// the same, without blanks
    Postgresql,
    /// `{SCRAM-SHA-256}4096,salt,StoredKey,ServerKey` (gsasl, too)
    Dovecot,
    /// `salt=...,stored_key=...,server_key=...,iterations=4096`
    Kafka,
}

impl From<Form> for VerifierFormat {
    fn from(form: Form) -> Self {
        match form {
            Form::Rfc5803 => Self::Rfc5803,
            Form::Postgresql => Self::Postgresql,
            Form::Dovecot => Self::Dovecot,
            Form::Kafka => Self::Kafka,
        }
    }
}

/// The hash of a SCRAM mechanism, with or without -PLUS.
pub(crate) fn hash_of(mechanism: &str) -> Result<Hash, String> {
    let name = MechanismName::parse_any_case(mechanism).map_err(|error| error.to_string())?;
    let names: Vec<&str> = Hash::ALL.iter().map(|hash| hash.scheme()).collect();
    Hash::from_scheme(name.without_plus().as_str())
        .ok_or_else(|| format!("expected one of {}", names.join(", ")))
}
