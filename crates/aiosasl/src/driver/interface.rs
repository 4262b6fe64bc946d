//! What a protocol supplies: three calls, each an answer of the server away from its end.

use core::future::Future;

use crate::{
    driver::SaslError,
    message::{Challenge, Response},
    name::MechanismName,
    profile::Profile,
};

/// A protocol that SASL is used in, seen from the client.
///
/// No state checking is asked of an implementer: [`SaslStateMachine`](crate::driver::SaslStateMachine) keeps the
/// order. Only [`abort`](Self::abort) may return [`Reply::Failure`]; every other failure is raised as an
/// [`SaslError`] that carries the protocol's own error: an
/// [`AuthenticationFailure`](crate::driver::AuthenticationFailure) where the credentials are wrong, a
/// [`SaslFailure`](crate::driver::SaslFailure) for all else.
///
/// Implement it with `async fn`. Where the futures of an implementation are `Send`, so are those of the whole driver.
///
/// # Example: a server that lets everybody in
///
/// ```
/// use aiosasl::{
///     driver::{Reply, SaslError, SaslInterface},
///     message::Response,
///     name::MechanismName,
/// };
///
/// struct Careless;
///
/// impl SaslInterface for Careless {
///     async fn initiate(
///         &mut self,
///         mechanism: MechanismName,
///         payload: Option<Response>,
///     ) -> Result<Reply, SaslError> {
///         // Here the protocol's command is sent, and its answer read: `AUTH mechanism payload`.
///         Ok(Reply::Success(None))
///     }
///
///     async fn respond(&mut self, payload: Response) -> Result<Reply, SaslError> {
///         Ok(Reply::Success(None))
///     }
///
///     async fn abort(&mut self) -> Result<Reply, SaslError> {
///         Ok(Reply::Failure)
///     }
/// }
/// ```
///
/// A whole protocol is in `examples/toy_line_protocol.rs`.
pub trait SaslInterface {
    /// What the protocol can carry; everything, unless it says otherwise.
    ///
    /// [`SaslStateMachine`](crate::driver::SaslStateMachine) holds an initial response back where it can't be
    /// carried, so that [`initiate`](Self::initiate) never has to.
    fn profile(&self) -> Profile {
        Profile::FULL
    }

    /// Whether another exchange can be started after one that failed; `false` where the connection is gone, or
    /// the conversation in doubt.
    ///
    /// [`negotiate`](crate::driver::negotiate) stops where it can't. An error that has an [`std::io::Error`] among
    /// its sources counts as a lost connection, whatever this says.
    fn is_usable(&self) -> bool {
        true
    }

    /// Starts an exchange by this mechanism, and waits for the server's answer.
    ///
    /// `payload` is the initial response: `None` and empty are two things (RFC 4422 section 3.3).
    fn initiate(
        &mut self,
        mechanism: MechanismName,
        payload: Option<Response>,
    ) -> impl Future<Output = Result<Reply, SaslError>>;

    /// Answers a challenge, and waits for the server's answer.
    fn respond(&mut self, payload: Response) -> impl Future<Output = Result<Reply, SaslError>>;

    /// Gives up, and waits for the server's answer, which should be [`Reply::Failure`].
    fn abort(&mut self) -> impl Future<Output = Result<Reply, SaslError>>;
}

/// What the server answered.
///
/// # Example: a line of a toy protocol
///
/// ```
/// use aiosasl::{
///     driver::{AuthenticationFailure, Reply, SaslError},
///     message::Challenge,
/// };
///
/// fn parse(line: &str) -> Result<Reply, SaslError> {
///     match line.split_once(' ').unwrap_or((line, "")) {
///         ("OK", _) => Ok(Reply::Success(None)),
///         ("MORE", octets) => Ok(Reply::Challenge(Challenge::new(octets))),
///         (_, why) => Err(AuthenticationFailure::new(why).into()),
///     }
/// }
/// assert_eq!(parse("OK").expect("good"), Reply::Success(None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is content, and may have last words for the mechanism.
    Success(Option<Challenge>),
    /// It wants a response.
    Challenge(Challenge),
    /// It has taken notice of the abort.
    Failure,
}
