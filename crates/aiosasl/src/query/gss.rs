//! What mechanisms over the GSS-API (RFC 2743) ask: a context to begin with, then one call on it after the other.
//!
//! ```text
//!   Gss::Open(what for) ──answer(context)──> Gss::Call(step / wrap / unwrap) ──run()──> the context again, and what came out
//! ```

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{Answer, ClientAnswer};
use crate::{
    error::{Error, FailureCode, Reason},
    identity::AuthenticationId,
    layer::LayerError,
    secret::Secret,
};

/// A security context (RFC 2743 section 1.1.3) of whatever provider.
///
/// Its calls may read files and ask a key distribution centre, so they may take seconds: they are run by whoever
/// answers the exchange's questions, on a thread where that matters.
pub trait GssContext: Send {
    /// Takes the peer's token (none at an initiator's first call), and says what comes next.
    ///
    /// # Errors
    ///
    /// [`GssError`]: the context is of no use any more.
    fn step(&mut self, token: Option<&[u8]>) -> Result<GssStep, GssError>;

    /// What is known of the context, once it is established.
    fn properties(&self) -> Option<GssProperties>;

    /// `GSS_Wrap` (RFC 2743 section 2.3.3).
    ///
    /// # Errors
    ///
    /// [`GssError`], also where `Protection::Confidentiality` is asked for and can't be had.
    fn wrap(&mut self, protection: Protection, octets: &[u8]) -> Result<Vec<u8>, GssError>;

    /// `GSS_Unwrap` (RFC 2743 section 2.3.4): the octets, and how they were protected.
    ///
    /// # Errors
    ///
    /// [`GssError`] for a token that is damaged, old, out of sequence or a duplicate.
    fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Protection), GssError>;

    /// `GSS_Wrap_size_limit` (RFC 2743 section 2.2.7): the most octets whose token is no longer than `max_token`.
    ///
    /// # Errors
    ///
    /// [`GssError`].
    fn wrap_size_limit(&mut self, protection: Protection, max_token: u32) -> Result<u32, GssError>;
}

impl fmt::Debug for dyn GssContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GssContext")
    }
}

/// Where contexts come from: a library of the system, or a toy to test with.
///
/// # Example: whoever runs a client's exchange answers its questions with one
///
/// ```
/// use aiosasl::query::{ClientAnswer, ClientQuery, GssProvider};
///
/// fn answer(query: ClientQuery, provider: &dyn GssProvider) -> Option<ClientAnswer> {
///     match query {
///         ClientQuery::Gss(gss) => Some(gss.initiate_with(provider).into_client_answer()),
///         other => other.answer_by_itself().ok(),
///     }
/// }
/// ```
pub trait GssProvider: Send + Sync {
    /// A context that a client begins with.
    ///
    /// # Errors
    ///
    /// [`GssError`]: there are no credentials, or this can't be done here.
    fn initiator(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError>;

    /// A context that a server begins with.
    ///
    /// # Errors
    ///
    /// [`GssError`]: there are no keys for this service, or this can't be done here.
    fn acceptor(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError>;
}

/// What comes after a step.
#[derive(Debug, Clone)]
pub struct GssStep {
    /// For the peer, where there is one.
    pub token: Option<Secret>,
    /// Whether the context is established.
    pub established: bool,
}

/// What is known of an established context.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of RFC 2743 section 2.2.1")]
pub struct GssProperties {
    /// The initiator's name as text: `user@EXAMPLE.ORG`.
    pub initiator: Box<str>,
    /// The acceptor's name as text: `imap/mail.example.org@EXAMPLE.ORG`.
    pub acceptor: Box<str>,
    /// The mechanism that came of it, as the contents of a DER object identifier.
    pub mechanism: Box<[u8]>,
    /// Whether both ends are proven.
    pub mutual: bool,
    /// Whether there is integrity protection.
    pub integrity: bool,
    /// Whether there is confidentiality.
    pub confidentiality: bool,
    /// Whether the initiator is nobody in particular.
    pub anonymous: bool,
    /// The strength in bits of what keeps octets secret, where that is known: 256 for AES-256.
    pub strength: u16,
}

/// How octets are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Changes are noticed.
    Integrity,
    /// And nobody can read along.
    Confidentiality,
}

/// What a provider failed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GssError {
    /// What kind.
    pub kind: GssErrorKind,
    /// The provider's words, for logs and people; no secret.
    pub text: Box<str>,
}

