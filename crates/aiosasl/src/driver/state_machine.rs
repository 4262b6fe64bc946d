//! The order of calls in an exchange, kept on behalf of every interface and every mechanism (RFC 4422 section 3).
//!
//! ```text
//!   Initial ──initiate──> Challenge ──response──> ... ──> Success
//!                             │                └──> SuccessSimulateChallenge ──empty response──> Success
//!                             └─abort / any error──> Failure
//! ```

use alloc::sync::Arc;
use core::mem;

use super::{
    Connection, Reply, SaslError, SaslFailure, SaslInterface, SaslState, SaslStep,
    connection::Kept,
    rendezvous::{Rendezvous, attend},
};
use crate::{
    encoding::encoded_len,
    error::{Error, Misuse, Reason},
    message::{ClientMessage, Response},
    name::MechanismName,
    profile::{FirstChallenge, InitialResponse, Profile},
};

/// Through which a mechanism talks: it knows the order, and the interface that the words go to.
///
/// A call out of turn is an error and changes nothing; after any other error, and after a call whose future
/// was dropped half-way, the state machine is dead.
///
/// # Example: a mechanism's part of the talk
///
/// ```
/// # use aiosasl::driver::{SaslError, SaslStateMachine, SaslStep};
/// use aiosasl::{message::Response, name::MechanismName};
///
/// async fn guess(state_machine: &mut SaslStateMachine) -> Result<(), SaslError> {
///     let mut step = state_machine.initiate(MechanismName::new("X-GUESS"), None).await?;
///     while let SaslStep::Challenge(question) = step {
///         if question.as_bytes() == b"the meaning of life?" {
///             return state_machine.abort().await;
///         }
///         step = state_machine.response(Response::new(*b"42")).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct SaslStateMachine {
    state: SaslState,
    steps: u8,
    profile: Profile,
    kept: Arc<Kept>,
    rendezvous: Rendezvous,
}

impl SaslStateMachine {
    /// Runs a mechanism, written as one async function, on an interface.
    ///
    /// Whatever the mechanism returns, the exchange is over then: one that fails, or returns before the server has
    /// said its outcome, and leaves the server waiting, is aborted.
    ///
    /// # Example: a mechanism in a straight line
    ///
    /// ```
    /// # use aiosasl::driver::{Connection, Reply, SaslError, SaslInterface, SaslStateMachine};
    /// use aiosasl::{message::Response, name::MechanismName};
    ///
    /// async fn log_in<I: SaslInterface>(interface: &mut I) -> Result<(), SaslError> {
    ///     SaslStateMachine::run(interface, &Connection::default(), async |state_machine| {
    ///         let name = MechanismName::new("X-RIDDLE");
    ///         let riddle = state_machine.initiate(name, None).await?.challenge()?;
    ///         let answer = Response::new([b"a ", riddle.as_bytes()].concat());
    ///         state_machine.response(answer).await?.success()
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The mechanism's; and [`SaslFailure`] where it returned before the server has said its outcome.
    pub async fn run<I: SaslInterface, T>(
        interface: &mut I,
        connection: &Connection<'_>,
        mechanism: impl AsyncFnOnce(&mut Self) -> Result<T, SaslError>,
    ) -> Result<T, SaslError> {
        let mut state_machine = Self::new(interface.profile(), connection);
        let rendezvous = state_machine.rendezvous.clone();
        let result = attend(interface, &rendezvous, mechanism(&mut state_machine)).await;
        state_machine.close(interface, result).await
    }

    pub(super) fn new(profile: Profile, connection: &Connection<'_>) -> Self {
        Self {
            state: SaslState::Initial,
            steps: 0,
            profile,
            kept: Arc::new(connection.into()),
            rendezvous: Rendezvous::default(),
        }
    }

    pub(super) fn rendezvous(&self) -> Rendezvous {
        self.rendezvous.clone()
    }

