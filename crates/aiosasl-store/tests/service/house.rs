//! A service over accounts in memory, and clients that log in to it without a socket.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use aiosasl::{
    ClientExchange, ClientStep,
    credentials::Credentials,
    driver::{ServerInterface, serve},
    hash::Hash,
    identity::AuthorizationId,
    message::{Challenge, ClientMessage, Outcome, ServerMessage},
    name::MechanismName,
    profile::Profile,
    registry,
    secret::{Password, Secret},
};
use aiosasl_store::{
    Account, Accounts as _, CredentialPolicy, Hasher, Memory, NameRule, Service, Visit,
};
use aiosasl_testkit::{Accounts, FaceToFace};

/// Accounts in memory, and the service over them.
pub(crate) struct House {
    pub(crate) accounts: Arc<Memory>,
    pub(crate) service: Arc<Service>,
}

/// How a login ended: under which name, or why not; and what was said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) end: Result<String, &'static str>,
    /// What the server said, octets other than printable ASCII escaped; the outcome is the last.
    pub(crate) server: Vec<String>,
}

/// What a password becomes in these tests: quick, and for two hashes.
pub(crate) fn policy() -> CredentialPolicy {
    CredentialPolicy {
        scram: vec![Hash::Sha1, Hash::Sha256],
        iterations: 4096,
        salt_len: 16,
        password: None,
    }
}

/// Where these tests hash: as cheaply as it goes.
pub(crate) fn hasher() -> Hasher {
    Hasher::new("ARGON2ID:m=64,t=1,p=1".parse().expect("set up")).expect("set up")
}

/// An account with this password.
pub(crate) async fn account(name: &str, password: &str) -> Account {
    let mut account = Account::new(NameRule::Saslprep.prepare(name).expect("set up"));
    let password = Password::new(password);
    account.credentials = policy().credentials(&hasher(), &password, "").await.expect("randomness");
    account
}

impl House {
    /// Accounts, and a service over them that is made ready by `furnish`.
    pub(crate) async fn with(
        names: NameRule,
        accounts: impl IntoIterator<Item = Account>,
        furnish: impl FnOnce(Service, &Arc<Memory>) -> Service,
    ) -> Self {
        let kept = Arc::new(Memory::new(Secret::new([7; 32]), names));
        let conflict = aiosasl_store::Conflict::Fail;
        kept.import(accounts.into_iter().collect(), conflict).await.expect("set up");
        let settings = kept.settings().await.expect("set up");
        let service = Service::new(kept.clone(), &settings, policy(), hasher());
        Self { service: Arc::new(furnish(service, &kept)), accounts: kept }
    }

    /// The same, with nothing special about the service.
    pub(crate) async fn plain(accounts: impl IntoIterator<Item = Account>) -> Self {
        Self::with(NameRule::Saslprep, accounts, |service, _| service).await
    }

    /// A login from nowhere in particular.
    pub(crate) async fn log_in(&self, mechanism: &str, name: &str, password: &str) -> Login {
        log_in(&self.service.visit(None), mechanism, name, password, None).await
    }

    /// A login from an address.
    pub(crate) async fn log_in_from(&self, from: &str, name: &str, password: &str) -> Login {
        let from: IpAddr = from.parse().expect("set up");
        log_in(&self.service.visit(Some(from)), "SCRAM-SHA-256", name, password, None).await
    }

    /// What is kept under this name.
    pub(crate) async fn kept(&self, name: &str) -> Account {
        let name = name.try_into().expect("set up");
        let found = aiosasl_store::Backend::find(&*self.accounts, aiosasl_store::Key::Name(&name));
        found.await.expect("set up").expect("an account")
    }
}

/// A login with fixed nonces, so that conversations can be compared.
pub(crate) async fn log_in(
    visit: &Visit,
    mechanism: &str,
    name: &str,
    password: &str,
    acting_as: Option<&str>,
) -> Login {
    let name = name.try_into().expect("an identity");
    let authorization_id = acting_as.map(|other| AuthorizationId::new(other).expect("set up"));
    let credentials = Credentials::password(name, password).acting_as(authorization_id);
    let mechanism =
        registry::find(mechanism.parse::<MechanismName>().expect("set up")).expect("built in");
    let nobody = Accounts::new();
    let pair = FaceToFace::new(mechanism, &nobody);
    let mut client = pair.client(&credentials, Profile::FULL).expect("usable credentials");
    let first = match client.start().expect("a start") {
        ClientStep::Send(ClientMessage::Authenticate { initial_response, .. }) => initial_response,
        other => panic!("expected a start: {other:?}"),
    };
    let mut wire = Wire { client, server: Vec::new() };
    let Ok(mut outcome) = serve(pair.server(Profile::FULL), first, &mut wire, visit).await;
    wire.server.push(format!("{:?}", outcome.message()));
    let end = match outcome {
        Outcome::Success(success) => {
            Ok(success.identity.authentication_id().map(ToString::to_string).unwrap_or_default())
        }
        Outcome::Failure(failure) => Err(failure.reason.as_str()),
    };
    Login { end, server: wire.server }
}

/// The client at the other end of a wire.
pub(crate) struct Wire {
    pub(crate) client: ClientExchange,
    pub(crate) server: Vec<String>,
}

impl ServerInterface for Wire {
    type Error = Infallible;

    async fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, Infallible> {
        self.server.push(challenge.as_bytes().escape_ascii().to_string());
        let mut step = self.client.receive(ServerMessage::Challenge(challenge));
        loop {
            step = match step.expect("a challenge that fits") {
                ClientStep::Send(message) => return Ok(message),
                ClientStep::Ask(query) => {
                    self.client.answer(query.answer_by_itself().expect("a derivation"))
                }
                ClientStep::Done(_) => panic!("a client has ended before its server"),
            };
        }
    }
}
