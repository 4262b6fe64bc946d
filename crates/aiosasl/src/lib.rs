//! SASL (RFC 4422) for clients and servers: it assumes next to nothing about the protocol it is used in.
//!
//! > A mechanism proves; the exchange decides; the store knows; the driver waits; the profile spells.
//!
//! Every call returns the ONE next thing to do: send this, answer this, or done. Nothing is polled, nothing is called
//! back, nothing blocks; there is no socket, no clock and no runtime in here (`no_std` with `alloc`, no `unsafe`).
//!
//! # Which door is yours
//!
//! | you write | start at |
//! | --- | --- |
//! | a client, async | [`driver::negotiate`] over your protocol's [`driver::SaslInterface`] |
//! | a client, blocking | [`driver::blocking`] |
//! | a server, async | [`driver::serve`] with a [`driver::Store`] |
//! | either, with your own event loop | [`ClientExchange`], [`ServerExchange`] |
//! | a mechanism of your own | [`mechanism::ClientMechanism`], [`mechanism::ServerMechanism`] |
//! | the tools of an account store | [`query::ScramVerifier`], [`query::Decoy`], [`prep`] |
//!
//! # Example: both ends of an exchange, face to face
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use aiosasl::{
//!     ClientExchange, ClientStep, ServerExchange, ServerStep,
//!     binding::ClientBinding,
//!     credentials::Credentials,
//!     hash::Hash,
//!     mechanism::{ClientContext, Offered, PlusOffer, Rules, ServerContext},
//!     mechanisms::scram::SCRAM_SHA_256,
//!     message::{ClientMessage, ServerMessage},
//!     nonce::Nonce,
//!     query::{Authorization, Query, ScramVerifier},
//!     secret::Secret,
//! };
//!
//! let verifier = ScramVerifier::from_password(Hash::Sha256, Secret::new(*b"pencil"), *b"a salt of 16 oct", 4096);
//!
//! let mut client = ClientExchange::new((SCRAM_SHA_256.client)(&ClientContext {
//!     credentials: &Credentials::password("user".try_into()?, "pencil"),
//!     binding: ClientBinding::Unsupported,
//!     nonce: Nonce::random()?,
//!     rules: Rules::default(),
//!     offered: Offered::default(),
//! })?);
//! let mut server = ServerExchange::new((SCRAM_SHA_256.server)(&ServerContext {
//!     nonce: Nonce::random()?,
//!     bindings: &[],
//!     plus: PlusOffer::NotOffered,
//!     rules: Rules::default(),
//! }));
//!
//! let mut client_step = client.start()?;
//! let authenticated = loop {
//!     // The client's next act ...
//!     let message = match client_step {
//!         ClientStep::Send(message) => message,
//!         ClientStep::Ask(query) => {
//!             let answer = query.answer_by_itself().map_err(|_| "only the caller can know")?;
//!             client_step = client.answer(answer)?;
//!             continue;
//!         }
//!         ClientStep::Done(authenticated) => break authenticated,
//!     };
//!     // ... and the server's, which asks its store as often as it needs.
//!     let mut server_step = match message {
//!         ClientMessage::Authenticate { initial_response, .. } => server.start(initial_response)?,
//!         other => server.receive(other)?,
//!     };
//!     let answer = loop {
//!         server_step = match server_step {
//!             ServerStep::Ask(Query::ScramKeys(query)) => server.answer(query.answer(verifier.clone()))?,
//!             ServerStep::Ask(Query::Authorize(query)) if query.is_self() => {
//!                 server.answer(query.answer(Authorization::Granted))?
//!             }
//!             ServerStep::Ask(query) => server.answer(query.unavailable())?,
//!             ServerStep::Send(challenge) => break ServerMessage::Challenge(challenge),
//!             ServerStep::Done(mut outcome) => break outcome.message(),
//!         };
//!     };
//!     client_step = client.receive(answer)?;
//! };
//! assert!(authenticated.server_verified);
//! # Ok(())
//! # }
//! ```
//!
//! # Defaults, and why
//!
//! - Iteration counts from 4096 to 1,000,000, checked before any hashing: fewer are weak, more are an attack on the client.
//! - Names and passwords go through SASLprep; what can't be prepared is refused rather than sent otherwise.
//! - Mechanisms that reveal the password want a confidential channel ([`policy::Plaintext`]).
//! - An exchange is tied to its channel where both ends can ([`policy::BindingPolicy`]).
//! - No security layer is negotiated unless the rules ask for one ([`layer::LayerRules`]): it must be put around all that follows.
//! - What stands for old peers alone ([`mechanism::Standing::Legacy`]) is built in by name (`legacy`), and tried by name.
//! - Messages are at most 64 KiB, exchanges at most 16 steps ([`profile::Profile`]).
//!
//! # What is not here
//!
//! Sockets and protocols (`aiosasl-profiles`), and account stores (`aiosasl-store`). Kerberos itself: whoever answers
//! [`query::Gss`] has it (`aiosasl-gss` loads the system's). Mechanisms that nobody speaks any more (KERBEROS_V4, SKEY, 9798), or
//! only one vendor does (`aiosasl-vendor`).
//!
//! # Features
//!
//! `plain`, `login`, `anonymous`, `external`, `oauthbearer`, `oauth10a`, `xoauth2`, `scram` (or one hash: `scram-sha-1`, `scram-sha-224`, `scram-sha-256`, `scram-sha-384`,
//! `scram-sha-512`, `scram-sha3-512`), `ht` (`ht-sha-512`, `ht-sha3-512`), `otp`, `securid`, `ecdsa-nist256p-challenge`,
//! `ecdh-x25519-challenge`, `gssapi`, `gs2`, `gss-spnego`, `saml20`, `openid20`, `legacy` (or one: `cram-md5`, `digest-md5`, `digest-md5-des`, `ntlm`),
//! `end-point` (`tls-server-end-point` from a certificate), `precis`, `std`
//! (randomness from the operating system), `driver` (the async and blocking layers).
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
pub mod gs2;
#[cfg(feature = "hash")]
pub mod hash;
pub mod identity;
pub mod layer;
#[cfg(feature = "md5")]
pub mod md5;
pub mod mechanism;
pub mod mechanisms;
pub mod message;
pub mod name;
pub mod nonce;
pub mod one_message;
pub mod own_login;
pub mod password_command;
pub mod policy;
pub mod prep;
pub mod preparation;
pub mod profile;
pub mod query;
mod reason;
pub mod registry;
pub mod secret;
mod server;
pub mod token;

pub use client::{Authenticated, ClientExchange, ClientStep};
pub use server::{ServerExchange, ServerStep};

/// This library's version, such as `0.1.0`.
///
/// # Example: the string begins with the numbers
///
/// ```
/// let (major, minor, patch) = aiosasl::VERSION_TUPLE;
/// assert!(aiosasl::VERSION.starts_with(&format!("{major}.{minor}.{patch}")));
/// ```
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
