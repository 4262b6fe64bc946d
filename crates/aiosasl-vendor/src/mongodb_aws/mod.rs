//! MONGODB-AWS (MongoDB, "Driver Authentication"): a request to AWS's token service, signed for the server to send it.
//!
//! ```text
//!   C: {r: 32 random octets, p: 110}
//!   S: {s: the client's and 32 more, h: the token service's host}
//!   C: {a: Authorization header, d: time [, t: session token]}
//! ```
//!
//! All three are BSON. The signature is AWS Signature Version 4 over a POST of `GetCallerIdentity` with both nonces in a
//! header, so that nobody can use it again. MongoDB's own server sends the request to AWS; ours knows the secret access key,
//! and needs nobody.

mod client;
mod message;
mod server;

use alloc::boxed::Box;

use aiosasl::{
    hash::Hash,
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
    nonce::Nonce,
};

pub use client::MongoAwsClient;
pub use server::MongoAwsServer;

/// MONGODB-AWS, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Guessable,
        needs: Needs::Foreign,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "MongoDB",
    },
    client: |context| Ok(Box::new(MongoAwsClient::new(context)?)),
    server: |context| Box::new(MongoAwsServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("MONGODB-AWS");

/// The 32 octets of a side.
fn half_nonce(side: &[u8], nonce: &Nonce) -> [u8; 32] {
    let hash =
        Hash::Sha256.hmac(nonce.as_str().as_bytes(), &[NAME.as_str().as_bytes(), b"\0", side]);
    hash.as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(all(test, feature = "default"))]
pub(crate) use message::{ClientFirst, ClientSecond, ServerFirst};
