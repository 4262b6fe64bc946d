//! Where a server listens, and which protocol is spoken there.

use std::{net::SocketAddr, sync::Arc};

use aiosasl::{driver::Store, message::Outcome};
use tokio::net::TcpStream;

use super::{
    ServerConfig, serve_http, serve_imap, serve_irc, serve_kafka, serve_ldap, serve_lmtp,
    serve_mongodb, serve_mqtt, serve_nntp, serve_pop3, serve_postgres, serve_sieve, serve_smtp,
    serve_xmpp,
};
use crate::{WireClass, WireError, net::Protocol};

/// The protocols that have a server here.
pub const SERVED: &[Protocol] = &[
    Protocol::Http,
    Protocol::Imap,
    Protocol::Irc,
    Protocol::Kafka,
    Protocol::Ldap,
    Protocol::Lmtp,
    Protocol::Mongodb,
    Protocol::Mqtt,
    Protocol::Nntp,
    Protocol::Pop3,
    Protocol::Postgres,
    Protocol::Sieve,
    Protocol::Smtp,
    Protocol::Submission,
    Protocol::Xmpp,
];

/// A port, and what is spoken behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entrance {
    /// One of [`SERVED`].
    pub protocol: Protocol,
    /// Whether TLS begins at once (`imaps`).
    pub implicit_tls: bool,
    /// Where; port 0 is for any that is free.
    pub address: SocketAddr,
}

impl Entrance {
    /// The scheme of its URL: `imaps`.
    pub fn scheme(&self) -> &'static str {
        let implicit = self.protocol.implicit_tls_name().filter(|_| self.implicit_tls);
        implicit.unwrap_or_else(|| self.protocol.name())
    }
}

/// Serves one client of this protocol until it leaves, or has had its share; the last outcome is the result, `None`
/// where there was no exchange.
///
/// # Errors
///
/// A [`WireError`] where the connection ended before any exchange and without a farewell; class
/// [`Protocol`](WireClass::Protocol) for a protocol that is not among [`SERVED`].
pub async fn serve<S: Store + Send>(
    protocol: Protocol,
    stream: TcpStream,
    config: Arc<ServerConfig>,
    implicit_tls: bool,
    store: Arc<S>,
) -> Result<Option<Outcome>, WireError> {
    match protocol {
        Protocol::Http => serve_http(stream, config, implicit_tls, store).await,
        Protocol::Imap => serve_imap(stream, config, implicit_tls, store).await,
        Protocol::Irc => serve_irc(stream, config, implicit_tls, store).await,
        Protocol::Kafka => serve_kafka(stream, config, implicit_tls, store).await,
        Protocol::Lmtp => serve_lmtp(stream, config, implicit_tls, store).await,
        Protocol::Ldap => serve_ldap(stream, config, implicit_tls, store).await,
        Protocol::Mongodb => serve_mongodb(stream, config, implicit_tls, store).await,
        Protocol::Mqtt => serve_mqtt(stream, config, implicit_tls, store).await,
        Protocol::Nntp => serve_nntp(stream, config, implicit_tls, store).await,
        Protocol::Pop3 => serve_pop3(stream, config, implicit_tls, store).await,
        Protocol::Postgres => serve_postgres(stream, config, implicit_tls, store).await,
        Protocol::Sieve => serve_sieve(stream, config, implicit_tls, store).await,
        Protocol::Smtp | Protocol::Submission => {
            serve_smtp(stream, config, implicit_tls, store).await
        }
        Protocol::Xmpp => serve_xmpp(stream, config, implicit_tls, store).await,
        other => Err(unserved(other)),
    }
}

/// There is no server for this protocol here.
pub(super) fn unserved(protocol: Protocol) -> WireError {
    let name = protocol.name();
    WireError::new(WireClass::Protocol, format!("there is no server for {name} here"))
}
