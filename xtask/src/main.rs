//! What people type and what CI runs: `cargo xtask test`, `peers`, `tidy`.

mod peers;
mod run;
mod tally;
mod test;
mod tidy;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::tally::Tally;

const HELP: &str = "\
cargo xtask test [--quick]          every check; --quick leaves the real servers out
cargo xtask tidy                    the invariants of ARCHITECTURE.md
cargo xtask peers [NAME...]         logs in to real servers, all or those of these names
      --command FILE                with this command instead of one built now
      --interop                     writes docs/interop.json and docs/interop.md from what came of it; without a NAME after
                                    all servers and all clients
cargo xtask interop                 draws docs/interop.md from docs/interop.json, without a run
cargo xtask peers clients           other people's clients log in to servers of ours
cargo xtask peers examples          the examples log in to real servers, and go on
cargo xtask peers stdio             bare exchanges with other people's programs, over pipes
cargo xtask peers --keep [NAME...]  starts them, or krb5 or slapd, and waits, for tests by hand
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<ExitCode> {
    run::take_over_signals()?;
    match arguments {
        ["peers", rest @ ..] => peers(rest),
        ["test"] => Ok(conclude(&test::run(false)?)),
        ["test", "--quick"] => Ok(conclude(&test::run(true)?)),
        ["tidy"] => tidy(),
        ["interop"] => {
            peers::interop::Record::read()?.write()?;
            Ok(ExitCode::SUCCESS)
        }
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("expected a command\n\n{HELP}"),
    }
}

fn peers(arguments: &[&str]) -> Result<ExitCode> {
    let mut options = peers::Options::default();
    let mut keep = false;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--keep" => keep = true,
            "--interop" => options.interop = true,
            "--command" => {
                let file = arguments.next().context("--command needs a file")?;
                options.command = Some(PathBuf::from(file));
            }
            option if option.starts_with('-') => bail!("unknown option {option}\n\n{HELP}"),
            name => options.names.push(name.to_owned()),
        }
    }
    if keep {
        peers::keep(&options.names)?;
        return Ok(ExitCode::SUCCESS);
    }
    if options.names == ["clients"] {
        return Ok(conclude(&peers::run_clients(&options)?));
    }
    if options.names == ["examples"] {
        return Ok(conclude(&peers::run_examples()?));
    }
    if options.names == ["stdio"] {
        return Ok(conclude(&peers::run_stdio(&options)?));
    }
    let mut tally = peers::run(&options)?;
    if options.interop && options.names.is_empty() {
        tally.add(peers::run_clients(&options)?);
    }
    Ok(conclude(&tally))
}

fn tidy() -> Result<ExitCode> {
    let report = tidy::check()?;
    report.print();
    Ok(if report.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The end of a run: what failed, what was skipped and why, and the closing line.
fn conclude(tally: &Tally) -> ExitCode {
    print!("\n{}", tally.details());
    println!("{tally}");
    if tally.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
