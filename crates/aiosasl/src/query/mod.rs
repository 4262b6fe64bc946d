//! What an exchange has to ask its caller, and the answers: each is made from its question alone.

mod client;
#[cfg(feature = "hash")]
mod derive;
mod doom;
#[cfg(feature = "hash")]
mod keys;
mod server;
mod token;

pub use client::{ClientAnswer, ClientQuery};
#[cfg(feature = "hash")]
pub use derive::{DeriveKeys, DerivedKeys};
pub use doom::Doom;
#[cfg(feature = "hash")]
pub use keys::{Decoy, ScramKeys, ScramVerifier};
pub use server::{Answer, Authorization, Authorize, External, Query, Verdict, VerifyPassword};
pub use token::{RefusedToken, TokenVerdict, VerifyToken};
