//! A client that derives its keys once, so that the server is what is measured.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
};

use aiosasl::{
    ClientExchange, ClientStep,
    binding::ClientBinding,
    credentials::Credentials,
    driver::{Reply, SaslInterface as _},
    error::FailureCode,
    identity::AuthenticationId,
    mechanism::{ClientContext, Offered, Rules},
    message::{ClientMessage, Response, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    query::{ClientQuery, DerivedKeys},
    registry,
};
use aiosasl_profiles::net::{Options, Protocol, Session, Target, TlsMode, Trust, connect};

use super::server::PASSWORD;

#[derive(Clone)]
pub struct Client {
    target: Target,
    options: Options,
    user: &'static str,
    mechanism: MechanismName,
    keys: Arc<OnceLock<DerivedKeys>>,
}

impl Client {
    pub fn new(port: u16, scheme: &str, user: &'static str, mechanism: &str) -> Self {
        let tls = if scheme.ends_with('s') { TlsMode::Implicit } else { TlsMode::Off };
        let options = Options { tls, trust: Trust::Insecure, ..Options::default() };
        let host = "127.0.0.1".to_owned();
        let target = Target::new(Protocol::Imap, host, port);
        let mechanism = mechanism.parse().expect("a mechanism's name");
        Self { target, options, user, mechanism, keys: Arc::default() }
    }

    pub async fn connect(&self) -> Result<Session, Box<dyn Error>> {
        Ok(connect(&self.target, &self.options).await?)
    }

    /// Begins an exchange, and leaves it at the server's first challenge.
    pub async fn begin(&self, session: &mut Session) -> Result<(), Box<dyn Error>> {
        let nonce = Nonce::random()?;
        let first = format!("n,,n={},r={}", self.user, nonce.as_str());
        match session.initiate(self.mechanism, Some(Response::new(first))).await? {
            Reply::Challenge(_) => Ok(()),
            other => Err(format!("expected a challenge, found {other:?}").into()),
        }
    }

    pub async fn log_in(&self) -> Result<(), Box<dyn Error>> {
        let mut session = self.connect().await?;
        let credentials = Credentials::password(AuthenticationId::new(self.user)?, PASSWORD);
        let mechanisms = session.offer().mechanisms.clone();
        let offered = Offered { mechanisms: &mechanisms, bindings: None, tls_version: None };
        let context = ClientContext {
            credentials: &credentials,
            binding: ClientBinding::Unsupported,
            nonce: Nonce::random()?,
            rules: Rules::default(),
            offered,
        };
        let mechanism = registry::find(self.mechanism).ok_or("no such mechanism")?;
        let half = (mechanism.client)(&context)?;
        let mut exchange = ClientExchange::with_profile(half, session.profile());
        let mut step = exchange.start()?;
        loop {
            step = match step {
                ClientStep::Send(message) => exchange.receive(say(&mut session, message).await?)?,
                ClientStep::Ask(ClientQuery::DeriveKeys(job)) => {
                    let keys = self.keys.get_or_init(|| {
                        let copy = aiosasl::query::DeriveKeys::new(
                            job.hash(),
                            aiosasl::secret::Secret::new(PASSWORD),
                            job.salt().to_vec(),
                            job.iterations(),
                        );
                        DerivedKeys::SaltedPassword(copy.salted_password())
                    });
                    exchange.answer(job.answer(keys.clone()))?
                }
                ClientStep::Ask(other) => return Err(format!("unexpected: {other:?}").into()),
                ClientStep::Done(_) => break,
            };
        }
        drop(session);
        Ok(())
    }
}

async fn say(
    session: &mut Session,
    message: ClientMessage,
) -> Result<ServerMessage, Box<dyn Error>> {
    let reply = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            session.initiate(mechanism, initial_response).await?
        }
        ClientMessage::Response(response) => session.respond(response).await?,
        ClientMessage::Abort => session.abort().await?,
    };
    Ok(match reply {
        Reply::Success(additional_data) => ServerMessage::Success { additional_data },
        Reply::Challenge(challenge) => ServerMessage::Challenge(challenge),
        Reply::Failure => ServerMessage::Failure(FailureCode::Aborted),
    })
}
