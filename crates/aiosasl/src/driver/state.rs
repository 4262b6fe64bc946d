//! Where an exchange stands, and what comes next, in a mechanism's eyes.

use super::SaslError;
use crate::{
    error::{Error, Reason},
    message::Challenge,
};

/// Where an exchange stands.
///
/// # Example: a success with last words is two steps
///
/// ```
/// # use aiosasl::driver::{SaslError, SaslState, SaslStateMachine};
/// use aiosasl::{message::Response, name::MechanismName};
///
/// async fn prove(state_machine: &mut SaslStateMachine) -> Result<(), SaslError> {
///     let name = MechanismName::new("X-RIDDLE");
///     let last_words = state_machine.initiate(name, Some(Response::empty())).await?.challenge()?;
///     if state_machine.state() == SaslState::SuccessSimulateChallenge {
///         // The server is content already; an empty response, which it never hears, ends the exchange.
///     }
///     state_machine.response(Response::empty()).await?.success()
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SaslState {
    /// The server waits for a response.
    Challenge,
    /// Over and lost: every call is an error.
    #[default]
    Failure,
    /// Nothing is said yet.
    Initial,
    /// Over: the server is content.
    Success,
    /// The server is content, and its last words went to the mechanism as a challenge: an empty response is
    /// all that may follow, and nobody hears it.
    SuccessSimulateChallenge,
}

/// What the server wants next; a success with last words is two steps.
///
/// # Example: expectations are one word each
///
/// ```
/// use aiosasl::{driver::SaslStep, message::Challenge};
///
/// let step = SaslStep::Challenge(Challenge::new(*b"who?"));
/// assert!(step.clone().challenge().is_ok());
/// assert!(step.success().is_err());
/// ```
#[must_use = "the server waits for a response, or is content"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaslStep {
    /// It wants a response to this.
    Challenge(Challenge),
    /// It is content.
    Success,
}

impl SaslStep {
    /// The challenge, for a mechanism that has more to say.
    ///
    /// # Errors
    ///
    /// [`SaslFailure`](super::SaslFailure): the server ended before the mechanism has finished.
    pub fn challenge(self) -> Result<Challenge, SaslError> {
        match self {
            Self::Challenge(challenge) => Ok(challenge),
            Self::Success => Err(Error::Peer(Reason::ServerNotVerified).into()),
        }
    }

    /// The end, for a mechanism that has no more to say.
    ///
    /// # Errors
    ///
    /// [`SaslFailure`](super::SaslFailure): the server goes on.
    pub fn success(self) -> Result<(), SaslError> {
        match self {
            Self::Challenge(_) => Err(Error::Peer(Reason::UnexpectedChallenge).into()),
            Self::Success => Ok(()),
        }
    }
}
