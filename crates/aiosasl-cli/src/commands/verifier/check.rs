//! `aiosasl verifier check`: whose password is it?

use std::path::PathBuf;

use aiosasl::{
    hash::Hash,
    query::ScramVerifier,
    secret::{self, Secret},
};
use clap::Args;

use super::{
    MAX_VERIFIER, hash_of,
    stored::{Stored, as_password},
};
use crate::{
    lines::Lines,
    output::outln,
    preparation::{MAX_ITERATIONS, PreparationOption},
    secrets::{self, PasswordSource},
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
The verifier is in --verifier-file, or else on standard input; in any form. A password hash is checked as well: \
{SCHEME}data as Dovecot and OpenLDAP have it, or $argon2id$, $2b$, $6$ and the like.

Status: 0 it is that of the password, 1 it is not, 3 it is no verifier.

Examples:
  aiosasl verifier check --verifier-file verifier.txt --password-file secret.txt
  getent shadow user | cut -d: -f2 | aiosasl verifier check --preparation none --password-file secret.txt";

/// Arguments of `verifier check`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Read the verifier from FILE
    #[arg(long, value_name = "FILE")]
    verifier_file: Option<PathBuf>,
    /// For this mechanism, which Kafka's form does not say
    #[arg(short, long, value_name = "NAME", value_parser = hash_of)]
    mechanism: Option<Hash>,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    preparation: PreparationOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if arguments.verifier_file.is_none() && arguments.password.is_stdin() {
        let text =
            "the verifier comes from standard input, the password can't: expected --verifier-file";
        return Err(Failure::usage(text));
    }
    let verifier = arguments.verifier()?;
    let password = match arguments.verifier_file {
        Some(_) => arguments.password.given_or_asked("Password: ")?,
        None => arguments.password.given()?,
    };
    let password = password.ok_or_else(|| {
        Failure::usage("expected a password: --password-file or $AIOSASL_PASSWORD")
    })?;
    let password = arguments.preparation.prepare(&password)?;
    let fits = match &verifier {
        Stored::Hash(hash) => hash.verifies(&as_password(&password)),
        Stored::Scram(verifier) => verifies(verifier, password)?,
    };
    if arguments.json {
        let mut object = Stored::fields(Some(&verifier));
        object.insert("match".to_owned(), fits.into());
        outln!("{}", serde_json::Value::from(object));
    } else {
        outln!("{}: {}", if fits { "match" } else { "no match" }, verifier.describe());
    }
    Ok(if fits { Status::Done } else { Status::Refused })
}

fn verifies(verifier: &ScramVerifier, password: Secret) -> Result<bool, Failure> {
    let (hash, count) = (verifier.hash(), verifier.iterations());
    let own = ScramVerifier::from_password(hash, password, verifier.salt(), count);
    let fits = secret::equal(own.stored_key(), verifier.stored_key());
    if fits && !secret::equal(own.server_key(), verifier.server_key()) {
        let text = "StoredKey is that of the password, and ServerKey is not";
        return Err(Failure::new(Status::Failed, text));
    }
    Ok(fits)
}

impl Arguments {
    fn verifier(&self) -> Result<Stored, Failure> {
        let failed = |text: String| Failure::new(Status::Failed, text);
        let text = match &self.verifier_file {
            Some(path) => secrets::read(path)?.expose().to_owned(),
            None => one_line()?,
        };
        match Stored::parse(&text, None, self.mechanism).map_err(failed)? {
            Stored::Scram(verifier) if verifier.iterations() > MAX_ITERATIONS => {
                let count = verifier.iterations();
                let text = format!("expected at most {MAX_ITERATIONS} iterations, found {count}");
                Err(failed(text))
            }
            stored => Ok(stored),
        }
    }
}

fn one_line() -> Result<String, Failure> {
    let mut lines = Lines::of_stdin(MAX_VERIFIER);
    let nothing = || Failure::new(Status::Failed, "expected a verifier, found none");
    let line = lines.next()?.ok_or_else(nothing)?;
    let text = String::from_utf8(line).map_err(|_| lines.fault("expected UTF-8"))?;
    match lines.next()? {
        Some(_) => Err(lines.fault("expected one verifier, found more")),
        None => Ok(text),
    }
}
