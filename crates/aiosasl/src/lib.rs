//! SASL (RFC 4422), client and server, sans I/O.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod binding;
mod client;
pub mod credentials;
#[cfg(feature = "driver")]
pub mod driver;
pub mod encoding;
pub mod error;
#[cfg(feature = "hash")]
pub mod hash;
pub mod identity;
pub mod layer;
pub mod mechanism;
pub mod mechanisms;
pub mod message;
pub mod name;
pub mod nonce;
pub mod one_message;
pub mod policy;
pub mod prep;
pub mod preparation;
pub mod profile;
pub mod query;
pub mod registry;
pub mod secret;
mod server;

pub use client::{Authenticated, ClientExchange, ClientStep};
pub use server::{ServerExchange, ServerStep};

/// This library's version, such as `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The same as numbers: major, minor, patch.
pub const VERSION_TUPLE: (u16, u16, u16) = (
    number(env!("CARGO_PKG_VERSION_MAJOR")),
    number(env!("CARGO_PKG_VERSION_MINOR")),
    number(env!("CARGO_PKG_VERSION_PATCH")),
);

const fn number(digits: &str) -> u16 {
    match u16::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("cargo gives numbers"),
    }
}
