//! ECDSA-NIST256P-CHALLENGE and ECDH-X25519-CHALLENGE, as IRC services speak them: a key instead of a password.
//!
//! ```text
//!   C: name [NUL as whom to act]
//!   S: ECDSA: 32 octets                      X25519: ephemeral key, salt, masked octets (32 each)
//!   C: ECDSA: a signature over them, in DER  X25519: the octets without their mask
//! ```
//!
//! What differs between the two is the challenge and its answer: a `Scheme` is that, as data. Neither proves the server.

mod client;
#[cfg(feature = "ecdsa-nist256p-challenge")]
pub mod ecdsa;
mod names;
mod scheme;
mod server;
#[cfg(feature = "ecdh-x25519-challenge")]
pub mod x25519;

use alloc::boxed::Box;

use crate::mechanism::{
    ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
    Side, Standing,
};

pub use client::ChallengeClient;
pub use server::ChallengeServer;

/// ECDSA-NIST256P-CHALLENGE, both halves.
#[cfg(feature = "ecdsa-nist256p-challenge")]
pub const ECDSA_NIST256P_CHALLENGE: Mechanism = Mechanism {
    name: ecdsa::SCHEME.name,
    properties: PROPERTIES,
    client: |context| Ok(Box::new(ChallengeClient::new(&ecdsa::SCHEME, context)?)),
    server: |context| Box::new(ChallengeServer::new(&ecdsa::SCHEME, context)),
};

/// ECDH-X25519-CHALLENGE, both halves.
#[cfg(feature = "ecdh-x25519-challenge")]
pub const ECDH_X25519_CHALLENGE: Mechanism = Mechanism {
    name: x25519::SCHEME.name,
    properties: PROPERTIES,
    client: |context| Ok(Box::new(ChallengeClient::new(&x25519::SCHEME, context)?)),
    server: |context| Box::new(ChallengeServer::new(&x25519::SCHEME, context)),
};

const PROPERTIES: Properties = Properties {
    first: Side::Client,
    exposure: Exposure::Nothing,
    needs: Needs::PrivateKey,
    server_proof: ServerProof::None,
    binds: Binds::Nothing,
    active_attacks: ActiveAttacks::Exposed,
    forward_secrecy: ForwardSecrecy::None,
    layer_strength: 0,
    standing: Standing::Current,
    reference: "Atheme",
};
