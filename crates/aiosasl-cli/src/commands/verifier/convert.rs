//! `aiosasl verifier convert`: the same verifiers in another form, line by line.

use aiosasl::{hash::Hash, mechanisms::scram::VerifierFormat};
use clap::Args;
use serde_json::Value;

use super::{Form, MAX_VERIFIER, hash_of, stored::Stored};
use crate::{
    lines::Lines,
    output::outln,
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
Reads verifiers from standard input, one per line, and writes one line for each. It stops at the first line that is \
no verifier, with status 3; all lines before it are written. With --keep-going it goes on behind such a line, and ends \
with status 3 all the same.

A password hash can't become a verifier; with --to dovecot it is spelled in the one way that it is always written in: \
$2b$... becomes {BLF-CRYPT}$2b$..., {ssha.hex}... becomes {SSHA} and base64.

Examples:
  aiosasl verifier convert --to dovecot < verifiers.txt
  aiosasl verifier convert --to postgresql --keep-going < verifiers.txt";

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
            Ok((verifier, text)) => arguments.print(lines.number(), &verifier, &text),
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
    fn read(&self, line: &[u8]) -> Result<(Stored, String), String> {
        let text = std::str::from_utf8(line).map_err(|_| "expected UTF-8".to_owned())?;
        let stored = Stored::parse(text, self.from.map(VerifierFormat::from), self.mechanism)?;
        match (self.mechanism, &stored) {
            (Some(hash), Stored::Scram(found)) if hash != found.hash() => {
                return Err(format!("expected {}, found {}", hash.scheme(), found.hash().scheme()));
            }
            (Some(hash), Stored::Hash(found)) => {
                return Err(format!("expected {}, found {}", hash.scheme(), found.scheme()));
            }
            _ => {}
        }
        let text = stored.to_text(VerifierFormat::from(self.to))?;
        Ok((stored, text))
    }

    fn print(&self, line: usize, verifier: &Stored, text: &str) {
        if self.json {
            print_json(line, Some(verifier), Some(text), None);
        } else {
            outln!("{text}");
        }
    }
}

/// One object per line, with the same fields whether or not it was a verifier.
fn print_json(line: usize, verifier: Option<&Stored>, text: Option<&str>, error: Option<&str>) {
    let mut object = Stored::fields(verifier);
    object.insert("line".to_owned(), line.into());
    object.insert("verifier".to_owned(), text.into());
    object.insert("error".to_owned(), error.into());
    outln!("{}", Value::from(object));
}
