//! AWS_MSK_IAM (Kafka on AWS): a request that nobody sends, signed as if it were one to the broker.
//!
//! ```text
//!   C: {"version": "2020_10_22", "host": ..., "action": "kafka-cluster:Connect", "x-amz-signature": ..., ...}
//!   S: {"version": "2020_10_22", "request-id": ...}
//! ```
//!
//! The signature is AWS Signature Version 4 over `GET /?Action=kafka-cluster:Connect` with the broker as host, as the
//! README of `aws-msk-iam-auth` describes it. It can be used by whoever has it until it expires.

mod client;
mod message;
mod server;

use alloc::boxed::Box;

use aiosasl::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::MskClient;
pub use server::MskServer;

/// AWS_MSK_IAM, both halves; the server asks the system's clock (feature `std`), and lets nobody in where there is none.
/// [`MskServer`] says how to give it another one.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        // Whoever reads the message can come in with it until it ends.
        exposure: Exposure::Everything,
        needs: Needs::Foreign,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "aws-msk-iam-auth",
    },
    client: |context| Ok(Box::new(MskClient::new(context)?)),
    server: |context| Box::new(MskServer::new(context)),
};

const NAME: MechanismName = MechanismName::new("AWS_MSK_IAM");
