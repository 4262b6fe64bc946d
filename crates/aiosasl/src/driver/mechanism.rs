//! What a client can log in by, as an object: it picks a name from an offer, and talks through a state machine.

use alloc::boxed::Box;
use core::{any::Any, fmt, future::Future, pin::Pin};

use super::{
    Connection, QueryProvider, SaslError, SaslInterface, SaslStateMachine, SaslStep,
    rendezvous::attend,
};
use crate::{
    binding::BindingKind,
    client::{Authenticated, ClientExchange, ClientStep},
    credentials::{Credentials, Resumption},
    error::{Error, FailureCode},
    layer::SecurityLayer,
    mechanism::{ClientMechanism, Properties},
    message::{ClientMessage, ServerMessage},
    name::MechanismName,
    profile::Profile,
};

/// A future in a box, which any executor may move to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A mechanism, or a family of them, with all that it needs to log in.
///
/// Object safe. Instances have no state: one serves any number of connections, at the same time, on any thread.
///
/// # Example: a third party's mechanism
///
/// ```
/// use aiosasl::{
///     driver::{AuthenticationReport, BoxFuture, SaslError, SaslMechanism, SaslStateMachine, Token},
///     mechanism::{ActiveAttacks, ForwardSecrecy, Binds, Exposure, Needs, Properties, ServerProof, Side, Standing},
///     message::Response,
///     name::MechanismName,
/// };
///
/// struct Riddle;
///
/// impl SaslMechanism for Riddle {
///     fn any_supported(&self, offered: &[MechanismName]) -> Option<Token> {
///         offered.iter().find(|name| **name == "X-RIDDLE").map(|name| Token::new(*name))
///     }
///
///     fn properties(&self, _: &Token) -> Properties {
///         Properties {
///             first: Side::Server,
///             exposure: Exposure::Nothing,
///             needs: Needs::Token,
///             server_proof: ServerProof::None,
///             binds: Binds::Nothing,
///             active_attacks: ActiveAttacks::Exposed,
///             forward_secrecy: ForwardSecrecy::None,
///             layer_strength: 0,
///             standing: Standing::Current,
///             reference: "a fairy tale",
///         }
///     }
///
///     fn authenticate<'a>(
///         &'a self,
///         state_machine: &'a mut SaslStateMachine,
///         token: Token,
///     ) -> BoxFuture<'a, Result<AuthenticationReport, SaslError>> {
///         Box::pin(async move {
///             let riddle = state_machine.initiate(token.mechanism(), None).await?.challenge()?;
///             let answer = Response::new([b"a ", riddle.as_bytes()].concat());
///             state_machine.response(answer).await?.success()?;
///             Ok(AuthenticationReport::new(token.mechanism()))
///         })
///     }
/// }
/// ```
pub trait SaslMechanism: Send + Sync {
    /// Picks the best mechanism of the server's offer that this one can do, if any.
    fn any_supported(&self, offered: &[MechanismName]) -> Option<Token>;

    /// What is to be known before trying what [`any_supported`](Self::any_supported) has picked. No default: the
    /// security floor is built on it.
    fn properties(&self, token: &Token) -> Properties;

    /// Whether another attempt by this mechanism would bring other credentials, now that the server has refused these: a
    /// newer token, say. Asked once in a negotiation. No, unless the mechanism says otherwise.
    fn renew(&self, refused: MechanismName) -> BoxFuture<'_, bool> {
        let _ = refused;
        Box::pin(async { false })
    }

    /// Logs in by what [`any_supported`](Self::any_supported) has picked.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: its kind says whether another mechanism may work.
    fn authenticate<'a>(
        &'a self,
        state_machine: &'a mut SaslStateMachine,
        token: Token,
    ) -> BoxFuture<'a, Result<AuthenticationReport, SaslError>>;
}

/// What [`SaslMechanism::any_supported`] has picked; what is inside is the mechanism's own business.
///
/// # Example: something to remember
///
/// ```
/// use aiosasl::{driver::Token, name::MechanismName};
///
/// let token = Token::with_payload(MechanismName::new("X-RIDDLE"), 42_u8);
/// assert_eq!(token.payload(), Some(&42_u8));
/// assert_eq!(token.payload::<u16>(), None);
/// ```
pub struct Token {
    mechanism: MechanismName,
    payload: Option<Box<dyn Any + Send + Sync>>,
}

impl Token {
    /// The mechanism of this name.
    pub fn new(mechanism: MechanismName) -> Self {
        Self { mechanism, payload: None }
    }

    /// The mechanism of this name, and what has to be remembered until it is tried.
    pub fn with_payload(mechanism: MechanismName, payload: impl Any + Send + Sync) -> Self {
        Self { mechanism, payload: Some(Box::new(payload)) }
    }

    /// The picked mechanism's name.
    pub fn mechanism(&self) -> MechanismName {
        self.mechanism
    }

