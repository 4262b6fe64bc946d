//! SECURID (RFC 2808): the code that a device shows, good for once.
//!
//! ```text
//!   C: as whom to act, name, passcode
//!   S: passcode              (only where the device's next code is wanted, too)
//!   C: as whom to act, name, next passcode
//!   S: pin, a proposal       (only where the user has to choose a new PIN)
//!   C: as whom to act, name, passcode, PIN
//! ```

mod client;
mod message;
mod server;

use alloc::boxed::Box;

use crate::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::SecuridClient;
pub use server::SecuridServer;

/// SECURID, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Passcode,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "RFC 2808",
    },
    client: |context| Ok(Box::new(SecuridClient::new(context)?)),
    server: |context| Box::new(SecuridServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("SECURID");
