//! The shell of tokio and rustls: it connects, speaks TLS, and runs the codecs over a socket. The only room of this
//! crate that reads a socket or a clock.
//!
//! [`connect`] gives a [`Session`], which is a [`SaslInterface`](aiosasl::driver::SaslInterface), whatever the
//! protocol. [`server`] has the other end.

mod imap;
mod offer;
mod opening;
mod options;
pub mod server;
mod session;
mod smtp;
mod target;
mod tls;
mod transport;
mod xmpp;

pub use offer::Offer;
pub use options::{ClientCertificate, Event, Observer, Options, TlsMode, Trust};
pub use session::{Session, connect};
pub use target::{Protocol, Target};
pub use tls::TlsInfo;
