//! XMPP (RFC 6120): both halves of a stream as far as authentication goes; elements to values, never a socket.
//! [`StreamReader`] is the client's, [`server`] the other half.
//!
//! # Example: octets in, events out
//!
//! ```
//! use aiosasl_profiles::xmpp::{StreamEvent, StreamReader};
//!
//! # fn main() -> Result<(), aiosasl_profiles::WireError> {
//! let mut reader = StreamReader::new();
//! reader.push(
//!     b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>\
//!       <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
//!       <mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:fea",
//! )?;
//! assert!(matches!(reader.next_event()?, Some(StreamEvent::Opened(_))));
//! assert_eq!(reader.next_event()?, None);
//! reader.push(b"tures>")?;
//! let Some(StreamEvent::Features(features)) = reader.next_event()? else { panic!("expected features") };
//! assert_eq!(features.mechanisms, ["SCRAM-SHA-256"]);
//! # Ok(())
//! # }
//! ```

mod fault;
mod features;
pub mod sasl;
pub mod sasl2;
pub mod server;
mod stream;
mod xml;

pub use fault::{Condition, StreamFault};
pub use features::{Features, StartTls};
pub use stream::{StreamError, StreamEvent, StreamHeader, StreamReader, open};
pub use xml::{Element, WhiteSpace};

use aiosasl::profile::Profile;

/// What XMPP can carry: everything (RFC 6120 section 6).
pub const PROFILE: Profile = Profile::FULL;

/// The longest element on the level of the stream, in octets of XML; it holds the base64 of the longest challenge.
pub const MAX_ELEMENT: usize = 131_072;
/// How deep elements may stand in each other, the stream's own counted.
pub const MAX_DEPTH: usize = 16;
/// How many elements may stand in one on the level of the stream, whatever their depth.
pub const MAX_ELEMENTS: usize = 1024;

/// `<bind/>`, by which a logged-in client becomes addressable (RFC 6120 section 7).
pub const NS_BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// A resource that is bound with an exchange (XEP-0386).
pub const NS_BIND2: &str = "urn:xmpp:bind:0";
/// Channel binding types (XEP-0440).
pub const NS_CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// What a client's stream is about.
pub const NS_CLIENT: &str = "jabber:client";
/// Tokens (XEP-0484).
pub const NS_FAST: &str = "urn:xmpp:fast:0";
/// `<session/>`, which older clients ask for (RFC 3921 section 3).
pub const NS_SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// The conditions of stanza errors (RFC 6120 section 8.3).
pub const NS_STANZAS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// SASL (RFC 6120 section 6).
pub const NS_SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// Extensible SASL (XEP-0388).
pub const NS_SASL2: &str = "urn:xmpp:sasl:2";
/// The stream itself.
pub const NS_STREAM: &str = "http://etherx.jabber.org/streams";
/// The conditions of stream errors (RFC 6120 section 4.9).
pub const NS_STREAM_ERROR: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// STARTTLS (RFC 6120 section 5).
pub const NS_TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
