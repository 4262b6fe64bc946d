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
    AuthenticatedStream, Event, Granted, Observer, Offer, Options, Protocol, Target, TlsInfo,
    client::{self, AnyClient},
    opening::Opening,
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
    #[cfg(feature = "srv")]
    if target.is_domain && target.socket.is_none() {
        let open = |target, options| async move { open(&target, &options).await };
        return super::srv::first(target, options, open).await;
    }
    open(target, options).await
}

async fn open(target: &Target, options: &Options) -> Result<Session, WireError> {
    let client = client::open(Opening { target, options }).await?;
    Ok(Session {
        client,
        protocol: target.protocol,
        target: target.clone(),
        usable: true,
        observer: options.observer.clone(),
    })
}

/// A connection on which somebody can log in.
///
/// After an error that leaves the conversation in doubt, and after a future that was dropped half-way, every further
/// call fails with class [`Connection`](WireClass::Connection).
pub struct Session {
    client: Box<dyn AnyClient>,
    protocol: Protocol,
    target: Target,
    usable: bool,
    observer: Option<Observer>,
}

impl Session {
    /// Says good bye and hangs up.
    pub async fn close(mut self) {
        let usable = self.usable;
        let closing = async { self.client.close(usable).await };
        // A server that does not answer is left alone.
        let _ = timeout(FAREWELL, closing).await;
    }

    /// Where it is connected to: of a domain's servers the one that answered.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What the server offers.
    pub fn offer(&self) -> &Offer {
        self.client.offer()
    }

    /// What is known of TLS, where there is any.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.client.transport().tls()
    }

    /// What an exchange can be tied to.
    pub fn bindings(&self) -> &[ChannelBinding] {
        self.client.transport().bindings()
    }

    /// What the server has said together with the success, where the protocol has room for that: who we are now, whether
    /// a resource was bound, a token for later logins ([`Options::sasl2`]).
    pub fn granted(&self) -> Option<&Granted> {
        self.client.granted()
    }

    /// Whether somebody can read along, or play the server: TLS with a verified certificate is confidential, and so is a
    /// Unix socket. Its octets never leave this machine's kernel, and whoever may put a server at its path is whom the
    /// permissions of its folders let do so. TCP to this machine is not: anybody's program may listen on a port.
    pub fn security(&self) -> ChannelSecurity {
        match self.tls() {
            Some(TlsInfo { verified: true, .. }) => ChannelSecurity::Confidential,
            None if self.client.transport().is_local() => ChannelSecurity::Confidential,
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
        self.protocol.carries_layers()
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
        self.client.transport_mut().protect(layer)
    }

    /// The stream of somebody who has logged in, for a client of the protocol to go on with; nothing that was read so far
    /// is lost. `None` where the connection is closed.
    pub fn into_stream(self) -> Option<AuthenticatedStream> {
        self.client.into_transport().into_stream()
    }

    async fn say(&mut self, message: ClientMessage) -> Result<Reply, WireError> {
        if !std::mem::take(&mut self.usable) {
            return Err(WireError::new(
                WireClass::Connection,
                "the conversation was broken off before: a new connection is needed",
            ));
        }
        let reply = self.client.say(&message).await;
        self.usable = match &reply {
            Ok(_) => true,
            Err(error) => {
                let is_told = error.code.is_some() && error.class != WireClass::Connection;
                is_told && !self.client.has_ended()
            }
        };
        if let (Ok(Reply::Success(_)), Some(observer)) = (&reply, &self.observer) {
            let words = self.client.last_words();
            observer(Event::Success(&printable(words)));
        }
        reply
    }
}

impl SaslInterface for Session {
    fn profile(&self) -> Profile {
        self.client.profile()
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
