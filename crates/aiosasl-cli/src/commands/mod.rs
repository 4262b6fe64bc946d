//! One room for each subcommand: its arguments, and `run`.

pub(crate) mod account;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod exchange;
pub(crate) mod explain;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod mechanisms;
pub(crate) mod probe;
pub(crate) mod serve;
pub(crate) mod verifier;
