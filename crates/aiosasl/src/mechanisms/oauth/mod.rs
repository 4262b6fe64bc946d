//! OAUTHBEARER, OAUTH10A (RFC 7628) and XOAUTH2: the client shows a token, or what it signed with one; a server that refuses
//! it says what it wants.
//!
//! ```text
//!   C: who, to whom, the token
//!   S: status, scope, where to get another       (only where it refuses)
//!   C: 0x01, or nothing in XOAUTH2               (so that it can fail)
//! ```
//!
//! What differs between them is how the first message is spelled, and the answer to the error: a `Form` is that, as data.

#[cfg(feature = "oauthbearer")]
mod bearer;
mod client;
mod grammar;
mod json;
mod server;
#[cfg(feature = "oauth10a")]
mod signed;
mod told;
#[cfg(feature = "xoauth2")]
mod xoauth2;

use alloc::boxed::Box;

use crate::{
    error::Reason,
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties,
        ServerContext, ServerProof, Side, Standing,
    },
    token::TokenRefusal,
};

pub use client::OauthClient;
pub use server::OauthServer;
#[cfg(feature = "oauth10a")]
pub use signed::{Oauth10a, parse_oauth10a};

/// OAUTHBEARER (RFC 7628), both halves.
#[cfg(feature = "oauthbearer")]
pub const OAUTHBEARER: Mechanism = Mechanism {
    name: bearer::FORM.name,
    properties: properties("RFC 7628", Standing::Current),
    client: |context| Ok(Box::new(OauthClient::in_context(&bearer::FORM, context)?)),
    server: |_: &ServerContext<'_>| Box::new(OauthServer::new(&bearer::FORM)),
};

/// XOAUTH2, which some large providers speak instead, both halves.
#[cfg(feature = "xoauth2")]
pub const XOAUTH2: Mechanism = Mechanism {
    name: xoauth2::FORM.name,
    properties: properties("Google, Microsoft", Standing::Current),
    client: |context| Ok(Box::new(OauthClient::new(&xoauth2::FORM, context.credentials)?)),
    server: |_: &ServerContext<'_>| Box::new(OauthServer::new(&xoauth2::FORM)),
};

/// OAUTH10A (RFC 7628), both halves; for old peers, since nobody is known to speak it any more.
#[cfg(feature = "oauth10a")]
pub const OAUTH10A: Mechanism = Mechanism {
    name: signed::FORM.name,
    properties: properties("RFC 7628", Standing::Legacy),
    client: |context| Ok(Box::new(OauthClient::in_context(&signed::FORM, context)?)),
    server: |_: &ServerContext<'_>| Box::new(OauthServer::new(&signed::FORM)),
};

const fn properties(reference: &'static str, standing: Standing) -> Properties {
    Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Token,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing,
        reference,
    }
}

/// Reads what a server says of a token that it refuses (RFC 7628 section 3.2.2).
///
/// # Example: the members that a client can use
///
/// ```
/// use aiosasl::mechanisms::oauth::parse_refusal;
///
/// # fn main() -> Result<(), aiosasl::error::Reason> {
/// let told = parse_refusal(br#"{"status":"invalid_token","schemes":"bearer","scope":"mail"}"#)?;
/// assert_eq!(&*told.status, "invalid_token");
/// assert_eq!(told.scope.as_deref(), Some("mail"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The [`Reason`] why it is none: not UTF-8, no JSON object, longer than 8192 octets, no status, or a configuration
/// that is not on https.
pub fn parse_refusal(octets: &[u8]) -> Result<TokenRefusal, Reason> {
    told::parse(octets)
}
