//! The server's exchange: the rules that hold for every mechanism, and the one door (RFC 4422 section 3).
//!
//! ```text
//!   start(initial response) ──> Send(challenge) / Ask(query) ──> ... ──> Ask(Authorize) ──> Done(Outcome)
//! ```

use alloc::boxed::Box;
use core::{fmt, mem};

use crate::{
    error::{Failure, FailureCode, Misuse, Reason},
    mechanism::{Heard, ServerMechanism, ServerTurn},
    message::{Challenge, ClientMessage, Outcome, Proven, Response, Success},
    name::MechanismName,
    profile::{Profile, SuccessData},
    query::{Answer, Authorize, Query},
};

/// One attempt of somebody to come in by one mechanism.
///
/// Every call returns the one next thing to do. A refusal is a step too ([`Outcome::Failure`]), since the client
/// must hear it; an `Err` is the caller's own fault.
pub struct ServerExchange {
    mechanism: Box<dyn ServerMechanism>,
    profile: Profile,
    state: State,
    steps: u8,
}

/// What the caller does next.
#[must_use = "the exchange goes on with this step"]
#[derive(Debug)]
pub enum ServerStep {
    /// Send this, and hand the client's message to [`receive`](ServerExchange::receive).
    Send(Challenge),
    /// Answer this, with [`answer`](ServerExchange::answer).
    Ask(Query),
    /// It is decided; tell the client.
    Done(Outcome),
}

#[derive(Default)]
enum State {
    /// Over, or an error on the way: every call is a misuse.
    #[default]
    Dead,
    /// Nothing is said yet.
    ExpectStart,
    /// The client speaks first and has not: it has our empty challenge.
    ExpectFirst,
    /// The client's turn.
    ExpectResponse,
    /// The caller's turn: the mechanism has asked.
    ExpectAnswer,
    /// The caller's turn: may they come in?
    ExpectAuthorization,
    /// They may; the last words went as a challenge, and only an empty response is left to come.
    ExpectLastEmpty(Box<Success>),
}

impl ServerExchange {
    /// An exchange in a protocol that can carry everything.
    pub fn new(mechanism: Box<dyn ServerMechanism>) -> Self {
        Self::with_profile(mechanism, Profile::FULL)
    }

    /// An exchange in this protocol.
    pub fn with_profile(mechanism: Box<dyn ServerMechanism>, profile: Profile) -> Self {
        Self { mechanism, profile, state: State::ExpectStart, steps: 0 }
    }

    /// Starts, with what the client's request carried; called once.
    ///
    /// # Errors
    ///
    /// [`Misuse`] on a second call.
    pub fn start(&mut self, initial_response: Option<Response>) -> Result<ServerStep, Misuse> {
        match mem::take(&mut self.state) {
            State::ExpectStart => {}
            State::Dead => return Err(Misuse::AfterEnd),
            other => return self.misuse(other, Misuse::StartedTwice),
        }
        match (self.mechanism.initial_challenge(), initial_response) {
            (None, Some(response)) => Ok(self.hear(&response)),
            (None, None) => {
                self.state = State::ExpectFirst;
                Ok(ServerStep::Send(Challenge::empty()))
            }
            (Some(challenge), None) => {
                self.state = State::ExpectResponse;
                Ok(ServerStep::Send(challenge))
            }
            (Some(challenge), Some(response)) if self.mechanism.takes_initial_response() => {
                if response.is_empty() {
                    self.state = State::ExpectResponse;
                    Ok(ServerStep::Send(challenge))
                } else {
                    Ok(self.hear(&response))
                }
            }
            (Some(_), Some(_)) => Ok(refuse(Failure::new(
                FailureCode::InitialResponseNotAllowed,
                Reason::InitialResponseNotAllowed,
            ))),
        }
    }

