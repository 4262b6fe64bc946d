//! Our clients against our servers, and each against peers that misbehave, on 127.0.0.1.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

mod amqp;
mod house;
mod imap;
mod imap_login;
mod irc;
mod kafka;
mod layers;
mod memcached;
mod mongodb;
mod mqtt;
mod pop3;
mod postgres;
mod runner;
mod sieve;
mod smtp;
mod tls;
mod xmpp;
mod xmpp_sasl2;
mod xmpp_server;
