//! The client's exchange: the rules that hold for every mechanism (RFC 4422 section 3).
//!
//! ```text
//!   start ──> Send(Authenticate) ──receive──> Send(Response) / Ask(query) ──> ... ──> Done(Authenticated)
//! ```

use alloc::boxed::Box;
use core::{fmt, mem};

use crate::{
    binding::BindingKind,
    credentials::Resumption,
    encoding::encoded_len,
    error::{Error, Misuse, Reason, Refusal},
    layer::SecurityLayer,
    mechanism::{ClientMechanism, ClientTurn, Heard},
    message::{Challenge, ClientMessage, Response, ServerMessage},
    name::MechanismName,
    profile::{FirstChallenge, InitialResponse, Profile},
    query::{ClientAnswer, ClientQuery},
};

/// One attempt of a client to come in by one mechanism.
///
/// Every call returns the one next thing to do. An error ends the exchange; what the server must still hear before
/// is sent first (an abort), and the error follows once the server has answered.
pub struct ClientExchange {
    mechanism: Box<dyn ClientMechanism>,
    profile: Profile,
    state: State,
    steps: u8,
}

/// What the caller does next.
#[must_use = "the exchange goes on with this step"]
#[derive(Debug)]
pub enum ClientStep {
    /// Send this, and hand the server's message to [`receive`](ClientExchange::receive).
    Send(ClientMessage),
    /// Answer this, with [`answer`](ClientExchange::answer).
    Ask(ClientQuery),
    /// The server let us in, and its success may be believed.
    Done(Authenticated),
}

/// The proof, in the caller's hands, that the exchange ended well; made by [`ClientExchange`] alone.
#[must_use = "it may hold a security layer"]
#[derive(Debug)]
#[non_exhaustive]
pub struct Authenticated {
    /// By which mechanism.
    pub mechanism: MechanismName,
    /// Whether the server has proven that it knows the secret, too.
    pub server_verified: bool,
    /// The type of the channel binding that both ends agree on.
    pub channel_binding: Option<BindingKind>,
    /// The iteration count of the key derivation, where there was one.
    pub iterations: Option<u32>,
    /// What has to be put around all that follows.
    pub security_layer: Option<Box<dyn SecurityLayer>>,
    /// What an identity provider tells of the user, as the server's last words have it (RFC 6616 section 3.4).
    pub attributes: Option<Box<str>>,
    /// What makes the next login to the same server shorter: give it to [`Credentials`](crate::credentials::Credentials).
    pub resumption: Option<Resumption>,
}

#[derive(Default)]
enum State {
    /// Over, or an error on the way: every call is a misuse.
    #[default]
    Dead,
    /// Nothing is said yet.
    ExpectStart,
    /// The first message had to be held back until the server's empty challenge.
    ExpectEmptyChallenge(Response),
    /// The server's turn.
    ExpectMessage,
    /// The caller's turn: the mechanism has asked.
    ExpectAnswer(Origin),
    /// We have sent an abort or our last words; the error comes with the server's answer, whatever it is.
    ExpectEnd(Error),
}

/// What the mechanism is chewing on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Nothing: what it says is to be the first message.
    Start,
    /// A challenge: the response is to be sent.
    Challenge,
    /// A success's additional data: the response must be empty, and the end is here.
    Success,
}

impl ClientExchange {
    /// An exchange in a protocol that can carry everything.
    pub fn new(mechanism: Box<dyn ClientMechanism>) -> Self {
        Self::with_profile(mechanism, Profile::FULL)
    }

    /// An exchange in this protocol.
    pub fn with_profile(mechanism: Box<dyn ClientMechanism>, profile: Profile) -> Self {
        Self { mechanism, profile, state: State::ExpectStart, steps: 0 }
    }

