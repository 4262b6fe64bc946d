//! `aiosasl verifier convert`: the same verifiers in another form, line by line.

use aiosasl::{hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier};
use clap::Args;
use serde_json::json;

use super::{Form, MAX_VERIFIER, hash_of};
use crate::{
    lines::Lines,
    output::outln,
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
Reads verifiers from standard input, one per line, and writes one line for each. It stops at the first line that is \
no verifier, with status 3; all lines before it are written. With --keep-going it goes on behind such a line, and ends \
with status 3 all the same.

Example:
  aiosasl verifier convert --to dovecot < verifiers.txt";

/// Arguments of `verifier convert`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// From this form; without it, each line is taken for what it looks like
    #[arg(long, value_enum)]
    from: Option<Form>,
    /// To this form
    #[arg(long, value_enum)]
    to: Form,
    /// For this mechanism, which Kafka's form does not say
    #[arg(short, long, value_name = "NAME", value_parser = hash_of)]
    mechanism: Option<Hash>,
    /// Go on after lines that are no verifiers
    #[arg(long)]
    keep_going: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if matches!(arguments.from, Some(Form::Kafka)) && arguments.mechanism.is_none() {
        return Err(Failure::usage("Kafka's form does not say which hash: expected --mechanism"));
    }
    let mut lines = Lines::of_stdin(MAX_VERIFIER);
    let mut faults = 0;
    while let Some(line) = lines.next()? {
        match arguments.read(&line) {
            Ok(verifier) => arguments.print(lines.number(), &verifier),
            Err(fault) if arguments.keep_going => {
                faults += 1;
                anstream::eprintln!("aiosasl: {}", lines.fault(&fault));
                if arguments.json {
                    print_json(lines.number(), None, None, Some(&fault));
                }
            }
            Err(fault) => return Err(lines.fault(fault)),
        }
    }
    match faults {
        0 => Ok(Status::Done),
        faults => {
            let all = lines.number();
            let text = format!("{faults} of {all} lines are no verifiers");
            Err(Failure::new(Status::Failed, text))
        }
    }
}

impl Arguments {
    fn read(&self, line: &[u8]) -> Result<ScramVerifier, String> {
        let text = std::str::from_utf8(line).map_err(|_| "expected UTF-8".to_owned())?;
        let format = self.from.map_or_else(|| VerifierFormat::guess(text), VerifierFormat::from);
        if format == VerifierFormat::Kafka && self.mechanism.is_none() {
            return Err("Kafka's form does not say which hash: expected --mechanism".to_owned());
        }
        let verifier = ScramVerifier::parse(format, text, self.mechanism);
        let verifier = verifier.map_err(|error| error.to_string())?;
        match self.mechanism {
            Some(hash) if hash != verifier.hash() => {
                Err(format!("expected {}, found {}", hash.scheme(), verifier.hash().scheme()))
            }
            _ => Ok(verifier),
        }
    }

    fn print(&self, line: usize, verifier: &ScramVerifier) {
        let text = verifier.to_text(VerifierFormat::from(self.to));
        if self.json {
            print_json(line, Some(verifier), Some(&text), None);
        } else {
            outln!("{text}");
        }
    }
}

/// One object per line, with the same fields whether or not it was a verifier.
fn print_json(
    line: usize,
    verifier: Option<&ScramVerifier>,
    text: Option<&str>,
    error: Option<&str>,
) {
    let object = json!({
        "line": line,
        "mechanism": verifier.map(|it| it.hash().scheme()),
        "iterations": verifier.map(ScramVerifier::iterations),
        "verifier": text,
        "error": error,
    });
    outln!("{object}");
}
