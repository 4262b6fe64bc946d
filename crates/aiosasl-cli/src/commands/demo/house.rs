//! What the demonstration runs against: an authority, servers with two doors each, and one account.

use std::{future::pending, net::Ipv4Addr, sync::Arc};

use aiosasl::{identity::AuthenticationId, mechanisms::ALL, policy::Plaintext, secret::Secret};
use aiosasl_profiles::net::{
    ClientCertificate, Protocol,
    server::{Entrance, SERVED, Server, ServerConfig, ServerTls},
};
use tokio::sync::watch;

use crate::{
    accounts::OneAccount,
    papers::Authority,
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
    doors: Vec<Entrance>,
}

/// The protocols that have a server of ours; SMTP once, since submission is the same to a server.
pub(super) fn protocols() -> impl Iterator<Item = Protocol> {
    SERVED.iter().copied().filter(|protocol| *protocol != Protocol::Smtp)
}

impl House {
    /// Builds it, and opens the doors.
    pub(super) async fn open() -> Result<Self, Failure> {
        let authority = Authority::new("aiosasl demo authority")?;
        let (chain, key) = authority.server(&[Ipv4Addr::LOCALHOST.to_string()])?;
        let client = authority.client(USER)?;
        let authority = authority.certificate();
        let other_authority = Authority::new("another authority")?.certificate();
        let tls = ServerTls::from_pem(&chain, &key, Some(&authority))
            .map_err(|error| failure("TLS", &error))?;
        let mut config = ServerConfig::new(ALL).with_tls(tls);
        // So that it is the client that does not do it.
        config.plaintext = Plaintext::Anywhere;
        let user = AuthenticationId::new(USER).map_err(|error| failure("the account", &error))?;
        let account = OneAccount::new(Some(user), Some(Secret::new(PASSWORD)), ITERATIONS)?
            .with_token(Some(Secret::new(PASSWORD)));
        let account = Arc::new(account);
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let doors: Vec<_> = protocols()
            .flat_map(|protocol| [(protocol, false), (protocol, true)])
            .map(|(protocol, implicit_tls)| Entrance { protocol, implicit_tls, address })
            .collect();
        let server = Server::bind(&doors).await.map_err(|error| failure("a port", &error))?;
        let doors = server.entrances().to_vec();
        let (_, config) = watch::channel(Arc::new(config));
        let stores = move |_| Arc::clone(&account);
        tokio::spawn(server.run(config, stores, Arc::new(()), pending()));
        Ok(Self { authority, other_authority, client, doors })
    }

    /// The port behind which this protocol is spoken.
    pub(super) fn port(&self, protocol: Protocol, implicit_tls: bool) -> u16 {
        let door = self
            .doors
            .iter()
            .find(|door| (door.protocol, door.implicit_tls) == (protocol, implicit_tls));
        door.map_or(0, |door| door.address.port())
    }
}

fn failure(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Status::Unreachable, format!("can't set up {what}: {error}"))
}
