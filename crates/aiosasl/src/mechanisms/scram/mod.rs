//! SCRAM (RFC 5802, RFC 7677): both ends prove that they know the password, and neither says it.
//!
//! ```text
//!   C: gs2-header, name, client nonce
//!   S: client nonce + server nonce, salt, iteration count
//!   C: channel binding, nonce, proof
//!   S: signature
//! ```
//!
//! The hash is data: one row of the list below makes a mechanism and its -PLUS form.

mod auth_message;
mod client;
#[cfg(feature = "md5")]
mod digested;
mod downgrade;
mod keys;
mod message;
mod opening;
mod server;
mod transcript;
mod upgrade;
mod verifier;

use alloc::boxed::Box;

use crate::{
    hash::Hash,
    mechanism::{
        ActiveAttacks, Binds, ClientContext, Exposure, ForwardSecrecy, Mechanism, Needs,
        Properties, ServerContext, ServerProof, Side, Standing,
    },
    name::MechanismName,
};

pub use client::ScramClient;
#[cfg(feature = "md5")]
pub use digested::digested_password;
pub use server::ScramServer;
pub use upgrade::UpgradeTask;
pub use verifier::{VerifierError, VerifierFormat};

const fn properties(binds: Binds, reference: &'static str) -> Properties {
    Properties {
        first: Side::Client,
        exposure: Exposure::Guessable,
        needs: Needs::Password,
        server_proof: ServerProof::Mutual,
        binds,
        active_attacks: ActiveAttacks::Resisted,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference,
    }
}

macro_rules! family {
    ($($feature:literal $hash:ident $bare:ident $plus:ident $name:literal $plus_name:literal $reference:literal)+) => {
        $(
            #[doc = concat!("`", $name, "` (", $reference, ").")]
            #[cfg(feature = $feature)]
            pub const $bare: Mechanism = Mechanism {
                name: MechanismName::new($name),
                properties: properties(Binds::Nothing, $reference),
                client: |context: &ClientContext<'_>| {
                    Ok(Box::new(ScramClient::new(MechanismName::new($name), Hash::$hash, context)?))
                },
                server: |context: &ServerContext<'_>| {
                    const NAME: &MechanismName = &MechanismName::new($name);
                    Box::new(ScramServer::new(NAME, Hash::$hash, context))
                },
            };
            #[doc = concat!("`", $plus_name, "` (", $reference, "), tied to the channel.")]
            #[cfg(feature = $feature)]
            pub const $plus: Mechanism = Mechanism {
                name: MechanismName::new($plus_name),
                properties: properties(Binds::Channel, $reference),
                client: |context: &ClientContext<'_>| {
                    Ok(Box::new(ScramClient::new(MechanismName::new($plus_name), Hash::$hash, context)?))
                },
                server: |context: &ServerContext<'_>| {
                    const NAME: &MechanismName = &MechanismName::new($plus_name);
                    Box::new(ScramServer::new(NAME, Hash::$hash, context))
                },
            };
        )+
    };
}

family! {
    "scram-sha-1" Sha1 SCRAM_SHA_1 SCRAM_SHA_1_PLUS "SCRAM-SHA-1" "SCRAM-SHA-1-PLUS" "RFC 5802"
    "scram-sha-224" Sha224 SCRAM_SHA_224 SCRAM_SHA_224_PLUS "SCRAM-SHA-224" "SCRAM-SHA-224-PLUS" "unregistered"
    "scram-sha-256" Sha256 SCRAM_SHA_256 SCRAM_SHA_256_PLUS "SCRAM-SHA-256" "SCRAM-SHA-256-PLUS" "RFC 7677"
    "scram-sha-384" Sha384 SCRAM_SHA_384 SCRAM_SHA_384_PLUS "SCRAM-SHA-384" "SCRAM-SHA-384-PLUS" "unregistered"
    "scram-sha-512" Sha512 SCRAM_SHA_512 SCRAM_SHA_512_PLUS "SCRAM-SHA-512" "SCRAM-SHA-512-PLUS"
        "draft-melnikov-scram-sha-512"
    "scram-sha3-512" Sha3_512 SCRAM_SHA3_512 SCRAM_SHA3_512_PLUS "SCRAM-SHA3-512" "SCRAM-SHA3-512-PLUS"
        "draft-melnikov-scram-sha3-512"
}
