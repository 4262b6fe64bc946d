//! GSSAPI (RFC 4752), GS2-KRB5 and GS2-KRB5-PLUS (RFC 5801), and GSS-SPNEGO: a GSS-API provider proves, Kerberos mostly.
//!
//! ```text
//!   GSSAPI                                  GS2-KRB5, GS2-KRB5-PLUS             GSS-SPNEGO
//!   C: token                                C: gs2-header, token without        C: token
//!   S: token                                   what names the mechanism         S: token
//!   ...  until both contexts stand          S: token                            ...
//!   S: wrapped(layers, size)                ...
//!   C: wrapped(layer, size, authzid)
//! ```
//!
//! The provider is the caller's: a mechanism asks for a context ([`Gss`](crate::query::Gss)), then for one call on it after the other.
//! The account's name is the initiator's principal, `user@EXAMPLE.ORG`, or `user` where the server's
//! [`Service::realms`](crate::mechanism::Service) list that realm.

mod client;
mod context;
#[cfg(feature = "gs2")]
mod gs2_client;
#[cfg(feature = "gs2")]
mod gs2_server;
mod layer;
mod message;
mod server;
#[cfg(feature = "gss-spnego")]
mod spnego_server;
#[cfg(feature = "gs2")]
mod token;

use alloc::boxed::Box;

pub use client::GssapiClient;
#[cfg(feature = "gs2")]
pub use gs2_client::Gs2Client;
#[cfg(feature = "gs2")]
pub use gs2_server::Gs2Server;
pub use message::{Choice, Layers, Offer, Sizes};
pub use server::GssapiServer;
#[cfg(feature = "gss-spnego")]
pub use spnego_server::SpnegoServer;
#[cfg(all(feature = "gs2", feature = "sha-1"))]
pub use token::gs2_name;
#[cfg(feature = "gs2")]
pub use token::{restore_header, strip_header};

use crate::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

/// The object identifier of Kerberos, 1.2.840.113554.1.2.2 (RFC 1964 section 1): the contents of its DER.
pub const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];

/// The object identifier of SPNEGO, 1.3.6.1.5.5.2 (RFC 4178 section 3): the contents of its DER.
pub const SPNEGO: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];

/// GSSAPI (RFC 4752), both halves: Kerberos alone. A buffer's size where there is no layer is ignored, since widely used
/// servers name one.
pub const GSSAPI: Mechanism = Mechanism {
    name: MechanismName::new("GSSAPI"),
    properties: properties(Binds::Nothing, LAYERS, "RFC 4752"),
    client: |context| Ok(Box::new(GssapiClient::new(context, Sizes::Lenient)?)),
    server: |context| Box::new(GssapiServer::new(context, Sizes::Lenient)),
};

/// The same to the letter: a size where there is no layer is refused (RFC 4752 section 3.1); in no list.
pub const GSSAPI_STRICT: Mechanism = Mechanism {
    client: |context| Ok(Box::new(GssapiClient::new(context, Sizes::Strict)?)),
    server: |context| Box::new(GssapiServer::new(context, Sizes::Strict)),
    ..GSSAPI
};

/// GS2-KRB5 (RFC 5801), both halves.
#[cfg(feature = "gs2")]
pub const GS2_KRB5: Mechanism = Mechanism {
    name: MechanismName::new("GS2-KRB5"),
    properties: properties(Binds::Nothing, 0, "RFC 5801"),
    client: |context| Ok(Box::new(Gs2Client::new(GS2_KRB5.name, context)?)),
    server: |context| Box::new(Gs2Server::new(GS2_KRB5.name, context)),
};

/// GS2-KRB5-PLUS (RFC 5801), both halves.
#[cfg(feature = "gs2")]
pub const GS2_KRB5_PLUS: Mechanism = Mechanism {
    name: MechanismName::new("GS2-KRB5-PLUS"),
    properties: properties(Binds::Channel, 0, "RFC 5801"),
    client: |context| Ok(Box::new(Gs2Client::new(GS2_KRB5_PLUS.name, context)?)),
    server: |context| Box::new(Gs2Server::new(GS2_KRB5_PLUS.name, context)),
};

/// GSS-SPNEGO, both halves: whatever SPNEGO (RFC 4178) agrees on.
#[cfg(feature = "gss-spnego")]
pub const GSS_SPNEGO: Mechanism = Mechanism {
    name: MechanismName::new("GSS-SPNEGO"),
    properties: properties(Binds::Nothing, LAYERS, "Microsoft"),
    client: |context| Ok(Box::new(GssapiClient::spnego(context)?)),
    server: |context| Box::new(SpnegoServer::new(context)),
};

/// The strongest layer: Kerberos with AES-256.
const LAYERS: u16 = 256;

const fn properties(binds: Binds, layer_strength: u16, reference: &'static str) -> Properties {
    Properties {
        first: Side::Client,
        exposure: Exposure::Nothing,
        needs: Needs::Ticket,
        server_proof: ServerProof::Mutual,
        binds,
        active_attacks: ActiveAttacks::Resisted,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength,
        standing: Standing::Current,
        reference,
    }
}
