//! OTP (RFC 2444 on RFC 2289): a password for each login, and each is the hash of the next one.
//!
//! ```text
//!   C: as whom to act, name
//!   S: otp-md5 499 ke1234 ext            algorithm, sequence number, seed
//!   C: hex:5bf075d9959d036f              or six words; or, with init-hex, the first of a new sequence, too
//! ```

mod client;
mod dictionary;
mod message;
mod password;
mod server;

use alloc::boxed::Box;

use crate::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::{OtpClient, Renewal, Spelling};
pub use message::{MAX_SEQUENCE, OneTimeState};
pub use password::{Algorithm, OneTimePassword};
pub use server::OtpServer;

/// OTP, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Guessable,
        needs: Needs::Passcode,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "RFC 2444",
    },
    client: |context| Ok(Box::new(OtpClient::new(context)?)),
    server: |context| Box::new(OtpServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("OTP");
