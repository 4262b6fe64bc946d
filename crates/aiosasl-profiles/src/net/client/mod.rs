//! The clients' ends, one room for each protocol, and what is asked of all of them.

use std::pin::Pin;

use aiosasl::{driver::Reply, message::ClientMessage, profile::Profile};

use super::{Granted, Offer, Protocol, opening::Opening, transport::Transport};
use crate::WireError;

mod amqp;
mod dbus;
mod dovecot;
mod http;
mod imap;
mod irc;
mod kafka;
mod last_word;
mod ldap;
mod memcached;
mod mongodb;
mod mqtt;
mod nntp;
mod own;
mod pop3;
mod postgres;
mod saslauthd;
pub(super) mod sieve;
mod smtp;
mod svn;
mod xmpp;
mod zookeeper;

/// Opens a connection in the target's protocol, and hears what the server offers.
///
/// # Errors
///
/// A [`WireError`], mostly of class [`Connection`](crate::WireClass::Connection), [`Tls`](crate::WireClass::Tls) or
/// [`Protocol`](crate::WireClass::Protocol).
pub(super) async fn open(opening: Opening<'_>) -> Result<Box<dyn AnyClient>, WireError> {
    Ok(match opening.target.protocol {
        Protocol::Amqp | Protocol::Amqp10 => amqp::open(opening).await?,
        Protocol::Dbus => Box::new(dbus::Client::open(opening).await?),
        Protocol::DovecotAuth => Box::new(dovecot::Client::open(opening).await?),
        Protocol::Http => Box::new(http::Client::open(opening).await?),
        Protocol::Imap => Box::new(imap::Client::open(opening).await?),
        Protocol::Irc => Box::new(irc::Client::open(opening).await?),
        Protocol::Kafka => Box::new(kafka::Client::open(opening).await?),
        Protocol::Memcached => Box::new(memcached::Client::open(opening).await?),
        Protocol::Ldap => Box::new(ldap::Client::open(opening).await?),
        Protocol::Mongodb => Box::new(mongodb::Client::open(opening).await?),
        Protocol::Mqtt => Box::new(mqtt::Client::open(opening).await?),
        Protocol::Nntp => Box::new(nntp::Client::open(opening).await?),
        Protocol::Pop3 => Box::new(pop3::Client::open(opening).await?),
        Protocol::Postgres => Box::new(postgres::Client::open(opening).await?),
        Protocol::Saslauthd => Box::new(saslauthd::Client::open(opening).await?),
        Protocol::Sieve => Box::new(sieve::Client::open(opening).await?),
        Protocol::Lmtp | Protocol::Smtp | Protocol::Submission => {
            Box::new(smtp::Client::open(opening).await?)
        }
        Protocol::Svn => Box::new(svn::Client::open(opening).await?),
        Protocol::Xmpp => Box::new(xmpp::Client::open(opening).await?),
        Protocol::Zookeeper => Box::new(zookeeper::Client::open(opening).await?),
    })
}

/// A connection to a server of one protocol.
pub(super) trait Client: Send + 'static {
    /// Says something of an exchange, and waits for the answer.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where the server refuses, breaks the protocol, or is gone.
    fn say(
        &mut self,
        message: &ClientMessage,
    ) -> impl Future<Output = Result<Reply, WireError>> + Send;

    /// Says good bye, where the conversation still makes sense, and hangs up.
    fn close(&mut self, usable: bool) -> impl Future<Output = ()> + Send;

    /// What the server offers.
    fn offer(&self) -> &Offer;

    /// What the protocol can carry, here and now.
    fn profile(&self) -> Profile;

    /// The connection.
    fn transport(&self) -> &Transport;

    /// The connection, to do something with.
    fn transport_mut(&mut self) -> &mut Transport;

    /// The connection, and nothing around it: with all that was read so far.
    fn into_transport(self) -> Transport;

    /// Whether the server has said that it hangs up. Most have no words for it.
    fn has_ended(&self) -> bool {
        false
    }

    /// The server's last words, as they came; empty where words are none of the protocol's.
    fn last_words(&self) -> &[u8] {
        &[]
    }

    /// What the server has said together with a success. Few have room for it.
    fn granted(&self) -> Option<&Granted> {
        None
    }
}

/// A future that has to be boxed.
type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The same, whatever the protocol.
pub(super) trait AnyClient: Send {
    /// [`Client::say`].
    fn say<'a>(&'a mut self, message: &'a ClientMessage) -> Boxed<'a, Result<Reply, WireError>>;
    /// [`Client::close`].
    fn close(&mut self, usable: bool) -> Boxed<'_, ()>;
    /// [`Client::offer`].
    fn offer(&self) -> &Offer;
    /// [`Client::profile`].
    fn profile(&self) -> Profile;
    /// [`Client::transport`].
    fn transport(&self) -> &Transport;
    /// [`Client::transport_mut`].
    fn transport_mut(&mut self) -> &mut Transport;
    /// [`Client::into_transport`].
    fn into_transport(self: Box<Self>) -> Transport;
    /// [`Client::has_ended`].
    fn has_ended(&self) -> bool;
    /// [`Client::last_words`].
    fn last_words(&self) -> &[u8];
    /// [`Client::granted`].
    fn granted(&self) -> Option<&Granted>;
}

impl<C: Client> AnyClient for C {
    fn say<'a>(&'a mut self, message: &'a ClientMessage) -> Boxed<'a, Result<Reply, WireError>> {
        Box::pin(Client::say(self, message))
    }

    fn close(&mut self, usable: bool) -> Boxed<'_, ()> {
        Box::pin(Client::close(self, usable))
    }

    fn offer(&self) -> &Offer {
        Client::offer(self)
    }

    fn profile(&self) -> Profile {
        Client::profile(self)
    }

    fn transport(&self) -> &Transport {
        Client::transport(self)
    }

    fn transport_mut(&mut self) -> &mut Transport {
        Client::transport_mut(self)
    }

    fn into_transport(self: Box<Self>) -> Transport {
        Client::into_transport(*self)
    }

    fn has_ended(&self) -> bool {
        Client::has_ended(self)
    }

    fn last_words(&self) -> &[u8] {
        Client::last_words(self)
    }

    fn granted(&self) -> Option<&Granted> {
        Client::granted(self)
    }
}
