//! DIGEST-MD5 (RFC 2831, historic by RFC 6331): both ends prove that they know the password, and may protect what follows.
//!
//! ```text
//!   S: realms, nonce, protections
//!   C: name, realm, nonce, cnonce, digest-uri, protection, response
//!   S: rspauth
//! ```
//!
//! A client that was here before may save the first message, and count the nonce's uses (RFC 2831 section 2.2); a server that
//! does not know that nonce any more sends its challenge, and all goes on as at first:
//!
//! ```text
//!   C: name, realm, the old nonce and cnonce, their count, response
//!   S: rspauth, or a challenge with stale=true
//! ```

mod challenge;
mod charset;
mod cipher;
mod client;
mod directives;
mod keys;
mod layer;
mod message;
mod opening;
mod protection;
mod resumption;
mod server;
mod service;
mod setup;

use alloc::boxed::Box;

use crate::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::DigestMd5Client;
pub use server::DigestMd5Server;

/// DIGEST-MD5, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Server,
        exposure: Exposure::Guessable,
        needs: Needs::Password,
        server_proof: ServerProof::Mutual,
        binds: Binds::Nothing,
        // The list of protections is not protected itself (RFC 6331 section 1).
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 128,
        standing: Standing::Legacy,
        reference: "RFC 2831",
    },
    client: |context| Ok(Box::new(DigestMd5Client::new(context)?)),
    server: |context| Box::new(DigestMd5Server::new(context)),
};

const NAME: MechanismName = MechanismName::new("DIGEST-MD5");
