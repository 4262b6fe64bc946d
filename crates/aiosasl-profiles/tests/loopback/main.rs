//! Our clients against our servers, and each against peers that misbehave, on 127.0.0.1.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers as well")]

mod amqp;
mod dbus;
#[cfg(feature = "srv")]
mod dns;
mod dovecot;
mod everybody;
mod house;
mod http;
mod imap;
mod imap_login;
mod irc;
mod kafka;
mod layers;
mod ldap;
mod lmtp;
mod memcached;
mod mongodb;
mod mqtt;
mod nntp;
mod pop3;
mod pop3_login;
mod postgres;
mod runner;
mod saslauthd;
mod sieve;
mod smtp;
#[cfg(feature = "srv")]
mod srv;
mod svn;
mod tls;
mod xmpp;
mod xmpp_sasl2;
mod xmpp_server;
mod zookeeper;
