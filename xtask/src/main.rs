//! What people type and what CI runs: `cargo xtask test`, `peers`, `tidy`.

mod peers;
mod run;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask test [--quick]          every check; --quick leaves the real servers out
cargo xtask tidy                    the house rules of ARCHITECTURE.md
cargo xtask peers [NAME...]         logs in to real servers: dovecot postfix prosody prosody13
cargo xtask peers --keep [NAME...]  starts them and waits, for tests by hand
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["peers", rest @ ..] => {
            let keep = rest.contains(&"--keep");
            let names = rest.iter().filter(|it| **it != "--keep").map(|it| (*it).into()).collect();
            peers::run(&peers::Options { names, keep })
        }
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => bail!("expected a command\n\n{HELP}"),
    }
}
