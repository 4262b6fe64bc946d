//! Our clients against our servers, and each against peers that misbehave, on 127.0.0.1.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

mod house;
mod imap;
mod irc;
mod kafka;
mod layers;
mod memcached;
mod mqtt;
mod pop3;
mod runner;
mod sieve;
mod smtp;
mod tls;
mod xmpp;
mod xmpp_server;
mod zookeeper;
