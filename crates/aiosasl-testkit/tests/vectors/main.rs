//! Every test vector, played; one that nobody plays fails the run.

mod bindings;
mod ledger;
mod one_message;
mod scram;
mod scram_parts;
mod words;
