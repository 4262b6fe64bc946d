//! The protocols that SASL is used in: one room for each, messages to octets and back, client's and server's half.
//!
//! A codec is a value: it reads no socket and waits for nothing. [`net`] is the thin shell of tokio and rustls that
//! runs the codecs over a connection.

pub mod acap;
pub mod amqp091;
pub mod amqp10;
mod argument;
mod capability_lines;
pub mod cassandra;
mod class;
pub mod dbus;
pub mod dovecot;
mod first_word;
pub mod frame;
pub mod http;
pub mod imap;
pub mod irc;
pub mod kafka;
pub mod ldap;
pub mod line;
pub mod memcached;
pub mod mongodb;
pub mod mqtt;
#[cfg(feature = "net")]
pub mod net;
pub mod nntp;
pub mod pop3;
pub mod postgres;
mod said;
pub mod saslauthd;
pub mod sieve;
pub mod smtp;
pub mod svn;
mod wire_error;
pub mod xmpp;
pub mod zookeeper;

pub use first_word::FirstWord;
pub use said::Said;
pub use wire_error::{WireClass, WireError, printable};
