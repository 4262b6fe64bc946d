//! `aiosasl man`: the manual pages, for packagers.

use std::{fs, path::PathBuf};

use clap::Args;
use clap_mangen::Man;

use crate::{
    output,
    status::{Failure, Status},
};

const EXAMPLES: &str = "\
Examples:
  aiosasl man | man -l -
  aiosasl man --dir /usr/share/man/man1";

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Write a page for the command and for each subcommand into this folder, instead of printing the
    /// command's alone
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// Prints or writes the pages of the whole command.
pub(crate) fn run(arguments: &Arguments, command: clap::Command) -> Result<Status, Failure> {
    if let Some(dir) = &arguments.dir {
        let failure =
            |error| Failure::usage(format!("can't write pages into {}: {error}", dir.display()));
        fs::create_dir_all(dir).map_err(failure)?;
        clap_mangen::generate_to(command, dir).map_err(failure)?;
    } else {
        let mut page = Vec::new();
        Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::usage(format!("can't make the page: {error}")))?;
        output::raw(&page);
    }
    Ok(Status::Done)
}
