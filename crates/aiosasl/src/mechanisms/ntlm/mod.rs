//! NTLM (MS-NLMP): NTLMv2 in three messages, for servers and clients that have nothing better.
//!
//! ```text
//!   C: NEGOTIATE      what it can
//!   S: CHALLENGE      eight octets, and what is to be known of the server
//!   C: AUTHENTICATE   who it is, and a proof over the challenge and all that was known
//! ```
//!
//! NTLMv1 and LM are not spoken, and there is no signing or sealing. Whoever plays the server can hand the messages on to
//! another one, unless channel bindings are compared.

mod av;
mod client;
pub mod keys;
mod message;
mod server;
mod text;

use alloc::boxed::Box;

use crate::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::NtlmClient;
pub use server::NtlmServer;

/// NTLM, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Guessable,
        needs: Needs::Password,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Legacy,
        reference: "MS-NLMP",
    },
    client: |context| Ok(Box::new(NtlmClient::new(context)?)),
    server: |context| Box::new(NtlmServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("NTLM");