    /// Starts; called once. A mechanism may have to ask before it can say anything.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] on a second call.
    pub fn start(&mut self) -> Result<ClientStep, Error> {
        match mem::take(&mut self.state) {
            State::ExpectStart => {}
            State::Dead => return Err(Misuse::AfterEnd.into()),
            other => return self.misuse(other, Misuse::StartedTwice),
        }
        if let Some(query) = self.mechanism.initial_question() {
            self.state = State::ExpectAnswer(Origin::Start);
            return Ok(ClientStep::Ask(query));
        }
        let initial_response = self.mechanism.initial_response();
        Ok(self.open(initial_response))
    }

    /// Takes the server's answer to what was sent.
    ///
    /// # Errors
    ///
    /// [`Error`]: the exchange is over. Where the server must hear an abort first, that is the next step, and the
    /// error follows.
    pub fn receive(&mut self, message: ServerMessage) -> Result<ClientStep, Error> {
        self.steps = self.steps.saturating_add(1);
        match (mem::take(&mut self.state), message) {
            (State::ExpectEnd(error), _) => Err(error),
            (
                State::ExpectMessage | State::ExpectEmptyChallenge(_),
                ServerMessage::Failure(code),
            ) => Err(Error::Refused(Refusal::new(code))),
            (State::ExpectEmptyChallenge(first), ServerMessage::Challenge(it)) => {
                self.say_first(first, &it)
            }
            (State::ExpectEmptyChallenge(_), ServerMessage::Success { .. }) => {
                Err(Error::Peer(Reason::ServerNotVerified))
            }
            (State::ExpectMessage, ServerMessage::Challenge(it)) => {
                self.turn(&it, Origin::Challenge)
            }
            (State::ExpectMessage, ServerMessage::Success { additional_data: Some(it) }) => {
                self.turn(&it, Origin::Success)
            }
            (State::ExpectMessage, ServerMessage::Success { additional_data: None }) => {
                self.conclude()
            }
            (State::Dead, _) => Err(Misuse::AfterEnd.into()),
            (State::ExpectStart, _) => self.misuse(State::ExpectStart, Misuse::NotStarted),
            (state @ State::ExpectAnswer(_), _) => self.misuse(state, Misuse::OutOfTurn),
        }
    }

    /// Takes the caller's answer to what was asked.
    ///
    /// # Errors
    ///
    /// [`Error`], as [`receive`](Self::receive).
    pub fn answer(&mut self, answer: ClientAnswer) -> Result<ClientStep, Error> {
        match mem::take(&mut self.state) {
            State::ExpectAnswer(origin) => {
                let turn = self.mechanism.turn(Heard::Answer(answer));
                self.take_turn(turn, origin)
            }
            State::Dead => Err(Misuse::AfterEnd.into()),
            other => self.misuse(other, Misuse::NothingAsked),
        }
    }

    /// Gives up: the server hears an abort, and the error [`Reason::Aborted`] follows its answer.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] with [`Reason::Aborted`] at once, where the server has heard nothing yet; [`Error::Misuse`] before the start, after the end, and on a second call.
    pub fn abort(&mut self) -> Result<ClientStep, Error> {
        match mem::take(&mut self.state) {
            State::Dead => Err(Misuse::AfterEnd.into()),
            State::ExpectStart => self.misuse(State::ExpectStart, Misuse::NotStarted),
            State::ExpectEnd(error) => self.misuse(State::ExpectEnd(error), Misuse::OutOfTurn),
            State::ExpectAnswer(Origin::Start) => Err(Error::Policy(Reason::Aborted)),
            _ => Ok(self.fail(Error::Policy(Reason::Aborted))),
        }
    }

    /// The mechanism's name.
    pub fn mechanism(&self) -> MechanismName {
        self.mechanism.name()
    }

    /// Why the exchange is going to fail, whatever the server answers to what was sent last.
    #[cfg(feature = "driver")]
    pub(crate) fn foregone(&self) -> Option<&Error> {
        match &self.state {
            State::ExpectEnd(error) => Some(error),
            _ => None,
        }
    }

