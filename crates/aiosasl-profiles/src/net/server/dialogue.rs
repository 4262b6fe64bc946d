//! How a protocol carries the messages of an exchange, seen from the server.

use aiosasl::{
    driver,
    error::FailureCode,
    message::{Challenge, ClientMessage},
};

use crate::{WireError, line::Line, net::transport::Transport};

/// How a protocol carries challenges and what answers them, while an exchange lasts.
pub(super) trait Dialogue {
    /// Sends a challenge, and waits for the response or the abort.
    ///
    /// # Errors
    ///
    /// [`Interrupt`]: the exchange is over with it.
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt>;
}

/// Why there is no answer to a challenge.
pub(super) enum Interrupt {
    /// The connection is of no use any more.
    Broken(WireError),
    /// What came is none that answers a challenge.
    Refused(FailureCode),
}

impl From<WireError> for Interrupt {
    fn from(error: WireError) -> Self {
        Self::Broken(error)
    }
}

/// The dialogue of protocols in which each message is one line: how they spell challenges, and read what answers them.
#[derive(Clone, Copy)]
pub(super) struct Spelling {
    pub(super) challenge: fn(&Challenge) -> Line,
    pub(super) response: fn(&[u8]) -> Result<ClientMessage, FailureCode>,
}

impl Dialogue for Spelling {
    async fn ask(
        &mut self,
        transport: &mut Transport,
        challenge: &Challenge,
    ) -> Result<ClientMessage, Interrupt> {
        transport.send(&(self.challenge)(challenge)).await?;
        let line = transport.line().await?;
        (self.response)(&line).map_err(Interrupt::Refused)
    }
}

/// The dialogue of login commands, which is none: all is said in the command.
pub(super) struct AllSaid;

impl Dialogue for AllSaid {
    async fn ask(&mut self, _: &mut Transport, _: &Challenge) -> Result<ClientMessage, Interrupt> {
        Err(Interrupt::Refused(FailureCode::WrongState))
    }
}

/// Challenges out, responses in.
pub(super) struct Wire<'a, D> {
    pub(super) transport: &'a mut Transport,
    pub(super) dialogue: D,
}

impl<D: Dialogue> driver::ServerInterface for Wire<'_, D> {
    type Error = Interrupt;

    async fn challenge(&mut self, challenge: Challenge) -> Result<ClientMessage, Interrupt> {
        self.dialogue.ask(self.transport, &challenge).await
    }
}