/// Whose fault a provider's failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GssErrorKind {
    /// The peer's channel binding differs from ours.
    BadBindings,
    /// There are no credentials, or they have expired: no ticket, no keytab.
    NoCredentials,
    /// The peer's token is damaged, old, or for somebody else.
    BadToken,
    /// There is no provider, or it can't do this.
    Unavailable,
    /// Anything else.
    Other,
}

impl GssError {
    /// A failure of this kind.
    pub fn new(kind: GssErrorKind, text: impl Into<Box<str>>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The reason in the library's words.
    pub fn reason(&self) -> Reason {
        match self.kind {
            GssErrorKind::BadBindings => Reason::ChannelBindingsDontMatch,
            GssErrorKind::NoCredentials => Reason::NoCredentials,
            GssErrorKind::BadToken => Reason::GssToken,
            GssErrorKind::Unavailable => Reason::GssUnavailable,
            GssErrorKind::Other => Reason::GssFailed,
        }
    }
}

impl From<&GssError> for Error {
    /// A client's error: about credentials where the peer has no part in it.
    fn from(error: &GssError) -> Self {
        let reason = error.reason();
        match error.kind {
            GssErrorKind::NoCredentials | GssErrorKind::Unavailable => Self::Credentials(reason),
            _ => Self::Peer(reason),
        }
    }
}

impl fmt::Display for GssError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason(), self.text.escape_debug())
    }
}

impl core::error::Error for GssError {}

impl From<GssError> for LayerError {
    fn from(error: GssError) -> Self {
        match error.kind {
            GssErrorKind::BadToken => Self::BadMac,
            _ => Self::Provider,
        }
    }
}

/// What a mechanism over the GSS-API needs from its caller.
#[derive(Debug)]
pub enum Gss {
    /// A context to begin with.
    Open(OpenGss),
    /// A call on the context that there is: run it, at once or on a thread.
    Call(GssCall),
}

/// Asks for a new context.
#[derive(Debug)]
pub struct OpenGss {
    /// What it is for.
    pub request: GssRequest,
}

/// What a context is for (the arguments of `GSS_Init_sec_context`, RFC 2743 section 2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GssRequest {
    /// The mechanism, as the contents of a DER object identifier (without tag and length).
    pub mechanism: &'static [u8],
    /// Whose credentials an initiator takes, where that is said; else those that the provider has.
    pub initiator: Option<AuthenticationId>,
    /// The password that the caller has of them. A provider that has a ticket needs none.
    pub password: Option<Secret>,
    /// The service's name, `imap`; empty in an acceptor that takes any that it has keys for.
    pub service: Box<str>,
    /// The service's host.
    pub host: Box<str>,
    /// Whether both ends are to be proven.
    pub mutual: bool,
    /// Whether integrity protection is wanted, and the detection of replays and of a wrong sequence with it.
    pub integrity: bool,
    /// Whether confidentiality is wanted.
    pub confidentiality: bool,
    /// The application data of the channel binding (RFC 2743 section 1.1.6; address types 0), where there is one. An
    /// acceptor's context has to fail then with an initiator that is bound to nothing, too.
    pub channel_binding: Option<Secret>,
}

impl GssRequest {
    /// Asks for a context of this mechanism, with both ends proven, and nothing else; set the other fields as needed.
    pub fn new(mechanism: &'static [u8]) -> Self {
        Self {
            mechanism,
            initiator: None,
            password: None,
            service: Box::default(),
            host: Box::default(),
            mutual: true,
            integrity: false,
            confidentiality: false,
            channel_binding: None,
        }
    }
}

impl OpenGss {
    /// This is a context: an initiator's where a client has asked, else an acceptor's.
    pub fn context(self, context: Result<Box<dyn GssContext>, GssError>) -> GssReply {
        match context {
            Ok(context) => GssReply { context: Some(context), result: Ok(GssResult::Opened) },
            Err(error) => GssReply { context: None, result: Err(error) },
        }
    }
}

