//! What the tests share: an account, certificates, a client's loop, servers, and peers that follow a script.

use std::{
    net::Ipv4Addr,
    sync::{Arc, LazyLock},
};

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    credentials::Credentials,
    driver::{Reply, SaslError, SaslInterface, Store},
    error::{Error, FailureCode},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{ClientContext, Offered, Rules},
    mechanisms,
    message::{ClientMessage, Outcome, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    own_login,
    policy::{Channel, Policy},
    query::{
        Answer, Authorization, Decoy, Freshness, Query, ScramVerifier, SecretForm, StoredSecret,
        TokenVerdict, Verdict,
    },
    registry,
    secret::Secret,
};
use aiosasl_profiles::{
    WireClass, WireError,
    net::{
        ClientCertificate, Options, Protocol, Session, Target, Trust, connect,
        server::{ServerConfig, ServerTls},
    },
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A name and a password that not every command can say as it stands.
pub(crate) const HARD_NAME: &str = "hard \"näme\"";
pub(crate) const HARD_PASSWORD: &str = "pässwörd € \"q\" \\b{5}";

/// The user's token for every mechanism that proves tokens.
pub(crate) const HT_TOKEN: &str = "secret-token:of-the-user";

fn is_about_token(form: &SecretForm) -> bool {
    matches!(form, SecretForm::HashedToken { .. })
}

/// The user's token: as long as those that some providers give out.
pub(crate) fn long_token() -> Secret {
    Secret::new("t0ken.".repeat(20 * 1024 / 6))
}

/// `user` with `pencil`, or a long token, and somebody whose name and password are hard, are all that there is.
pub(crate) struct OneAccount;

impl Store for OneAccount {
    async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::VerifyPassword(query) => {
                let verdict = match query.authentication_id().as_str() {
                    "user" if query.password().expose() == "pencil" => Verdict::Accepted,
                    HARD_NAME if query.password().expose() == HARD_PASSWORD => Verdict::Accepted,
                    "user" | HARD_NAME => Verdict::Refused,
                    _ => Verdict::UnknownAccount,
                };
                query.answer(verdict)
            }
            Query::ScramKeys(query) if query.authentication_id().as_str() == "user" => {
                let verifier = verifier(query.hash());
                query.answer(verifier)
            }
            Query::ScramKeys(query) => query.unknown(&Decoy::new(Secret::new([7; 32]), 4096, 16)),
            Query::SharedSecret(query) if is_about_token(query.form()) => {
                query.answer([StoredSecret::Form(Secret::new(HT_TOKEN))])
            }
            Query::SharedSecret(query) if query.authentication_id().as_str() == "user" => {
                query.answer([StoredSecret::Password(Secret::new(*b"pencil"))])
            }
            Query::NonceUse(query) => query.answer(Freshness::Fresh),
            Query::Authorize(query) => {
                let own = query.is_self();
                query.answer(if own { Authorization::Granted } else { Authorization::Denied })
            }
            Query::External(query) => query.answer_as_vouched(),
            Query::VerifyToken(query) if query.token().expose() == long_token().expose() => {
                query.answer(TokenVerdict::Accepted(AuthenticationId::new("user").unwrap()))
            }
            Query::VerifyToken(query) => query.answer(TokenVerdict::Refused),
            other => other.unavailable(),
        }
    }
}

fn verifier(hash: Hash) -> ScramVerifier {
    ScramVerifier::from_password(hash, Secret::new(*b"pencil"), [9; 16], 4096)
}

/// An authority, a server's certificate for localhost, and a client's for `user`, in PEM.
pub(crate) struct Pki {
    pub(crate) ca: Vec<u8>,
    pub(crate) client: ClientCertificate,
    chain: Vec<u8>,
    key: Secret,
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(Pki::new);

impl Pki {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let sign = |names: &[&str], common_name: &str| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            let mut params = CertificateParams::new(names).unwrap();
            params.distinguished_name.push(DnType::CommonName, common_name);
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &ca).unwrap();
            (certificate.pem().into_bytes(), Secret::new(key.serialize_pem()))
        };
        let (chain, key) = sign(
            // A domain, and one of its servers.
            &["localhost", "127.0.0.1", "example.test", "imap.example.test"],
            "localhost",
        );
        let (client_chain, client_key) = sign(&[], "user");
        let client = ClientCertificate { chain: client_chain, key: client_key };
        Pki { ca: ca.pem().into_bytes(), client, chain, key }
    }
}