    /// What was to be remembered, where it is of this type.
    pub fn payload<T: Any>(&self) -> Option<&T> {
        self.payload.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

/// What is known once a client is in.
#[must_use = "it may hold a security layer"]
#[derive(Debug)]
#[non_exhaustive]
pub struct AuthenticationReport {
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
    /// What an identity provider tells of the user (RFC 6616 section 3.4).
    pub attributes: Option<Box<str>>,
    /// What makes the next login to the same server shorter.
    pub resumption: Option<Resumption>,
}

impl AuthenticationReport {
    /// A mechanism that proved nothing but the client; set the other fields as needed.
    pub fn new(mechanism: MechanismName) -> Self {
        Self {
            mechanism,
            server_verified: false,
            channel_binding: None,
            iterations: None,
            security_layer: None,
            attributes: None,
            resumption: None,
        }
    }
}

impl From<Authenticated> for AuthenticationReport {
    fn from(authenticated: Authenticated) -> Self {
        Self {
            mechanism: authenticated.mechanism,
            server_verified: authenticated.server_verified,
            channel_binding: authenticated.channel_binding,
            iterations: authenticated.iterations,
            security_layer: authenticated.security_layer,
            attributes: authenticated.attributes,
            resumption: authenticated.resumption,
        }
    }
}

/// Logs in by one mechanism, picked before with [`SaslMechanism::any_supported`].
///
/// # Example: PLAIN, where nobody can read along
///
/// ```
/// use aiosasl::{
///     driver::{AuthenticationReport, Connection, SaslError, SaslInterface, SaslMechanism, authenticate},
///     error::{Error, Reason},
///     name::MechanismName,
/// };
///
/// async fn log_in<I: SaslInterface>(
///     interface: &mut I,
///     connection: &Connection<'_>,
///     mechanism: &dyn SaslMechanism,
/// ) -> Result<AuthenticationReport, SaslError> {
///     let Some(token) = mechanism.any_supported(connection.offered.mechanisms) else {
///         return Err(Error::Policy(Reason::MechanismUnavailable).into());
///     };
///     authenticate(interface, connection, mechanism, token).await
/// }
/// ```
///
/// # Errors
///
/// The mechanism's; and [`SaslFailure`](super::SaslFailure) where the connection's policy forbids it: nothing is said
/// then.
pub async fn authenticate<I: SaslInterface>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanism: &dyn SaslMechanism,
    token: Token,
) -> Result<AuthenticationReport, SaslError> {
    connection
        .policy
        .allows(&mechanism.properties(&token), &connection.channel)
        .map_err(Error::Policy)?;
    let mut state_machine = SaslStateMachine::new(interface.profile(), connection);
    let rendezvous = state_machine.rendezvous();
    let talk = mechanism.authenticate(&mut state_machine, token);
    let result = attend(interface, &rendezvous, talk).await;
    state_machine.close(interface, result).await
}

/// Drives the client's half of any mechanism through a state machine.
///
/// This is how [`FromMechanism`](super::FromMechanism) logs in; a third party's [`SaslMechanism`] may make its own half
/// and do the same.
///
/// # Errors
///
/// [`SaslError`]: the exchange's, the interface's or the query provider's.
pub async fn drive(
    state_machine: &mut SaslStateMachine,
    mechanism: Box<dyn ClientMechanism>,
    queries: &dyn QueryProvider,
    credentials: &Credentials,
) -> Result<AuthenticationReport, SaslError> {
    let mut exchange = ClientExchange::with_profile(mechanism, limits(state_machine.profile()));
    let mut step = exchange.start()?;
    loop {
        step = match step {
            ClientStep::Send(message) => match say(state_machine, message).await {
                Ok(answer) => exchange.receive(answer)?,
                // What the protocol says of a refusal is less than what the mechanism has heard before.
                Err(error) => {
                    return Err(match exchange.foregone() {
                        Some(known) => error.because(known.clone()),
                        None => error,
                    });
                }
            },
            ClientStep::Ask(query) => exchange.answer(queries.answer(query, credentials).await?)?,
            ClientStep::Done(authenticated) => return Ok(authenticated.into()),
        };
    }
}

/// What is left for the exchange to do of a protocol's peculiarities: the state machine sees to the others.
fn limits(profile: Profile) -> Profile {
    Profile { max_message: profile.max_message, max_steps: profile.max_steps, ..Profile::FULL }
}

async fn say(
    state_machine: &mut SaslStateMachine,
    message: ClientMessage,
) -> Result<ServerMessage, SaslError> {
    let step = match message {
        ClientMessage::Authenticate { mechanism, initial_response } => {
            state_machine.initiate(mechanism, initial_response).await?
        }
        ClientMessage::Response(response) => state_machine.response(response).await?,
        ClientMessage::Abort => {
            // Why the exchange gives up is its to say; what becomes of the abort does not change it.
            let _ = state_machine.abort().await;
            return Ok(ServerMessage::Failure(FailureCode::Aborted));
        }
    };
    Ok(match step {
        SaslStep::Challenge(challenge) => ServerMessage::Challenge(challenge),
        SaslStep::Success => ServerMessage::Success { additional_data: None },
    })
}
