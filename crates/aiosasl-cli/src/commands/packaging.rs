//! `aiosasl completions` and `aiosasl man`: what packagers put beside the command.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{
    output::outln,
    status::{Failure, Status},
};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  aiosasl completions bash > /etc/bash_completion.d/aiosasl")]
pub(crate) struct Completions {
    /// Whose
    #[arg(value_enum)]
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  aiosasl man | man -l -\n  aiosasl man --out target/man")]
pub(crate) struct Man {
    /// Write a page for each subcommand into this folder, instead of the first page to standard output
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints a shell's completions.
pub(crate) fn completions(mut command: Command, arguments: &Completions) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "aiosasl", &mut script);
    print(&script);
    Status::Done
}

/// Prints the manual, or writes it.
pub(crate) fn man(command: Command, arguments: &Man) -> Result<Status, Failure> {
    let failure =
        |error: std::io::Error| Failure::usage(format!("can't write the manual: {error}"));
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(failure)?;
        clap_mangen::generate_to(command.disable_help_subcommand(true), folder).map_err(failure)?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(failure)?;
        print(&page);
    }
    Ok(Status::Done)
}

fn print(octets: &[u8]) {
    outln!("{}", String::from_utf8_lossy(octets).trim_end());
}
