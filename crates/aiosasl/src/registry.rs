//! Finding and choosing mechanisms.
