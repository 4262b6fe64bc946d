//! The shell of tokio and rustls: it connects, speaks TLS, and runs the codecs over a socket. The only room of this
//! crate that reads a socket or a clock.
//!
//! [`connect`] gives a [`Session`], which is a [`SaslInterface`](aiosasl::driver::SaslInterface), whatever the
//! protocol. [`server`] has the other end.
//!
//! # Example: what a server offers, and over what
//!
//! ```no_run
//! # async fn example() -> Result<(), aiosasl_profiles::WireError> {
//! use aiosasl_profiles::net::{Options, Protocol, Target, connect};
//!
//! let host = "imap.example.org".to_owned();
//! let port = Protocol::Imap.default_port();
//! let target = Target { protocol: Protocol::Imap, host, port, user: None };
//! let session = connect(&target, &Options::default()).await?;
//! println!("{:?} over {:?}", session.offer().mechanisms, session.tls());
//! session.close().await;
//! # Ok(())
//! # }
//! ```

mod imap;
mod irc;
mod offer;
mod opening;
mod options;
mod pop3;
pub mod server;
mod session;
mod sieve;
mod smtp;
mod stream;
mod target;
mod tls;
mod transport;
mod xmpp;

pub use offer::Offer;
pub use options::{ClientCertificate, Event, Observer, Options, TlsMode, Trust};
pub use session::{Session, connect};
pub use stream::AuthenticatedStream;
pub use target::{Protocol, Target};
pub use tls::TlsInfo;
