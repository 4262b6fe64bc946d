//! The `aiosasl` command: the front door.

mod accounts;
mod commands;
mod connection;
mod decode;
mod fast;
mod fault;
mod gss;
mod keyrings;
mod keys;
mod known;
mod lines;
mod output;
mod papers;
mod preparation;
mod progress;
mod secrets;
mod served;
mod status;
mod store;
mod trace;
mod url;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Log in to anything, probe anything, explain SASL.
#[derive(Debug, Parser)]
#[command(name = "aiosasl", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The accounts of a store
    Account(commands::account::Arguments),
    /// The script with which a shell completes the command line
    Completions(commands::completions::Arguments),
    /// Every mechanism over every protocol, against servers of its own: no network, no set-up
    Demo(commands::demo::Arguments),
    /// A bare exchange over standard input and output
    Exchange(commands::exchange::Arguments),
    /// Name every field of SASL messages or of a captured transcript
    Explain(commands::explain::Arguments),
    /// Log in to a server
    Login(commands::login::Arguments),
    /// The manual pages
    Man(commands::man::Arguments),
    /// All mechanisms that it knows: properties, source, verdict
    Mechanisms(commands::mechanisms::Arguments),
    /// What a server offers, and what that is worth; never logs in
    Probe(commands::probe::Arguments),
    /// A server that speaks the protocols far enough to authenticate
    Serve(Box<commands::serve::Arguments>),
    /// Make, convert and check SCRAM verifiers of passwords
    Verifier(commands::verifier::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Account(arguments) => commands::account::run(&arguments),
        Command::Completions(arguments) => {
            Ok(commands::completions::run(&arguments, Arguments::command()))
        }
        Command::Demo(arguments) => commands::demo::run(&arguments),
        Command::Exchange(arguments) => commands::exchange::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
        Command::Login(arguments) => commands::login::run(&arguments),
        Command::Man(arguments) => commands::man::run(&arguments, Arguments::command()),
        Command::Mechanisms(arguments) => Ok(commands::mechanisms::run(&arguments)),
        Command::Probe(arguments) => commands::probe::run(&arguments),
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::Verifier(arguments) => commands::verifier::run(&arguments),
    };
    match outcome {
        Ok(status) => status.into(),
        Err(failure) => {
            anstream::eprintln!("aiosasl: {failure}");
            failure.status.into()
        }
    }
}
