//! What a server is told before anybody connects.

use std::{fmt, sync::Arc, time::Duration};

use aiosasl::{
    identity::AuthenticationId,
    mechanism::{Mechanism, Rules},
    nonce::{NoRandomness, Nonce},
    policy::{Plaintext, StrengthPolicy},
    secret::Secret,
};

use super::{ServerObserver, certificate_identity};
use crate::{WireError, net::tls};

/// How a server of ours behaves; the same for all its connections.
#[derive(Clone)]
pub struct ServerConfig {
    /// The name that it gives itself.
    pub name: String,
    /// What it needs for TLS; without, it has none.
    pub tls: Option<ServerTls>,
    /// What it can offer, in this order. A connection offers of it what it can: -PLUS where there is something to
    /// bind to, `EXTERNAL` where TLS knows the client, what reveals the password under TLS alone.
    pub mechanisms: Arc<[Mechanism]>,
    /// Whether what reveals the password may be offered without TLS, too.
    pub plaintext: Plaintext,
    /// How strong the protection of what follows has to be, and may be: TLS's, or a security layer's where there is no TLS.
    pub strength: StrengthPolicy,
    /// What this deployment rules. Layers are ruled by `strength`; the service's name is the protocol's, and its host this
    /// server's, where none is given.
    pub rules: Rules,
    /// Where nonces come from.
    pub nonces: fn() -> Result<Nonce, NoRandomness>,
    /// Whose a client's certificate is, once TLS has verified it (DER); `None` is for nobody's.
    pub identify: fn(&[u8]) -> Option<AuthenticationId>,
    /// How much a client gets.
    pub limits: Limits,
    /// Who is told how it goes.
    pub observer: Option<ServerObserver>,
}

/// How much a client gets, before and after it has authenticated. All waits end, and all that is kept is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Exchanges that fail, before the server hangs up.
    pub attempts: u8,
    /// Commands, before the server hangs up.
    pub commands: u16,
    /// For TLS's handshake.
    pub handshake: Duration,
    /// For anything to come, each time that it is the client's turn.
    pub idle: Duration,
    /// For one message of an exchange, in octets before any transfer encoding; a protocol may take less. A connection
    /// keeps at most what a line of this length needs.
    pub message: u32,
    /// For all that comes after the client has authenticated.
    pub stay: Duration,
    /// For all that comes before, however slowly or quickly it goes.
    pub time: Duration,
}

impl Default for Limits {
    /// 5 exchanges that fail, 100 commands, messages of 64 KiB; 10 seconds for a handshake, 30 for a turn, a minute to
    /// authenticate and one to stay.
    fn default() -> Self {
        Self {
            attempts: 5,
            commands: 100,
            handshake: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            message: 65_536,
            stay: Duration::from_secs(60),
            time: Duration::from_secs(60),
        }
    }
}

impl ServerConfig {
    /// A server that offers these mechanisms, without TLS, and by the defaults of all else.
    pub fn new(mechanisms: impl Into<Arc<[Mechanism]>>) -> Self {
        Self {
            name: "localhost".to_owned(),
            tls: None,
            mechanisms: mechanisms.into(),
            plaintext: Plaintext::ConfidentialOnly,
            strength: StrengthPolicy::BEST,
            rules: Rules::default(),
            nonces: Nonce::random,
            identify: certificate_identity,
            limits: Limits::default(),
            observer: None,
        }
    }

    /// The same, with TLS.
    pub fn with_tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.mechanisms.iter().map(|mechanism| mechanism.name).collect();
        f.debug_struct("ServerConfig")
            .field("name", &self.name)
            .field("tls", &self.tls)
            .field("mechanisms", &names)
            .field("plaintext", &self.plaintext)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What a server needs for TLS.
#[derive(Clone)]
pub struct ServerTls {
    /// rustls's own configuration. Where it has a verifier for clients, that verifier must *verify*: a certificate
    /// that gets through is taken for its owner's.
    pub config: Arc<rustls::ServerConfig>,
    /// The certificate that the configuration shows (DER), of which `tls-server-end-point` is made: rustls does not
    /// give it out.
    pub certificate: Vec<u8>,
}

impl ServerTls {
    /// TLS 1.2 and 1.3 with a certificate and those above it, and its private key (PEM). With `client_roots` (PEM),
    /// clients are asked for a certificate that these have signed, and may have none.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](crate::WireClass::Tls) where something of it can't be used.
    pub fn from_pem(
        chain: &[u8],
        key: &Secret,
        client_roots: Option<&[u8]>,
    ) -> Result<Self, WireError> {
        tls::server_config(chain, key, client_roots)
            .map(|(config, certificate)| Self { config: Arc::new(config), certificate })
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerTls(certificate of {} octets)", self.certificate.len())
    }
}
