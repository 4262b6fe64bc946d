//! The other end: servers, far enough to authenticate. For demonstrations, tests, and as a model for servers that do
//! more.
//!
//! [`serve`] speaks with one client over one connection, in any of the protocols; a [`Server`] listens, and bounds what
//! its crowd of clients may cost.

mod config;
mod crowd;
mod dialogue;
mod door;
mod entrance;
mod event;
mod http;
mod identity;
mod imap;
mod irc;
mod kafka;
mod ldap;
mod mongodb;
mod mqtt;
mod nntp;
mod pop3;
mod postgres;
mod runner;
mod sieve;
mod smtp;
mod watcher;
mod xmpp;

pub use config::{Limits, ServerConfig, ServerTls};
pub use crowd::{CrowdLimits, Full};
pub use entrance::{Entrance, SERVED, serve};
pub use event::{ServerEvent, ServerObserver};
pub use http::serve_http;
pub use identity::certificate_identity;
pub use imap::serve_imap;
pub use irc::serve_irc;
pub use kafka::serve_kafka;
pub use ldap::serve_ldap;
pub use mongodb::serve_mongodb;
pub use mqtt::serve_mqtt;
pub use nntp::serve_nntp;
pub use pop3::serve_pop3;
pub use postgres::serve_postgres;
pub use runner::Server;
pub use sieve::serve_sieve;
pub use smtp::{serve_lmtp, serve_smtp};
pub use watcher::{Departure, Visit, Watcher};
pub use xmpp::serve_xmpp;