/// Another authority, and a server's certificate and key of its own making.
pub(crate) fn other_pki() -> (Vec<u8>, Vec<u8>, Secret) {
    let Pki { ca, chain, key, .. } = Pki::new();
    (ca, chain, key)
}

/// What every build has that these tests are of, without TLS: other packages of the workspace ask for more.
pub(crate) fn open_config() -> ServerConfig {
    const FAMILIES: [&str; 7] =
        ["SCRAM-", "EXTERNAL", "OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN", "ANONYMOUS"];
    let is_ours = |name: &str| FAMILIES.iter().any(|family| name.starts_with(family));
    let ours = mechanisms::ALL.iter().filter(|it| is_ours(it.name.as_str()));
    ServerConfig::new(ours.copied().collect::<Vec<_>>())
}

/// Everything that this build has, with TLS, asking clients for a certificate.
pub(crate) fn tls_config() -> ServerConfig {
    let tls = ServerTls::from_pem(&PKI.chain, &PKI.key, Some(&PKI.ca)).unwrap();
    open_config().with_tls(tls)
}

/// TLS with the server's certificate, for peers that are no servers of ours.
pub(crate) async fn accept_tls(stream: TcpStream) -> tokio_rustls::server::TlsStream<TcpStream> {
    let certificates = CertificateDer::pem_slice_iter(&PKI.chain).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(PKI.key.expose()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap()
}

pub(crate) type Served = JoinHandle<Result<Option<Outcome>, WireError>>;

/// A server for one connection; the port, and what becomes of it.
pub(crate) async fn serve<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> (u16, Served)
where
    F: Future<Output = Result<Option<Outcome>, WireError>> + Send,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await
    });
    (port, task)
}

/// A peer that says the first line at once, and each further one when something has come; then it waits for the end.
/// The result is what it heard.
pub(crate) async fn script(lines: &[&str]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        let mut chunk = vec![0; 65_536];
        for line in lines {
            stream.write_all(line.as_bytes()).await.unwrap();
            match stream.read(&mut chunk).await {
                Ok(count) => heard.push_str(&String::from_utf8_lossy(&chunk[..count])),
                Err(_) => break,
            }
        }
        heard
    });
    (port, task)
}

/// A client without manners: it says this and hears all until the server hangs up.
pub(crate) async fn shout_octets(port: u16, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    stream.write_all(octets).await.unwrap();
    let mut heard = Vec::new();
    // The server may hang up before it has read everything: what came before counts.
    let _ = stream.read_to_end(&mut heard).await;
    heard
}

/// The same, as text.
pub(crate) async fn shout(port: u16, octets: &[u8]) -> String {
    String::from_utf8_lossy(&shout_octets(port, octets).await).into_owned()
}

/// The same, but it says that nothing follows, and nobody cares for the answer.
pub(crate) async fn shout_and_leave(port: u16, octets: &[u8]) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let _ = stream.write_all(octets).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

pub(crate) fn target(protocol: Protocol, port: u16) -> Target {
    Target::new(protocol, "localhost", port)
}

/// Trust in our authority.
pub(crate) fn trusting() -> Options {
    Options { trust: Trust::Ca(PKI.ca.clone()), ..Options::default() }
}

pub(crate) async fn open(
    protocol: Protocol,
    port: u16,
    options: &Options,
) -> Result<Session, WireError> {
    connect(&target(protocol, port), options).await
}

/// How an attempt failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// We gave up.
    Here(Error),
    /// The protocol raised it.
    There(SaslError),
}

