//! The `aiosasl` command: the front door.

mod commands;
mod decode;
mod preparation;
mod secrets;
mod status;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Log in to anything, probe anything, explain SASL.
#[derive(Debug, Parser)]
#[command(name = "aiosasl", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Name every field of SASL messages or of a captured transcript
    Explain(commands::explain::Arguments),
    /// All mechanisms that it knows: properties, source, verdict
    Mechanisms(commands::mechanisms::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Mechanisms(arguments) => Ok(commands::mechanisms::run(&arguments)),
    };
    match outcome {
        Ok(status) => status.into(),
        Err(failure) => {
            anstream::eprintln!("aiosasl: {failure}");
            failure.status.into()
        }
    }
}
