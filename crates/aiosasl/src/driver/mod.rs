//! aiosasl's async layer: the only floor that awaits.

mod error;
mod interface;
mod server;

pub use error::{AuthenticationFailure, OpaqueError, SaslError, SaslFailure};
pub use interface::{Reply, SaslInterface};
pub use server::{ServerInterface, Store, serve};