/// A call on a context, which it holds.
pub struct GssCall {
    context: Box<dyn GssContext>,
    call: Call,
}

/// What is called.
#[derive(Debug)]
enum Call {
    Step(Option<Secret>),
    Wrap(Protection, Secret),
    Unwrap(Secret),
}

impl GssCall {
    /// A step of the context's establishment.
    pub fn step(context: Box<dyn GssContext>, token: Option<Secret>) -> Self {
        Self { context, call: Call::Step(token) }
    }

    /// `GSS_Wrap`.
    pub fn wrap(context: Box<dyn GssContext>, protection: Protection, octets: Secret) -> Self {
        Self { context, call: Call::Wrap(protection, octets) }
    }

    /// `GSS_Unwrap`.
    pub fn unwrap(context: Box<dyn GssContext>, token: Secret) -> Self {
        Self { context, call: Call::Unwrap(token) }
    }

    /// Runs it; it may take seconds.
    pub fn run(mut self) -> GssReply {
        let context = &mut self.context;
        let result = match &self.call {
            Call::Step(token) => {
                context.step(token.as_ref().map(Secret::expose)).map(GssResult::Step)
            }
            Call::Wrap(protection, octets) => context
                .wrap(*protection, octets.expose())
                .map(|token| GssResult::Wrapped(Secret::new(token))),
            Call::Unwrap(token) => context
                .unwrap(token.expose())
                .map(|(octets, how)| GssResult::Unwrapped(Secret::new(octets), how)),
        };
        GssReply { context: Some(self.context), result }
    }
}

impl fmt::Debug for GssCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GssCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// The context again, and what came of the call.
#[derive(Debug)]
pub struct GssReply {
    context: Option<Box<dyn GssContext>>,
    result: Result<GssResult, GssError>,
}

/// What came of a call.
#[derive(Debug)]
#[non_exhaustive]
pub enum GssResult {
    /// There is a context.
    Opened,
    /// A step.
    Step(GssStep),
    /// A token.
    Wrapped(Secret),
    /// The octets, and how they were protected.
    Unwrapped(Secret, Protection),
}

impl GssReply {
    /// The context, and what came of the call.
    ///
    /// # Errors
    ///
    /// The provider's.
    pub fn result(self) -> Result<(Box<dyn GssContext>, GssResult), GssError> {
        match (self.context, self.result) {
            (Some(context), Ok(result)) => Ok((context, result)),
            (_, Err(error)) => Err(error),
            (None, Ok(_)) => {
                Err(GssError::new(GssErrorKind::Unavailable, "there is no security context"))
            }
        }
    }

    /// What the provider failed with, if it did.
    pub fn error(&self) -> Option<&GssError> {
        self.result.as_ref().err()
    }

    /// As a client's answer.
    pub fn into_client_answer(self) -> ClientAnswer {
        ClientAnswer::from_gss(self)
    }

    /// As a server's answer.
    pub fn into_answer(self) -> Answer {
        Answer::from_gss(self)
    }
}

impl Gss {
    /// Runs it for a client: a context comes from this provider. It may take seconds.
    pub fn initiate_with(self, provider: &dyn GssProvider) -> GssReply {
        match self {
            Self::Open(open) => {
                let context = provider.initiator(&open.request);
                open.context(context)
            }
            Self::Call(call) => call.run(),
        }
    }

    /// Runs it for a server: a context comes from this provider. It may take seconds.
    pub fn accept_with(self, provider: &dyn GssProvider) -> GssReply {
        match self {
            Self::Open(open) => {
                let context = provider.acceptor(&open.request);
                open.context(context)
            }
            Self::Call(call) => call.run(),
        }
    }

    /// Runs a call; a context can't be had here.
    ///
    /// # Errors
    ///
    /// The query itself, where it asks for a context.
    pub fn run(self) -> Result<GssReply, Self> {
        match self {
            Self::Open(_) => Err(self),
            Self::Call(call) => Ok(call.run()),
        }
    }

    /// Nobody can help now.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }
}
