//! What the clients of all protocols do alike while they open a connection.

use std::sync::Arc;

use aiosasl::name::MechanismName;

use super::{
    Event, Options, Target, TlsMode, Trust, socket, tls,
    transport::{self, Transport},
};
use crate::{WireClass, WireError, line::Ending};

/// A target and how to get there.
#[derive(Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) target: &'a Target,
    pub(crate) options: &'a Options,
}

impl Opening<'_> {
    /// Connects, with TLS from the start where that is wanted; `limit` is for lines, in octets.
    ///
    /// # Errors
    ///
    /// Class [`Connection`](WireClass::Connection) or [`Tls`](WireClass::Tls).
    pub(crate) async fn connect(&self, limit: usize) -> Result<Transport, WireError> {
        let broken = |error| transport::broken(&error);
        let (stream, address) = if let Some(path) = &self.target.socket {
            (socket::unix(path).await.map_err(broken)?, None)
        } else {
            let (host, port) = (self.target.server(), self.target.port);
            let connected = socket::connect(host, port, self.options).await;
            connected.map(|(stream, peer)| (stream, Some(peer))).map_err(broken)?
        };
        self.tell(Event::Connected {
            protocol: self.target.protocol,
            host: self.target.server(),
            address,
        });
        let mut transport = Transport::new(stream, limit, Ending::CrLfOrLf);
        if self.is_implicit() {
            self.secure(&mut transport).await?;
        }
        Ok(transport)
    }

    /// Whether to ask for TLS now, given that the server offers it or doesn't. A socket of this machine needs none, and no
    /// certificate names it.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls) where it was demanded and is not offered.
    pub(crate) fn wants_start_tls(&self, offered: bool) -> Result<bool, WireError> {
        match self.options.tls {
            TlsMode::Auto => Ok(offered && !self.is_implicit() && self.target.socket.is_none()),
            TlsMode::Implicit | TlsMode::Off => Ok(false),
            TlsMode::StartTls if offered => Ok(true),
            TlsMode::StartTls => Err(WireError::new(
                WireClass::Tls,
                "STARTTLS is wanted, and the server does not offer it",
            )),
        }
    }

    /// Puts the connection under TLS: the server has just agreed. What it said before must be asked anew.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls), also where it said more in the clear than that it agrees.
    pub(crate) async fn start_tls(&self, transport: &mut Transport) -> Result<(), WireError> {
        self.tell(Event::StartTls);
        self.secure(transport).await
    }

    /// The service that the server is to think of.
    pub(crate) fn service(&self) -> &str {
        self.options.service.as_deref().unwrap_or_else(|| self.target.protocol.service())
    }

    /// Tells whoever wants to know.
    pub(crate) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.options.observer {
            observer(event);
        }
    }

    /// Tells what is offered now.
    pub(crate) fn tell_offer(&self, mechanisms: &[MechanismName], capabilities: &[String]) {
        self.tell(Event::Offered { mechanisms, capabilities });
    }

    /// Whether TLS begins at once.
    pub(crate) fn is_implicit(&self) -> bool {
        match self.options.tls {
            TlsMode::Auto => self.options.implicit_by_scheme,
            TlsMode::Implicit => true,
            TlsMode::StartTls | TlsMode::Off => false,
        }
    }

    async fn secure(&self, transport: &mut Transport) -> Result<(), WireError> {
        let options = self.options;
        let mut config = tls::client_config(&options.trust, options.client_certificate.as_ref())?;
        let alpn = self.target.protocol.alpn().filter(|_| self.is_implicit());
        config.alpn_protocols = alpn.map(|it| it.as_bytes().to_vec()).into_iter().collect();
        let name = options.server_name.as_deref().unwrap_or(self.target.certificate_name());
        let verified = options.trust != Trust::Insecure;
        transport.connect_tls(Arc::new(config), tls::server_name(name)?, verified).await?;
        transport.retain_bindings(|kind| self.target.protocol.binds(kind));
        if let Some(info) = transport.tls() {
            self.tell(Event::Tls(info));
        }
        Ok(())
    }
}
