//! An aiosasl exchange as async-imap's [`Authenticator`]: every mechanism, for a client that knows none.
//!
//! async-imap hands over each challenge and wants the response; that is what an exchange without I/O gives. Two things are
//! asked of its caller: `process` can't say that it gives up, so it says nothing more and keeps the error; and the last
//! word is [`SaslAuthenticator::finish`]'s, since a server may let anybody in without having proven that it knows the
//! password.

use aiosasl::{
    Authenticated, ClientExchange, ClientStep,
    credentials::Credentials,
    error::{Error, FailureCode, Reason},
    mechanism::{ClientContext, Mechanism, Offered, Rules},
    message::{Challenge, ClientMessage, ServerMessage},
    name::MechanismName,
    nonce::Nonce,
    policy::{Channel, Policy},
    query::ClientQuery,
};
use aiosasl_profiles::imap::{SaslIr, profile};
use async_imap::Authenticator;

/// One login, by one mechanism.
pub struct SaslAuthenticator {
    exchange: ClientExchange,
    failed: Option<Error>,
}

impl SaslAuthenticator {
    /// A login by this mechanism, on this channel; policy is asked first.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] where the mechanism is too weak for this channel; [`Error::Credentials`] where these do not do.
    pub fn new(
        mechanism: &Mechanism,
        credentials: &Credentials,
        offered: &[MechanismName],
        channel: &Channel<'_>,
    ) -> Result<Self, Error> {
        let policy = Policy::default();
        policy.allows(&mechanism.properties, channel).map_err(Error::Policy)?;
        let offered = Offered { mechanisms: offered, ..Offered::default() };
        let binding = policy.client_binding(mechanism.name, &offered, channel);
        let context = ClientContext {
            credentials,
            binding: binding.map_err(Error::Policy)?,
            nonce: Nonce::random().map_err(|_| Error::Policy(Reason::MechanismUnavailable))?,
            rules: Rules::default(),
            offered,
        };
        // async-imap sends no initial response: the server asks for it.
        let half = (mechanism.client)(&context)?;
        let mut exchange = ClientExchange::with_profile(half, profile(SaslIr::Absent));
        // What it says first is the mechanism's name, which is async-imap's to say.
        let mut step = exchange.start();
        while let Ok(ClientStep::Ask(query)) = step {
            step = answered(&mut exchange, query);
        }
        step.map(|_| Self { exchange, failed: None })
    }

    /// The mechanism, as `authenticate` wants it.
    pub fn mechanism(&self) -> MechanismName {
        self.exchange.mechanism()
    }

    /// What is known once the server has let us in.
    ///
    /// # Errors
    ///
    /// [`Error`]: it has not proven itself where it must, or the exchange had failed before. Leave it then.
    pub fn finish(mut self) -> Result<Authenticated, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.exchange.receive(ServerMessage::Success { additional_data: None })? {
            ClientStep::Done(authenticated) => Ok(authenticated),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Error> {
        let challenge = ServerMessage::Challenge(Challenge::new(challenge));
        let mut step = self.exchange.receive(challenge)?;
        loop {
            step = match step {
                ClientStep::Ask(query) => answered(&mut self.exchange, query)?,
                ClientStep::Send(ClientMessage::Response(response)) => {
                    return Ok(response.as_bytes().to_vec());
                }
                // An abort: why, is told by the next call.
                ClientStep::Send(_) => {
                    self.exchange.receive(ServerMessage::Failure(FailureCode::Aborted))?
                }
                ClientStep::Done(_) => return Ok(Vec::new()),
            }
        }
    }
}

/// By reference, so that the one who logs in still has it after async-imap is done.
impl Authenticator for &mut SaslAuthenticator {
    type Response = Vec<u8>;

    fn process(&mut self, challenge: &[u8]) -> Vec<u8> {
        if self.failed.is_some() {
            return Vec::new();
        }
        self.respond(challenge).unwrap_or_else(|error| {
            self.failed = Some(error);
            Vec::new()
        })
    }
}

/// Answers what a mechanism asks for by its own means: the key derivation of SCRAM.
fn answered(exchange: &mut ClientExchange, query: ClientQuery) -> Result<ClientStep, Error> {
    match query.answer_by_itself() {
        Ok(answer) => exchange.answer(answer),
        Err(_) => Err(Error::Policy(Reason::MechanismUnavailable)),
    }
}
