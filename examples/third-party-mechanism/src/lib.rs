//! X-TOKEN, a mechanism of nobody but this crate: a device shows its token, and is greeted by name.
//!
//! ```text
//!   C: device NUL token
//!   S: "welcome, " device        (the last words, with the success)
//! ```
//!
//! [`MECHANISM`] is all that a sans-I/O exchange or [`FromMechanism`](aiosasl::driver::FromMechanism) needs, on either
//! side. [`StraightToken`] is the client once more, written as one async function, for who prefers that.

mod client;
mod server;
mod straight;

use aiosasl::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::TokenClient;
pub use server::TokenServer;
pub use straight::StraightToken;

/// The mechanism's name.
pub const NAME: MechanismName = MechanismName::new("X-TOKEN");

/// Both halves of the mechanism.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: PROPERTIES,
    client: |context| Ok(Box::new(TokenClient::new(context)?)),
    server: |_| Box::new(TokenServer::new()),
};

/// Whoever reads along has the token: drivers keep it off open channels by themselves.
const PROPERTIES: Properties = Properties {
    first: Side::Client,
    exposure: Exposure::Everything,
    needs: Needs::Password,
    server_proof: ServerProof::None,
    binds: Binds::Nothing,
    active_attacks: ActiveAttacks::Exposed,
    forward_secrecy: ForwardSecrecy::None,
    layer_strength: 0,
    standing: Standing::Current,
    reference: "examples/third-party-mechanism",
};

/// What the server says to a device that it knows.
fn greeting(device: &str) -> Vec<u8> {
    format!("welcome, {device}").into_bytes()
}