    /// Says the first message, or holds it back where the protocol can't carry it.
    fn open(&mut self, mut initial_response: Option<Response>) -> ClientStep {
        let mechanism = self.mechanism.name();
        self.state = match initial_response.take_if(|first| !self.carries(first)) {
            Some(first) => State::ExpectEmptyChallenge(first),
            None => State::ExpectMessage,
        };
        ClientStep::Send(ClientMessage::Authenticate { mechanism, initial_response })
    }

    fn say_first(&mut self, first: Response, challenge: &Challenge) -> Result<ClientStep, Error> {
        if !challenge.is_empty() && self.mechanism.initial_response_can_be_dropped() {
            return self.turn(challenge, Origin::Challenge);
        }
        if !challenge.is_empty() && self.profile.first_challenge == FirstChallenge::MustBeEmpty {
            return Ok(self.fail(Error::Peer(Reason::NotEmpty)));
        }
        self.state = State::ExpectMessage;
        Ok(ClientStep::Send(ClientMessage::Response(first)))
    }

    fn turn(&mut self, message: &Challenge, origin: Origin) -> Result<ClientStep, Error> {
        let turn = if self.profile.is_too_long(message.as_bytes()) {
            Err(Error::Peer(Reason::MessageTooLong))
        } else if self.steps > self.profile.max_steps {
            Err(Error::Peer(Reason::TooManySteps))
        } else {
            self.mechanism.turn(Heard::Message(message.as_bytes()))
        };
        self.take_turn(turn, origin)
    }

    fn take_turn(
        &mut self,
        turn: Result<ClientTurn, Error>,
        origin: Origin,
    ) -> Result<ClientStep, Error> {
        match (turn, origin) {
            (Ok(ClientTurn::Ask(query)), origin) => {
                self.state = State::ExpectAnswer(origin);
                Ok(ClientStep::Ask(query))
            }
            (Ok(ClientTurn::Respond(response)), Origin::Challenge) => {
                self.state = State::ExpectMessage;
                Ok(ClientStep::Send(ClientMessage::Response(response)))
            }
            (Ok(ClientTurn::Respond(response)), Origin::Success) if response.is_empty() => {
                self.conclude()
            }
            (Ok(ClientTurn::Respond(_)), Origin::Success) => {
                Err(Error::Peer(Reason::ServerNotVerified))
            }
            (Ok(ClientTurn::Concede { last_words, error }), Origin::Challenge) => {
                self.state = State::ExpectEnd(error);
                Ok(ClientStep::Send(ClientMessage::Response(last_words)))
            }
            (Err(error), Origin::Challenge) => Ok(self.fail(error)),
            (Ok(ClientTurn::Respond(response)), Origin::Start) => Ok(self.open(Some(response))),
            (
                Err(error) | Ok(ClientTurn::Concede { error, .. }),
                Origin::Success | Origin::Start,
            ) => Err(error),
        }
    }

    fn conclude(&mut self) -> Result<ClientStep, Error> {
        let done = self.mechanism.conclude()?;
        Ok(ClientStep::Done(Authenticated {
            mechanism: self.mechanism.name(),
            server_verified: done.server_verified,
            channel_binding: done.channel_binding,
            iterations: done.iterations,
            security_layer: done.security_layer,
            attributes: done.attributes,
            resumption: done.resumption,
        }))
    }

    /// The server waits for a response: it hears an abort, and the error waits for its answer.
    fn fail(&mut self, error: Error) -> ClientStep {
        self.state = State::ExpectEnd(error);
        ClientStep::Send(ClientMessage::Abort)
    }

    /// A call out of turn changes nothing.
    fn misuse(&mut self, state: State, misuse: Misuse) -> Result<ClientStep, Error> {
        self.state = state;
        Err(misuse.into())
    }

    fn carries(&self, first: &Response) -> bool {
        match self.profile.initial_response {
            InitialResponse::NotCarried => false,
            InitialResponse::Carried => true,
            InitialResponse::CarriedUpTo(limit) => {
                self.mechanism.name().as_str().len() + encoded_len(first.as_bytes().len())
                    <= usize::from(limit)
            }
        }
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExchange")
            .field("mechanism", &self.mechanism.name())
            .finish_non_exhaustive()
    }
}
