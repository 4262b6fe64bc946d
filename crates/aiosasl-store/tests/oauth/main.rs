//! Tokens of an OAuth issuer: good ones of every kind, and everything that must not come in.

mod introspection;
mod issuer;
mod jwt;
