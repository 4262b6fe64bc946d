//! What the demonstration runs against: an authority, servers with two doors each, and one account.

use std::{net::Ipv4Addr, sync::Arc};

use aiosasl::{identity::AuthenticationId, mechanisms::ALL, policy::Plaintext, secret::Secret};
use aiosasl_profiles::net::{
    ClientCertificate, Protocol,
    server::{ServerConfig, ServerTls, serve_imap, serve_irc, serve_smtp, serve_xmpp},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    accounts::OneAccount,
    status::{Failure, Status},
};

/// The only account.
pub(super) const USER: &str = "user";
/// Its password, and its token.
pub(super) const PASSWORD: &str = "pencil";
/// How many iterations its verifiers have.
const ITERATIONS: u32 = 4096;

/// The servers' doors, and what a client has to know.
pub(super) struct House {
    /// The authority's certificate (PEM).
    pub(super) authority: Vec<u8>,
    /// The certificate of an authority that has signed nothing (PEM).
    pub(super) other_authority: Vec<u8>,
    /// A client's certificate for the account.
    pub(super) client: ClientCertificate,
    doors: Vec<Door>,
}

struct Door {
    protocol: Protocol,
    implicit_tls: bool,
    port: u16,
}

/// The protocols that have a server of ours.
pub(super) const PROTOCOLS: [Protocol; 4] =
    [Protocol::Imap, Protocol::Irc, Protocol::Submission, Protocol::Xmpp];

impl House {
    /// Builds it, and opens the doors.
    pub(super) async fn open() -> Result<Self, Failure> {
        let papers = Papers::new().map_err(|error| failure("certificates", &error))?;
        let tls = ServerTls::from_pem(&papers.chain, &papers.key, Some(&papers.authority))
            .map_err(|error| failure("TLS", &error))?;
        let mut config = ServerConfig::new(ALL).with_tls(tls);
        // So that it is the client that does not do it.
        config.plaintext = Plaintext::Anywhere;
        let config = Arc::new(config);
        let user = AuthenticationId::new(USER).map_err(|error| failure("the account", &error))?;
        let account = OneAccount::new(Some(user), Some(Secret::new(PASSWORD)), ITERATIONS)?
            .with_token(Some(Secret::new(PASSWORD)));
        let account = Arc::new(account);
        let mut doors = Vec::new();
        for protocol in PROTOCOLS {
            for implicit_tls in [false, true] {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
                let listener = listener.map_err(|error| failure("a port", &error))?;
                let address = listener.local_addr().map_err(|error| failure("a port", &error))?;
                doors.push(Door { protocol, implicit_tls, port: address.port() });
                let (config, account) = (Arc::clone(&config), Arc::clone(&account));
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        let (config, account) = (Arc::clone(&config), Arc::clone(&account));
                        tokio::spawn(serve(protocol, implicit_tls, stream, config, account));
                    }
                });
            }
        }
        let Papers { authority, other_authority, client, .. } = papers;
        Ok(Self { authority, other_authority, client, doors })
    }

    /// The port behind which this protocol is spoken.
    pub(super) fn port(&self, protocol: Protocol, implicit_tls: bool) -> u16 {
        let door = self
            .doors
            .iter()
            .find(|door| (door.protocol, door.implicit_tls) == (protocol, implicit_tls));
        door.map_or(0, |door| door.port)
    }
}

async fn serve(
    protocol: Protocol,
    implicit_tls: bool,
    stream: TcpStream,
    config: Arc<ServerConfig>,
    account: Arc<OneAccount>,
) {
    // Clients hang up in the middle where they are meant to: what they saw is what counts.
    let _ = match protocol {
        Protocol::Imap => serve_imap(stream, config, implicit_tls, account).await,
        Protocol::Irc => serve_irc(stream, config, implicit_tls, account).await,
        Protocol::Xmpp => serve_xmpp(stream, config, implicit_tls, account).await,
        _ => serve_smtp(stream, config, implicit_tls, account).await,
    };
}

/// Certificates, good for as long as the process lives: nobody keeps their keys.
struct Papers {
    authority: Vec<u8>,
    other_authority: Vec<u8>,
    chain: Vec<u8>,
    key: Secret,
    client: ClientCertificate,
}

impl Papers {
    fn new() -> Result<Self, rcgen::Error> {
        let authority = authority("aiosasl demo authority")?;
        let other_authority = self::authority("another authority")?.pem().into_bytes();
        let sign = |names: Vec<String>, common_name: &str| {
            let mut params = CertificateParams::new(names)?;
            params.distinguished_name.push(DnType::CommonName, common_name);
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &authority)?;
            Ok((certificate.pem().into_bytes(), Secret::new(key.serialize_pem())))
        };
        let host = Ipv4Addr::LOCALHOST.to_string();
        let (chain, key) = sign(vec![host.clone()], &host)?;
        let (client_chain, client_key) = sign(Vec::new(), USER)?;
        let client = ClientCertificate { chain: client_chain, key: client_key };
        let authority = authority.pem().into_bytes();
        Ok(Self { authority, other_authority, chain, key, client })
    }
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn failure(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Status::Unreachable, format!("can't set up {what}: {error}"))
}
