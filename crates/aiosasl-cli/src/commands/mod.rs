//! One room for each subcommand: its arguments, and `run`.

pub(crate) mod demo;
pub(crate) mod exchange;
pub(crate) mod explain;
pub(crate) mod login;
pub(crate) mod mechanisms;
pub(crate) mod packaging;
pub(crate) mod probe;
pub(crate) mod verifier;
