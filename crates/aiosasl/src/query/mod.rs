//! What an exchange has to ask its caller, and the answers: each is made from its question alone.

mod client;
#[cfg(feature = "hash")]
mod derive;
mod doom;
mod gss;
#[cfg(feature = "hash")]
mod keys;
mod passcode;
mod question;
#[cfg(feature = "hash")]
mod secrets;
mod server;
mod token;
mod visit;

pub use client::{ClientAnswer, ClientQuery};
#[cfg(feature = "hash")]
pub use derive::{DeriveKeys, DerivedKeys};
pub use doom::Doom;
pub use gss::{
    Gss, GssCall, GssContext, GssError, GssErrorKind, GssProperties, GssProvider, GssReply,
    GssRequest, GssResult, GssStep, OpenGss, Protection,
};
#[cfg(feature = "hash")]
pub use keys::{Decoy, ScramKeys, ScramVerifier};
pub use passcode::{PasscodeStep, PasscodeVerdict, VerifyPasscode};
pub use question::{Question, Subject};
#[cfg(feature = "hash")]
pub use secrets::{
    Freshness, NonceUse, ReplaceSecret, Replaced, SecretForm, Secrets, SharedSecret, StoredSecret,
};
pub use server::{Answer, Authorization, Authorize, External, Query, Verdict, VerifyPassword};
pub use token::{RefusedToken, TokenScheme, TokenVerdict, VerifyToken};
pub use visit::{Redirect, Returned, Visitor};
