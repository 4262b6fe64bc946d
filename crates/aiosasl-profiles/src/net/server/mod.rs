//! The other end: servers, far enough to authenticate. For demonstrations, tests, and as a model for servers that do
//! more.

mod config;
mod door;
mod identity;
mod imap;
mod irc;
mod pop3;
mod sieve;
mod smtp;

pub use config::{Limits, ServerConfig, ServerTls};
pub use identity::certificate_identity;
pub use imap::serve_imap;
pub use irc::serve_irc;
pub use pop3::serve_pop3;
pub use sieve::serve_sieve;
pub use smtp::serve_smtp;
