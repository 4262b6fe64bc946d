//! HT-* (draft-ietf-kitten-sasl-ht): hashed tokens, which a server gave out before and takes back in one round trip.
//!
//! ```text
//!   C: name, HMAC(token, "Initiator" + channel binding)
//!   S: HMAC(token, "Responder" + channel binding)
//! ```
//!
//! A mechanism's name says the hash and the type of the channel binding: a [`Member`] of the family is that, as data. Two
//! forms of the messages are about, which the later drafts made of the one that is deployed: [`Form`].

mod client;
mod member;
mod message;
mod server;

use alloc::boxed::Box;

use crate::mechanism::{
    ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
    Side, Standing,
};

pub use client::HtClient;
pub use member::Member;
pub use message::{Form, Pairs};
pub use server::{HtServer, Takes};

/// Tied to one channel: what is said is of no use on another one.
const UNIQUE: Properties = Properties {
    first: Side::Client,
    exposure: Exposure::Nothing,
    needs: Needs::Token,
    server_proof: ServerProof::Mutual,
    binds: Binds::Channel,
    active_attacks: ActiveAttacks::Resisted,
    forward_secrecy: ForwardSecrecy::None,
    layer_strength: 0,
    standing: Standing::Current,
    reference: "draft-ietf-kitten-sasl-ht",
};

/// Tied to a certificate: who reads along can say the same to that server again.
const END_POINT: Properties = Properties { exposure: Exposure::Everything, ..UNIQUE };

/// Tied to nothing: who reads along can say the same again.
const NONE: Properties =
    Properties { binds: Binds::Nothing, active_attacks: ActiveAttacks::Exposed, ..END_POINT };

macro_rules! family {
    ($($feature:literal $constant:ident $member:ident $properties:ident $name:literal)+) => {
        $(
            #[doc = concat!("`", $name, "` in the deployed form (draft-ietf-kitten-sasl-ht); its server takes either.")]
            #[cfg(feature = $feature)]
            pub const $constant: Mechanism = Mechanism {
                name: Member::$member.name(),
                properties: $properties,
                client: |context| Ok(Box::new(HtClient::new(&Member::$member, &Form::Deployed, context)?)),
                server: |context| Box::new(HtServer::new(&Member::$member, Takes::Either, context)),
            };
        )+
    };
}

family! {
    "ht" HT_SHA_256_EXPR SHA_256_EXPR UNIQUE "HT-SHA-256-EXPR"
    "ht" HT_SHA_256_UNIQ SHA_256_UNIQ UNIQUE "HT-SHA-256-UNIQ"
    "ht" HT_SHA_256_ENDP SHA_256_ENDP END_POINT "HT-SHA-256-ENDP"
    "ht" HT_SHA_256_NONE SHA_256_NONE NONE "HT-SHA-256-NONE"
    "ht-sha-512" HT_SHA_512_EXPR SHA_512_EXPR UNIQUE "HT-SHA-512-EXPR"
    "ht-sha-512" HT_SHA_512_UNIQ SHA_512_UNIQ UNIQUE "HT-SHA-512-UNIQ"
    "ht-sha-512" HT_SHA_512_ENDP SHA_512_ENDP END_POINT "HT-SHA-512-ENDP"
    "ht-sha-512" HT_SHA_512_NONE SHA_512_NONE NONE "HT-SHA-512-NONE"
    "ht-sha3-512" HT_SHA3_512_EXPR SHA3_512_EXPR UNIQUE "HT-SHA3-512-EXPR"
    "ht-sha3-512" HT_SHA3_512_UNIQ SHA3_512_UNIQ UNIQUE "HT-SHA3-512-UNIQ"
    "ht-sha3-512" HT_SHA3_512_ENDP SHA3_512_ENDP END_POINT "HT-SHA3-512-ENDP"
    "ht-sha3-512" HT_SHA3_512_NONE SHA3_512_NONE NONE "HT-SHA3-512-NONE"
}
