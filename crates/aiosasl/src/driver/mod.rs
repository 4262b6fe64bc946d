//! aiosasl's async layer: the only floor that awaits.

mod binding;
pub mod blocking;
mod connection;
mod credentials;
mod error;
mod fallback;
mod from_mechanism;
mod interface;
mod mechanism;
#[cfg(any(feature = "anonymous", feature = "external", feature = "plain", feature = "scram-core"))]
mod mechanisms;
mod negotiate;
mod query;
mod rendezvous;
mod server;
mod state;
mod state_machine;

pub use binding::ChannelBindingProvider;
pub use connection::Connection;
pub use credentials::{CredentialProvider, IntoCredentials};
pub use error::{AuthenticationFailure, OpaqueError, SaslError, SaslFailure};
pub use from_mechanism::FromMechanism;
pub use interface::{Reply, SaslInterface};
pub use mechanism::{AuthenticationReport, BoxFuture, SaslMechanism, Token, authenticate, drive};
#[cfg(feature = "anonymous")]
pub use mechanisms::Anonymous;
#[cfg(feature = "external")]
pub use mechanisms::External;
#[cfg(feature = "plain")]
pub use mechanisms::Plain;
#[cfg(feature = "scram-core")]
pub use mechanisms::{Scram, ScramPlus};
pub use negotiate::{Choice, Considered, Negotiated, NegotiationError, negotiate};
pub use query::{InSlices, QueryProvider};
pub use server::{ServerInterface, Store, serve};
pub use state::{SaslState, SaslStep};
pub use state_machine::SaslStateMachine;
