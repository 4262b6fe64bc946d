//! One room for each subcommand: its arguments, and `run`.

pub(crate) mod explain;
pub(crate) mod mechanisms;
