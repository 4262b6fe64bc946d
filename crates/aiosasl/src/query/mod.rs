//! What an exchange has to ask its caller, and the answers: each is made from its question alone.

mod client;
#[cfg(feature = "hash")]
mod keys;
mod server;

pub use client::{ClientAnswer, ClientQuery};
#[cfg(feature = "hash")]
pub use client::{DeriveKeys, DerivedKeys};
#[cfg(feature = "hash")]
pub use keys::{Decoy, ScramKeys, ScramVerifier};
pub use server::{Answer, Authorization, Authorize, External, Query, Verdict, VerifyPassword};
