//! How to connect, and whom to tell about it.

use std::{fmt, net::SocketAddr, sync::Arc};

use aiosasl::{message::ClientMessage, name::MechanismName, secret::Secret};

use super::{Protocol, Sasl2Options, TlsInfo};

/// How to connect; the default is TLS where it can be had, trusting the platform's roots.
#[derive(Clone, Default)]
pub struct Options {
    /// When TLS begins.
    pub tls: TlsMode,
    /// Whether the URL's scheme asks for TLS from the start (`imaps`).
    pub implicit_by_scheme: bool,
    /// Whom to believe that the server is who it says it is.
    pub trust: Trust,
    /// The name that the server's certificate must have, where it is not the target's host.
    pub server_name: Option<String>,
    /// What to show a server that asks who we are.
    pub client_certificate: Option<ClientCertificate>,
    /// A request that an exchange begins with, for protocols that can send it along with their first question (MongoDB): the
    /// same request, said in the session, is then answered without another round trip. What it says is sent before anything
    /// is known of the server: only under TLS where that matters.
    pub speculation: Option<ClientMessage>,
    /// Whom to ask for names and for SRV records, instead of the platform's name servers.
    #[cfg(feature = "srv")]
    pub name_server: Option<SocketAddr>,
    /// The service that a server is told of where it checks logins for others (Dovecot's authentication, saslauthd), where
    /// that is not the protocol's own: `imap`.
    pub service: Option<String>,
    /// What to ask for together with an exchange, where the protocol has room for it: XMPP.
    pub sasl2: Sasl2Options,
    /// Who is told how it goes.
    pub observer: Option<Observer>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("tls", &self.tls)
            .field("implicit_by_scheme", &self.implicit_by_scheme)
            .field("trust", &self.trust)
            .field("server_name", &self.server_name)
            .field("client_certificate", &self.client_certificate)
            .field("service", &self.service)
            .field("sasl2", &self.sasl2)
            .finish_non_exhaustive()
    }
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// From the start where the scheme says so, else with STARTTLS where the server offers it.
    ///
    /// Somebody in between can take the offer away; the channel is then open, and policy has the last word.
    #[default]
    Auto,
    /// From the start.
    Implicit,
    /// With STARTTLS, or not at all: a server that does not offer it is an error.
    StartTls,
    /// Never.
    Off,
}

/// Whom to believe that the server is who it says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// The platform's roots.
    #[default]
    Platform,
    /// These certificates (PEM, one or more), and no others.
    Ca(Vec<u8>),
    /// Anybody. The channel is not confidential then, whatever its cipher: nobody knows who is at its other end.
    Insecure,
}

/// A client's certificate, for servers that ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and those above it (PEM).
    pub chain: Vec<u8>,
    /// Its private key (PEM: PKCS #8, PKCS #1 or SEC 1).
    pub key: Secret,
}

/// Who is told how it goes.
pub type Observer = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// What happens around an exchange; never a secret, and a peer's words are made
/// [`printable`](crate::printable).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// There is a connection.
    Connected {
        /// In this protocol.
        protocol: Protocol,
        /// To this name.
        host: &'a str,
        /// At this address; `None` for a Unix socket.
        address: Option<SocketAddr>,
    },
    /// The server's first words.
    Greeting(&'a str),
    /// What it offers: now, that is before or after TLS.
    Offered {
        /// The mechanisms.
        mechanisms: &'a [MechanismName],
        /// All that it says about itself.
        capabilities: &'a [String],
    },
    /// We ask for TLS, and the server agrees.
    StartTls,
    /// TLS it is.
    Tls(&'a TlsInfo),
    /// The server says that it lets us in, in these words.
    Success(&'a str),
}
