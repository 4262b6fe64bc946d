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
//! let port = Protocol::Imap.default_port();
//! let target = Target::new(Protocol::Imap, "imap.example.org", port);
//! let session = connect(&target, &Options::default()).await?;
//! println!("{:?} over {:?}", session.offer().mechanisms, session.tls());
//! session.close().await;
//! # Ok(())
//! # }
//! ```

mod body;
mod client;
mod offer;
mod opening;
mod options;
mod protocol;
mod sasl2;
pub mod server;
mod session;
mod socket;
#[cfg(feature = "srv")]
pub mod srv;
mod stream;
mod target;
mod tls;
mod transport;

pub use offer::Offer;
pub use options::{ClientCertificate, Event, Observer, Options, TlsMode, Trust};
pub use protocol::Protocol;
pub use sasl2::{FastToken, Granted, Sasl2Options, TokenWish, new_user_agent};
pub use session::{Session, connect};
pub use stream::AuthenticatedStream;
pub use target::Target;
pub use tls::TlsInfo;