    /// Takes the client's next message.
    ///
    /// # Errors
    ///
    /// [`Misuse`] where no message is expected now. A client that says the wrong thing is no misuse, but an
    /// outcome.
    pub fn receive(&mut self, message: ClientMessage) -> Result<ServerStep, Misuse> {
        match (mem::take(&mut self.state), message) {
            (State::Dead, _) => Err(Misuse::AfterEnd),
            (State::ExpectStart, _) => self.misuse(State::ExpectStart, Misuse::NotStarted),
            (state @ (State::ExpectAnswer | State::ExpectAuthorization), _) => {
                self.misuse(state, Misuse::OutOfTurn)
            }
            (_, ClientMessage::Abort) => {
                Ok(refuse(Failure::new(FailureCode::Aborted, Reason::Aborted)))
            }
            (_, ClientMessage::Authenticate { .. }) => Ok(refuse(Failure::OUT_OF_TURN)),
            (State::ExpectFirst | State::ExpectResponse, ClientMessage::Response(it)) => {
                Ok(self.hear(&it))
            }
            (State::ExpectLastEmpty(success), ClientMessage::Response(it)) => {
                Ok(if it.is_empty() {
                    ServerStep::Done(Outcome::Success(*success))
                } else {
                    refuse(Failure::malformed(Reason::NotEmpty))
                })
            }
        }
    }

    /// Takes the caller's answer to what was asked.
    ///
    /// # Errors
    ///
    /// [`Misuse`] where nothing was asked.
    pub fn answer(&mut self, answer: Answer) -> Result<ServerStep, Misuse> {
        match mem::take(&mut self.state) {
            State::ExpectAnswer => {
                let turn = self.mechanism.turn(Heard::Answer(answer));
                Ok(self.take_turn(turn))
            }
            State::ExpectAuthorization => Ok(match answer.authorization() {
                Ok(proven) => self.let_in(proven),
                Err(failure) => refuse(failure),
            }),
            State::Dead => Err(Misuse::AfterEnd),
            other => self.misuse(other, Misuse::NothingAsked),
        }
    }

    /// The mechanism's name.
    pub fn mechanism(&self) -> MechanismName {
        self.mechanism.name()
    }

    fn hear(&mut self, response: &Response) -> ServerStep {
        self.steps = self.steps.saturating_add(1);
        let turn = if self.profile.is_too_long(response.as_bytes()) {
            Err(Failure::new(FailureCode::TooLarge, Reason::MessageTooLong))
        } else if self.steps > self.profile.max_steps {
            Err(Failure::malformed(Reason::TooManySteps))
        } else {
            self.mechanism.turn(Heard::Message(response.as_bytes()))
        };
        self.take_turn(turn)
    }

    fn take_turn(&mut self, turn: Result<ServerTurn, Failure>) -> ServerStep {
        match turn {
            Ok(ServerTurn::Challenge(challenge)) => {
                self.state = State::ExpectResponse;
                ServerStep::Send(challenge)
            }
            Ok(ServerTurn::Ask(query)) => {
                self.state = State::ExpectAnswer;
                ServerStep::Ask(query)
            }
            Ok(ServerTurn::Proven(proven)) => {
                self.state = State::ExpectAuthorization;
                ServerStep::Ask(Query::Authorize(Authorize::new(proven)))
            }
            Err(failure) => refuse(failure),
        }
    }

    /// The only place where a success is made.
    fn let_in(&mut self, mut proven: Proven) -> ServerStep {
        let last_words = proven.additional_data.take();
        let mechanism = self.mechanism.name();
        match (last_words, self.profile.success_data) {
            (Some(last_words), SuccessData::AsChallenge) => {
                self.state =
                    State::ExpectLastEmpty(Box::new(Success::new(mechanism, proven, None)));
                ServerStep::Send(last_words)
            }
            (additional_data, _) => {
                ServerStep::Done(Outcome::Success(Success::new(mechanism, proven, additional_data)))
            }
        }
    }

    /// A call out of turn changes nothing.
    fn misuse(&mut self, state: State, misuse: Misuse) -> Result<ServerStep, Misuse> {
        self.state = state;
        Err(misuse)
    }
}

fn refuse(failure: Failure) -> ServerStep {
    ServerStep::Done(Outcome::Failure(failure))
}

impl fmt::Debug for ServerExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerExchange")
            .field("mechanism", &self.mechanism.name())
            .finish_non_exhaustive()
    }
}
