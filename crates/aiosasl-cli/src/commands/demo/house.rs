//! What the demonstration runs against: an authority, servers with two doors each, and one account in an SQLite database.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use aiosasl::{
    mechanism::{self, Mechanism},
    mechanisms::{
        ALL,
        challenge::{ecdsa, x25519},
        otp::{Algorithm, OneTimeState},
    },
    name::MechanismName,
    policy::Plaintext,
    secret::{Password, Secret},
};
use aiosasl_profiles::{
    WireError,
    net::{
        ClientCertificate, Protocol,
        server::{Entrance, SERVED, Server, ServerConfig, ServerTls},
    },
};
use aiosasl_store::{
    Account, Accounts as _, Anonymous, Conflict, Credential, CredentialKind, CredentialPolicy,
    Database, Hasher, Service, StoreError, TokenDigest, Upgrades,
};
use tempfile::TempDir;
use tokio::sync::watch;

use super::stand_ins::Accountant;
use crate::{
    papers::Authority,
    status::{Failure, Status},
};

/// The only account.
pub(super) const USER: &str = "user";
/// Its password, and its token.
pub(super) const PASSWORD: &str = "pencil";
/// How many iterations its verifiers have: as few as a client puts up with.
const ITERATIONS: u32 = 4096;

/// How many one-time passwords there are.
const ONE_TIME: u32 = 100;
/// How long IRC's list of mechanisms gets here, in octets.
const MAX_LIST: usize = 250;

/// The servers' doors, and what a client has to know.
pub(super) struct House {
    /// The authority's certificate (PEM).
    pub(super) authority: Vec<u8>,
    /// The certificate of an authority that has signed nothing (PEM).
    pub(super) other_authority: Vec<u8>,
    /// A client's certificate for the account.
    pub(super) client: ClientCertificate,
    /// Those of each server.
    doors: Vec<(Vec<Mechanism>, Vec<Entrance>)>,
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
        let folder = tempfile::tempdir().map_err(|error| failure("a folder", &error))?;
        let service = service(&folder).await.map_err(|error| failure("the accounts", &error))?;
        let mut doors = Vec::new();
        for mechanisms in portions() {
            let config = configuration(&mechanisms, tls.clone());
            let entrances = serve(config, Arc::clone(&service)).await;
            doors.push((mechanisms, entrances.map_err(|error| failure("a port", &error))?));
        }
        Ok(Self { authority, other_authority, client, doors, _folder: folder })
    }

    /// The port behind which this protocol is spoken, by a server that has the mechanism.
    pub(super) fn port(
        &self,
        mechanism: MechanismName,
        protocol: Protocol,
        implicit_tls: bool,
    ) -> u16 {
        let has = |(mechanisms, _): &&(Vec<Mechanism>, Vec<Entrance>)| {
            mechanisms.iter().any(|it| it.name == mechanism)
        };
        let mut doors = self.doors.iter().find(has).into_iter().flat_map(|(_, doors)| doors);
        let door =
            doors.find(|door| (door.protocol, door.implicit_tls) == (protocol, implicit_tls));
        door.map_or(0, |door| door.address.port())
    }
}

/// All mechanisms, as many together as IRC can list in one line; one with -PLUS stands beside the one without.
fn portions() -> Vec<Vec<Mechanism>> {
    let mut portions: Vec<Vec<Mechanism>> = Vec::new();
    for mechanism in ALL.iter().filter(|it| !it.name.is_plus()) {
        let plus = format!("{}-PLUS", mechanism.name);
        let both = ALL.iter().filter(|it| it.name == mechanism.name || it.name.as_str() == plus);
        let both: Vec<Mechanism> = both.copied().collect();
        let length = |some: &[Mechanism]| -> usize {
            some.iter().map(|it| it.name.as_str().len() + 1).sum()
        };
        match portions.last_mut() {
            Some(last) if length(last) + length(&both) <= MAX_LIST => last.extend(both),
            _ => portions.push(both),
        }
    }
    portions
}

fn configuration(mechanisms: &[Mechanism], tls: ServerTls) -> ServerConfig {
    let mut config = ServerConfig::new(mechanisms).with_tls(tls);
    // So that it is the client that does not do it.
    config.plaintext = Plaintext::Anywhere;
    config.rules.service = Some(mechanism::Service::new("", Ipv4Addr::LOCALHOST.to_string()));
    config
}

/// A server behind two doors for each protocol.
async fn serve(config: ServerConfig, service: Arc<Service>) -> Result<Vec<Entrance>, WireError> {
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let doors: Vec<_> = protocols()
        .flat_map(|protocol| [(protocol, false), (protocol, true)])
        .map(|(protocol, implicit_tls)| Entrance { protocol, implicit_tls, address })
        .collect();
    let server = Server::bind(&doors).await?;
    let doors = server.entrances().to_vec();
    let (_, config) = watch::channel(Arc::new(config));
    let stores = move |peer: SocketAddr| Arc::new(Accountant::new(service.visit(Some(peer.ip()))));
    tokio::spawn(server.run(config, stores, Arc::new(()), pending()));
    Ok(doors)
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
    for credential in shared()? {
        account.put(credential);
    }
    database.import(vec![account], Conflict::Fail).await?;
    let service = Service::new(Arc::clone(&database) as _, &settings, policy, hasher)
        .with_accounts(database, Upgrades::Off)
        .with_anonymous(Anonymous::Welcome);
    Ok(Arc::new(service))
}

/// What mechanisms need that no hash is enough for: the password itself, hashed tokens, one-time passwords, public keys.
fn shared() -> Result<Vec<Credential>, StoreError> {
    let key = private_key();
    let ecdsa = ecdsa::public_key_text(&key).unwrap_or_default();
    let x25519 = x25519::public_key_text(&key).unwrap_or_default();
    let one_time = OneTimeState::new(Algorithm::Md5, ONE_TIME, "demo1", PASSWORD);
    let one_time = one_time.map(|it| it.to_text()).unwrap_or_default();
    let hashed = ALL.iter().filter(|it| it.name.as_str().starts_with("HT-"));
    let mut lines: Vec<String> = hashed.map(|it| format!("{{{}}}{PASSWORD}", it.name)).collect();
    lines.extend([
        format!("{{PLAIN}}{PASSWORD}"),
        format!("{{OTP}}{one_time}"),
        format!("{{ECDSA-NIST256P-CHALLENGE}}{ecdsa}"),
        format!("{{ECDH-X25519-CHALLENGE}}{x25519}"),
    ]);
    lines.iter().map(|line| Ok(Credential::new(line.parse()?).labelled("demo"))).collect()
}

/// The account's private key, good for every curve.
pub(super) fn private_key() -> Secret {
    Secret::new([0x12; 32])
}

fn failure(what: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Status::Unreachable, format!("can't set up {what}: {error}"))
}