    pub(super) fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.kept)
    }

    /// Sees to it that a success is one, and that the server is not left waiting.
    pub(super) async fn close<I: SaslInterface, T>(
        self,
        interface: &mut I,
        result: Result<T, SaslError>,
    ) -> Result<T, SaslError> {
        let result = match (result, self.state) {
            (Ok(_), state) if state != SaslState::Success => {
                Err(SaslFailure::new("the mechanism ended before the server said its outcome")
                    .into())
            }
            (result, _) => result,
        };
        if self.state == SaslState::Challenge {
            // What went wrong is known already; the server's answer to the abort does not change it.
            let _ = interface.abort().await;
        }
        result
    }

    /// Starts the exchange.
    ///
    /// An initial response that the protocol can't carry is held back until the server's empty challenge; that is
    /// not seen here.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the interface's; [`Misuse`] (in [`SaslError::exchange_error`]) on a second call.
    pub async fn initiate(
        &mut self,
        mechanism: MechanismName,
        initial_response: Option<Response>,
    ) -> Result<SaslStep, SaslError> {
        self.expect(SaslState::Initial, Misuse::StartedTwice)?;
        if initial_response.as_ref().is_some_and(|first| self.is_too_long(first.as_bytes())) {
            return Err(Error::Policy(Reason::MessageTooLong).into());
        }
        let mut initial_response = initial_response;
        let held_back = initial_response.take_if(|first| !self.carries(mechanism, first));
        let reply = self
            .rendezvous
            .say(ClientMessage::Authenticate { mechanism, initial_response })
            .await?;
        match held_back {
            None => self.hear(reply).await,
            Some(first) => self.say_first(reply, first).await,
        }
    }

    /// Answers a challenge.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the interface's; [`SaslFailure`] where the server has ended already, with last words that were
    /// not the mechanism's last; [`Misuse`] (in [`SaslError::exchange_error`]) before the start and after the end.
    pub async fn response(&mut self, payload: Response) -> Result<SaslStep, SaslError> {
        if self.state == SaslState::SuccessSimulateChallenge {
            self.state = SaslState::default();
            if !payload.is_empty() {
                return Err(Error::Peer(Reason::ServerNotVerified).into());
            }
            self.state = SaslState::Success;
            return Ok(SaslStep::Success);
        }
        self.expect(SaslState::Challenge, Misuse::OutOfTurn)?;
        if self.is_too_long(payload.as_bytes()) {
            return self.give_up(Error::Policy(Reason::MessageTooLong)).await;
        }
        let reply = self.rendezvous.say(ClientMessage::Response(payload)).await?;
        self.hear(reply).await
    }

    /// Gives up; the state machine is dead then.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the interface's; [`SaslFailure`] where the server does not accept that; [`Misuse`] (in
    /// [`SaslError::exchange_error`]) before the start and after the end.
    pub async fn abort(&mut self) -> Result<(), SaslError> {
        self.expect(SaslState::Challenge, Misuse::OutOfTurn)?;
        match self.rendezvous.say(ClientMessage::Abort).await? {
            Reply::Failure => Ok(()),
            Reply::Success(_) | Reply::Challenge(_) => Err(SaslFailure::new(
                "the server answered an abort with something else than a failure",
            )
            .into()),
        }
    }

    /// Where the exchange stands.
    pub fn state(&self) -> SaslState {
        self.state
    }

    /// What the protocol can carry.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What is known of the connection.
    pub fn connection(&self) -> Connection<'_> {
        self.kept.connection()
    }

    /// Takes the state, so that whatever goes wrong from here on leaves it dead; a call out of turn changes nothing.
    fn expect(&mut self, state: SaslState, otherwise: Misuse) -> Result<(), SaslError> {
        let misuse = match mem::take(&mut self.state) {
            found if found == state => return Ok(()),
            found => {
                self.state = found;
                match found {
                    SaslState::Initial => Misuse::NotStarted,
                    SaslState::Challenge => otherwise,
                    _ => Misuse::AfterEnd,
                }
            }
        };
        Err(Error::Misuse(misuse).into())
    }

    async fn say_first(&mut self, reply: Reply, first: Response) -> Result<SaslStep, SaslError> {
        match reply {
            Reply::Challenge(it)
                if !it.is_empty()
                    && self.profile.first_challenge == FirstChallenge::MustBeEmpty =>
            {
                self.give_up(Error::Peer(Reason::NotEmpty)).await
            }
            Reply::Challenge(_) => {
                self.steps += 1;
                let reply = self.rendezvous.say(ClientMessage::Response(first)).await?;
                self.hear(reply).await
            }
            Reply::Success(_) => Err(Error::Peer(Reason::ServerNotVerified).into()),
            Reply::Failure => Err(interface_lost_an_error()),
        }
    }

    async fn hear(&mut self, reply: Reply) -> Result<SaslStep, SaslError> {
        match reply {
            Reply::Challenge(it) => {
                self.steps = self.steps.saturating_add(1);
                if self.is_too_long(it.as_bytes()) {
                    self.give_up(Error::Peer(Reason::MessageTooLong)).await
                } else if self.steps > self.profile.max_steps {
                    self.give_up(Error::Peer(Reason::TooManySteps)).await
                } else {
                    self.state = SaslState::Challenge;
                    Ok(SaslStep::Challenge(it))
                }
            }
            Reply::Success(Some(it)) if self.is_too_long(it.as_bytes()) => {
                Err(Error::Peer(Reason::MessageTooLong).into())
            }
            Reply::Success(Some(it)) => {
                self.state = SaslState::SuccessSimulateChallenge;
                Ok(SaslStep::Challenge(it))
            }
            Reply::Success(None) => {
                self.state = SaslState::Success;
                Ok(SaslStep::Success)
            }
            Reply::Failure => Err(interface_lost_an_error()),
        }
    }

    /// The server waits for a response, and hears an abort; its answer does not change what went wrong.
    async fn give_up(&mut self, error: Error) -> Result<SaslStep, SaslError> {
        let _ = self.rendezvous.say(ClientMessage::Abort).await;
        Err(error.into())
    }

    fn is_too_long(&self, message: &[u8]) -> bool {
        self.profile.is_too_long(message)
    }

    fn carries(&self, mechanism: MechanismName, first: &Response) -> bool {
        match self.profile.initial_response {
            InitialResponse::NotCarried => false,
            InitialResponse::Carried => true,
            InitialResponse::CarriedUpTo(limit) => {
                mechanism.as_str().len() + encoded_len(first.as_bytes().len()) <= usize::from(limit)
            }
        }
    }
}

fn interface_lost_an_error() -> SaslError {
    SaslFailure::new("the interface returned a failure that it should have raised as an error")
        .into()
}
