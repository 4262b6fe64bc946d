//! What the demonstration runs against: an authority, servers with two doors each, and one account in an SQLite database.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use aiosasl::{
    mechanisms::ALL,
    policy::Plaintext,
    secret::{Password, Secret},
};
use aiosasl_profiles::net::{
    ClientCertificate, Protocol,
    server::{Entrance, SERVED, Server, ServerConfig, ServerTls},
};
use aiosasl_store::{
    Account, Accounts as _, Anonymous, Conflict, Credential, CredentialKind, CredentialPolicy,
    Database, Hasher, Service, StoreError, TokenDigest, Upgrades,
};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::{
    papers::Authority,
    served::is_served,
    status::{Failure, Status},
};

/// The only account.
pub(super) const USER: &str = "user";
/// Its password, and its token.
pub(super) const PASSWORD: &str = "pencil";
/// How many iterations its verifiers have: as few as a client puts up with.
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
    /// Where the accounts are.
    _folder: TempDir,
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
        // All of them would be more than a line of IRC can carry.
        let offered: Vec<_> = ALL.iter().filter(|it| is_served(it)).copied().collect();
        let mut config = ServerConfig::new(offered).with_tls(tls);
        // So that it is the client that does not do it.
        config.plaintext = Plaintext::Anywhere;
        let folder = tempfile::tempdir().map_err(|error| failure("a folder", &error))?;
        let service = service(&folder).await.map_err(|error| failure("the accounts", &error))?;
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let doors: Vec<_> = protocols()
            .flat_map(|protocol| [(protocol, false), (protocol, true)])
            .map(|(protocol, implicit_tls)| Entrance { protocol, implicit_tls, address })
            .collect();
        let server = Server::bind(&doors).await.map_err(|error| failure("a port", &error))?;
        let doors = server.entrances().to_vec();
        let (_, config) = watch::channel(Arc::new(config));
        let stores = move |peer: SocketAddr| Arc::new(service.visit(Some(peer.ip())));
        tokio::spawn(server.run(config, stores, Arc::new(()), pending()));
        Ok(Self { authority, other_authority, client, doors, _folder: folder })
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

/// The one account, in an SQLite database, and what answers from it. Nobody is throttled: many of the logins are meant to
/// fail.
async fn service(folder: &TempDir) -> Result<Arc<Service>, StoreError> {
    let url = format!("sqlite:{}", folder.path().join("accounts.sqlite").display());
    let database = Arc::new(Database::open(&url).await?);
    let settings = database.settings().await?;
    let policy = CredentialPolicy { iterations: ITERATIONS, ..CredentialPolicy::default() };
    let hasher = Hasher::new(policy.password.unwrap_or_default())?;
    let mut account = Account::new(settings.names.prepare(USER)?);
    account.credentials = policy.credentials(&hasher, &Password::new(PASSWORD), "").await?;
    let token = TokenDigest::of(&Secret::new(PASSWORD));
    account.put(Credential::new(CredentialKind::Token(token)));
    database.import(vec![account], Conflict::Fail).await?;
    let service = Service::new(Arc::clone(&database) as _, &settings, policy, hasher)
        .with_accounts(database, Upgrades::Off)
        .with_anonymous(Anonymous::Welcome);
    Ok(Arc::new(service))
}

fn failure(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Status::Unreachable, format!("can't set up {what}: {error}"))
}
