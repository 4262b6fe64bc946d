//! SAML20 (RFC 6595) and OPENID20 (RFC 6616): the proof happens in a browser, and the server hears of it elsewhere.
//!
//! ```text
//!   C: gs2-header, and the identity provider: its domain, or an OpenID identifier
//!   S: the URL to visit
//!   C: "="                     once the browser is back
//!   S: what the provider tells of its user, with the success          (OPENID20)
//!   S: why it refuses; C: "="; and then the failure                   (OPENID20)
//! ```
//!
//! What differs between the two is what a provider is, and what is told at the end: a `Form` is that, as data. Both open a
//! browser where the server wants to, so neither is chosen unless named.

mod client;
mod grammar;
#[cfg(feature = "openid20")]
mod openid20;
#[cfg(feature = "saml20")]
mod saml20;
mod server;

use alloc::boxed::Box;

use crate::mechanism::{
    ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerContext,
    ServerProof, Side, Standing,
};

pub use client::VisitClient;
#[cfg(feature = "openid20")]
pub use openid20::{Attribute, parse_attributes, spell_attributes};
pub use server::VisitServer;

/// SAML20 (RFC 6595), both halves.
#[cfg(feature = "saml20")]
pub const SAML20: Mechanism = Mechanism {
    name: saml20::FORM.name,
    properties: properties("RFC 6595"),
    client: |context| Ok(Box::new(VisitClient::new(&saml20::FORM, context.credentials)?)),
    server: |_: &ServerContext<'_>| Box::new(VisitServer::new(&saml20::FORM)),
};

/// OPENID20 (RFC 6616), both halves.
#[cfg(feature = "openid20")]
pub const OPENID20: Mechanism = Mechanism {
    name: openid20::FORM.name,
    properties: properties("RFC 6616"),
    client: |context| Ok(Box::new(VisitClient::new(&openid20::FORM, context.credentials)?)),
    server: |_: &ServerContext<'_>| Box::new(VisitServer::new(&openid20::FORM)),
};

const fn properties(reference: &'static str) -> Properties {
    Properties {
        first: Side::Client,
        exposure: Exposure::Nothing,
        needs: Needs::Visit,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference,
    }
}