impl Failed {
    pub(crate) fn class(&self) -> WireClass {
        match self {
            Self::Here(error) => panic!("a local failure: {error}"),
            Self::There(error) => WireError::of(error).unwrap().class,
        }
    }
}

/// Logs in as `user`.
pub(crate) async fn login(
    session: &mut Session,
    mechanism: &str,
    password: &str,
) -> Result<Authenticated, Failed> {
    login_ruled(session, mechanism, password, Rules::default()).await
}

/// The same, as the protocol rules.
pub(crate) async fn login_ruled(
    session: &mut Session,
    mechanism: &str,
    password: &str,
    rules: Rules,
) -> Result<Authenticated, Failed> {
    let credentials = Credentials::password(AuthenticationId::new("user").unwrap(), password);
    converse(session, mechanism, &credentials, rules).await
}

/// Logs in with these credentials.
pub(crate) async fn login_with(
    session: &mut Session,
    mechanism: &str,
    credentials: &Credentials,
) -> Result<Authenticated, Failed> {
    converse(session, mechanism, credentials, Rules::default()).await
}

/// By whatever mechanism: ours, one of a single vendor, or a protocol's own.
async fn converse(
    session: &mut Session,
    mechanism: &str,
    credentials: &Credentials,
    rules: Rules,
) -> Result<Authenticated, Failed> {
    let name: MechanismName = mechanism.parse().unwrap();
    let mut others = own_login::ALL.iter().chain(aiosasl_vendor::ALL);
    let mechanism = registry::find(name).or_else(|| others.find(|it| it.name == name)).unwrap();
    let offer = session.offer();
    let offered = Offered {
        mechanisms: &offer.mechanisms,
        bindings: offer.bindings.as_deref(),
        tls_version: session.tls().map(|tls| tls.version_code),
    };
    let channel = Channel {
        security: session.security(),
        bindings: session.bindings(),
        strength: session.strength(),
    };
    let policy = Policy::default();
    let context = ClientContext {
        credentials,
        binding: policy.client_binding(name, &offered, &channel).unwrap(),
        nonce: Nonce::random().unwrap(),
        rules,
        offered,
    };
    let half = (mechanism.client)(&context).map_err(Failed::Here)?;
    let mut exchange = ClientExchange::with_profile(half, session.profile());
    let mut step = exchange.start().map_err(Failed::Here)?;
    loop {
        let next = match step {
            ClientStep::Send(message) => exchange.receive(say(session, message).await?),
            ClientStep::Ask(query) => exchange.answer(query.answer_by_itself().unwrap()),
            ClientStep::Done(authenticated) => return Ok(authenticated),
        };
        step = next.map_err(Failed::Here)?;
    }
}

async fn say(session: &mut Session, message: ClientMessage) -> Result<ServerMessage, Failed> {
    let reply = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            session.initiate(mechanism, initial_response).await
        }
        ClientMessage::Response(response) => session.respond(response).await,
        ClientMessage::Abort => session.abort().await,
    };
    Ok(match reply.map_err(Failed::There)? {
        Reply::Success(additional_data) => ServerMessage::Success { additional_data },
        Reply::Challenge(challenge) => ServerMessage::Challenge(challenge),
        Reply::Failure => ServerMessage::Failure(FailureCode::Aborted),
    })
}

/// Who came in at the server, by which mechanism.
pub(crate) async fn who(served: Served) -> (String, String) {
    match served.await.unwrap().unwrap() {
        Some(Outcome::Success(success)) => {
            let identity = success.identity.authentication_id().map(ToString::to_string);
            (identity.unwrap_or_default(), success.mechanism.to_string())
        }
        other => panic!("nobody came in: {other:?}"),
    }
}

/// Why nobody came in at the server.
pub(crate) async fn why(served: Served) -> &'static str {
    match served.await.unwrap().unwrap() {
        Some(Outcome::Failure(failure)) => failure.reason.as_str(),
        other => panic!("expected a failure: {other:?}"),
    }
}

pub(crate) fn store() -> Arc<OneAccount> {
    Arc::new(OneAccount)
}
