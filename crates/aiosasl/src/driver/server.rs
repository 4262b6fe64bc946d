//! The server's loop: an exchange, a protocol's half-duplex of messages, and a store that answers.

use core::future::{Future, ready};

use crate::{
    binding::BindingKind,
    error::Failure,
    identity::AuthorizationId,
    message::{Challenge, ClientMessage, Identity, Outcome, Response},
    name::MechanismName,
    query::{Answer, Query},
    server::{ServerExchange, ServerStep},
};

/// Answers a server's questions: mostly, by looking into an account store.
pub trait Store: Sync {
    /// The answer to one question; [`Query::Authorize`] is the one that lets somebody in.
    ///
    /// An error of the store is an answer too: [`Query::unavailable`].
    fn answer(&self, query: Query) -> impl Future<Output = Answer> + Send;

    /// Hears how an exchange has ended, before the client does: a store that counts failures counts here, and may take
    /// its time over one. By itself it does nothing; it decides nothing any more.
    fn settle(&self, end: Settled<'_>) -> impl Future<Output = ()> + Send {
        let _ = end;
        ready(())
    }
}

/// How an exchange has ended: what of an [`Outcome`] a store may want to count or to write down.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Settled<'a> {
    /// The mechanism, where the client named one that there is.
    pub mechanism: Option<MechanismName>,
    /// Who came in, or why nobody did.
    pub result: Result<Entrant<'a>, Failure>,
}

/// Somebody who came in.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Entrant<'a> {
    /// Whose credentials they were.
    pub identity: &'a Identity,
    /// As whom they act, where that is somebody else.
    pub authorization_id: Option<&'a AuthorizationId>,
    /// The type of the channel binding that was verified.
    pub channel_binding: Option<&'a BindingKind>,
}

impl<'a> Settled<'a> {
    /// The end of an exchange with this mechanism.
    pub fn new(mechanism: Option<MechanismName>, outcome: &'a Outcome) -> Self {
        let result = match outcome {
            Outcome::Success(success) => Ok(Entrant {
                identity: &success.identity,
                authorization_id: success.authorization_id.as_ref(),
                channel_binding: success.channel_binding.as_ref(),
            }),
            Outcome::Failure(failure) => Err(*failure),
        };
        Self { mechanism, result }
    }
}

/// A protocol that SASL is used in, seen from the server.
pub trait ServerInterface {
    /// What the connection or the codec may fail with.
    type Error;

    /// Sends a challenge and waits for the client's answer to it: a response or an abort. All else is an error of
    /// the interface.
    fn challenge(
        &mut self,
        challenge: Challenge,
    ) -> impl Future<Output = Result<ClientMessage, Self::Error>>;
}

/// Runs a server's exchange to its outcome, which is the caller's to tell the client.
///
/// # Errors
///
/// The interface's error. The exchange is lost with it: nobody came in.
pub async fn serve<I: ServerInterface, S: Store>(
    mut exchange: ServerExchange,
    initial_response: Option<Response>,
    interface: &mut I,
    store: &S,
) -> Result<Outcome, I::Error> {
    const IN_TURN: &str = "every call is the one that the last step asked for";
    let mut step = exchange.start(initial_response).expect(IN_TURN);
    loop {
        step = match step {
            ServerStep::Send(challenge) => {
                let heard = interface.challenge(challenge).await?;
                exchange.receive(heard).expect(IN_TURN)
            }
            ServerStep::Ask(query) => exchange.answer(store.answer(query).await).expect(IN_TURN),
            ServerStep::Done(outcome) => {
                let end = Settled::new(Some(exchange.mechanism()), &outcome);
                store.settle(end).await;
                return Ok(outcome);
            }
        };
    }
}
