//! The driver floor, as its users see it.
#![cfg(all(
    feature = "driver",
    feature = "plain",
    feature = "anonymous",
    feature = "external",
    feature = "scram-sha-1",
    feature = "scram-sha-256"
))]

mod blocking;
mod executor;
mod layered;
mod mechanisms;
mod negotiation;
mod sending;
mod server;
mod state_machine;
mod support;
#[cfg(all(feature = "oauthbearer", feature = "xoauth2"))]
mod tokens;
