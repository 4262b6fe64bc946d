//! aiosasl's async layer: the only floor that awaits.

mod error;
mod interface;

pub use error::{AuthenticationFailure, OpaqueError, SaslError, SaslFailure};
pub use interface::{Reply, SaslInterface};
