//! `aiosasl completions SHELL`: the script with which a shell completes the command line, for packagers.

use clap::Args;
use clap_complete::Shell;

use crate::{output, status::Status};

const EXAMPLES: &str = "\
Examples:
  aiosasl completions bash > /usr/share/bash-completion/completions/aiosasl
  aiosasl completions zsh > /usr/share/zsh/site-functions/_aiosasl
  aiosasl completions fish > /usr/share/fish/vendor_completions.d/aiosasl.fish";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Whose script
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for the whole command.
pub(crate) fn run(arguments: &Arguments, mut command: clap::Command) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "aiosasl", &mut script);
    output::raw(&script);
    Status::Done
}
