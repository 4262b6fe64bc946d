//! The server's loop: an exchange, a protocol's half-duplex of messages, and a store that answers.

use core::future::Future;

use crate::{
    message::{Challenge, ClientMessage, Outcome, Response},
    query::{Answer, Query},
    server::{ServerExchange, ServerStep},
};

/// Answers a server's questions: mostly, by looking into an account store.
pub trait Store: Sync {
    /// The answer to one question; [`Query::Authorize`] is the one that lets somebody in.
    ///
    /// An error of the store is an answer too: [`Query::unavailable`].
    fn answer(&self, query: Query) -> impl Future<Output = Answer> + Send;
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
            ServerStep::Done(outcome) => return Ok(outcome),
        };
    }
}
