//! A connection on which somebody can log in, whatever its protocol.

use std::{fmt, time::Duration};

use aiosasl::{
    binding::ChannelBinding,
    driver::{Reply, SaslError, SaslInterface},
    layer::SecurityLayer,
    message::{ClientMessage, Response},
    name::MechanismName,
    policy::ChannelSecurity,
    profile::Profile,
};
use tokio::time::timeout;

use super::{
    AuthenticatedStream, Event, Observer, Offer, Options, Protocol, Target, TlsInfo, imap, irc,
    opening::Opening, pop3, sieve, smtp, xmpp,
};
use crate::{WireClass, WireError, printable};

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Connects to a server, speaks TLS as far as wanted and possible, and hears what it offers.
///
/// The whole has no time limit of its own: the caller sets one, and may drop the future at any time.
///
/// # Errors
///
/// A [`WireError`], mostly of class [`Connection`](WireClass::Connection), [`Tls`](WireClass::Tls) or
/// [`Protocol`](WireClass::Protocol).
pub async fn connect(target: &Target, options: &Options) -> Result<Session, WireError> {
    let opening = Opening { target, options };
    let client = match target.protocol {
        Protocol::Imap => Client::Imap(Box::new(imap::Client::open(opening).await?)),
        Protocol::Irc => Client::Irc(Box::new(irc::Client::open(opening).await?)),
        Protocol::Pop3 => Client::Pop3(Box::new(pop3::Client::open(opening).await?)),
        Protocol::Sieve => Client::Sieve(Box::new(sieve::Client::open(opening).await?)),
        Protocol::Smtp | Protocol::Submission => {
            Client::Smtp(Box::new(smtp::Client::open(opening).await?))
        }
        Protocol::Xmpp => Client::Xmpp(Box::new(xmpp::Client::open(opening).await?)),
    };
    Ok(Session { client, usable: true, observer: options.observer.clone() })
}

/// A connection on which somebody can log in.
///
/// After an error that leaves the conversation in doubt, and after a future that was dropped half-way, every further
/// call fails with class [`Connection`](WireClass::Connection).
pub struct Session {
    client: Client,
    usable: bool,
    observer: Option<Observer>,
}

enum Client {
    Imap(Box<imap::Client>),
    Irc(Box<irc::Client>),
    Pop3(Box<pop3::Client>),
    Sieve(Box<sieve::Client>),
    Smtp(Box<smtp::Client>),
    Xmpp(Box<xmpp::Client>),
}

/// Calls the same method of whichever client it is.
macro_rules! each {
    ($client:expr, $it:ident => $call:expr) => {
        match $client {
            Client::Imap($it) => $call,
            Client::Irc($it) => $call,
            Client::Pop3($it) => $call,
            Client::Sieve($it) => $call,
            Client::Smtp($it) => $call,
            Client::Xmpp($it) => $call,
        }
    };
}

impl Session {
    /// Says good bye and hangs up.
    pub async fn close(mut self) {
        let usable = self.usable;
        let closing = async { each!(&mut self.client, it => it.close(usable).await) };
        // A server that does not answer is left alone.
        let _ = timeout(FAREWELL, closing).await;
    }

    /// What the server offers.
    pub fn offer(&self) -> &Offer {
        each!(&self.client, it => it.offer())
    }

    /// What is known of TLS, where there is any.
    pub fn tls(&self) -> Option<&TlsInfo> {
        each!(&self.client, it => it.transport().tls())
    }

    /// What an exchange can be tied to.
    pub fn bindings(&self) -> &[ChannelBinding] {
        each!(&self.client, it => it.transport().bindings())
    }

    /// Whether somebody can read along, or play the server: only TLS with a verified certificate is confidential.
    pub fn security(&self) -> ChannelSecurity {
        match self.tls() {
            Some(TlsInfo { verified: true, .. }) => ChannelSecurity::Confidential,
            _ => ChannelSecurity::Open,
        }
    }

    /// How strong the channel's own protection is, in the bits of TLS's key; 0 where there is none, or nobody knows who
    /// is at its other end.
    pub fn strength(&self) -> u16 {
        self.tls().filter(|tls| tls.verified).map_or(0, TlsInfo::strength)
    }

    /// Whether a security layer can be put around what follows: ask a policy for one only where it can.
    pub fn carries_layers(&self) -> bool {
        !matches!(self.client, Client::Irc(_) | Client::Xmpp(_))
    }

    /// Puts the security layer that a mechanism has negotiated around all that follows.
    ///
    /// # Errors
    ///
    /// Class [`Protocol`](WireClass::Protocol) where what the server has said already is damaged;
    /// [`Policy`](WireClass::Policy) in protocols that have no room for one ([`Protocol::carries_layers`]).
    pub fn protect(&mut self, layer: Box<dyn SecurityLayer>) -> Result<(), WireError> {
        if !self.carries_layers() {
            let text = "a security layer was negotiated, and this protocol has no room for one";
            return Err(WireError::new(WireClass::Policy, text));
        }
        each!(&mut self.client, it => it.transport_mut().protect(layer))
    }

    /// The stream of somebody who has logged in, for a client of the protocol to go on with; nothing that was read so far
    /// is lost. `None` where the connection is closed.
    pub fn into_stream(self) -> Option<AuthenticatedStream> {
        each!(self.client, it => it.into_transport().into_stream())
    }

    async fn say(&mut self, message: ClientMessage) -> Result<Reply, WireError> {
        if !std::mem::take(&mut self.usable) {
            return Err(WireError::new(
                WireClass::Connection,
                "the conversation was broken off before: a new connection is needed",
            ));
        }
        let reply = each!(&mut self.client, it => it.say(&message).await);
        self.usable = match &reply {
            Ok(_) => true,
            Err(error) => {
                let is_told = error.code.is_some() && error.class != WireClass::Connection;
                is_told && !each!(&self.client, it => it.has_ended())
            }
        };
        if let (Ok(Reply::Success(_)), Some(observer)) = (&reply, &self.observer) {
            let words = each!(&self.client, it => it.last_words());
            observer(Event::Success(&printable(words)));
        }
        reply
    }
}

impl SaslInterface for Session {
    fn profile(&self) -> Profile {
        each!(&self.client, it => it.profile())
    }

    fn is_usable(&self) -> bool {
        self.usable
    }

    async fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> Result<Reply, SaslError> {
        let message = ClientMessage::Authenticate { mechanism, initial_response: payload };
        Ok(self.say(message).await?)
    }

    async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
        Ok(self.say(ClientMessage::Response(payload)).await?)
    }

    async fn abort(&mut self) -> Result<Reply, SaslError> {
        Ok(self.say(ClientMessage::Abort).await?)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("offer", self.offer())
            .field("tls", &self.tls())
            .finish_non_exhaustive()
    }
}
