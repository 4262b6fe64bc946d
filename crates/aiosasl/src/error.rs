//! What can go wrong, sorted by whose fault it is; no message ever holds a secret.

use alloc::boxed::Box;
use core::fmt;

pub use crate::reason::Reason;
use crate::token::TokenRefusal;

/// Why a client's exchange did not end in [`Authenticated`](crate::Authenticated), by whose fault it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The credentials at hand can't be used: nothing was sent to the peer on their account.
    Credentials(Reason),
    /// The caller broke the order of calls.
    Misuse(Misuse),
    /// The peer broke the protocol, or could not prove that it knows the secret.
    Peer(Reason),
    /// Our own policy forbids to go on.
    Policy(Reason),
    /// The peer understood, and said no.
    Refused(Refusal),
}

impl Error {
    /// The exact reason as a stable word, such as `nonce-mismatch`; for logs and tests, not for the peer.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Credentials(reason) | Self::Peer(reason) | Self::Policy(reason) => {
                reason.as_str()
            }
            Self::Misuse(misuse) => misuse.as_str(),
            Self::Refused(refusal) => refusal.code.as_str(),
        }
    }

    /// Whether other credentials could change the answer: trying another mechanism with the same ones
    /// is then pointless, and would only expose them (RFC 4422 section 3.6).
    pub fn is_authentication_failure(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code.concerns_credentials())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(reason) => write!(f, "the credentials can't be used: {reason}"),
            Self::Misuse(misuse) => misuse.fmt(f),
            Self::Peer(reason) => write!(f, "the peer broke the protocol: {reason}"),
            Self::Policy(reason) => write!(f, "refused by local policy: {reason}"),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

/// A call out of turn: the caller's fault, and always a value, never a panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The exchange has ended, well or badly; a new one needs a new object (RFC 4422 section 3.5).
    AfterEnd,
    /// An answer came, and no question was open.
    NothingAsked,
    /// The exchange has not been started.
    NotStarted,
    /// The exchange waits for something else: an answer instead of a message, say.
    OutOfTurn,
    /// The exchange was started before.
    StartedTwice,
}

impl Misuse {
    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AfterEnd => "after-end",
            Self::NothingAsked => "nothing-asked",
            Self::NotStarted => "not-started",
            Self::OutOfTurn => "out-of-turn",
            Self::StartedTwice => "started-twice",
        }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterEnd => "the exchange has ended, expected a new one",
            Self::NothingAsked => "an answer was given, expected none: nothing was asked",
            Self::NotStarted => "the exchange has not been started",
            Self::OutOfTurn => "the exchange expects another call now",
            Self::StartedTwice => "the exchange was started twice",
        })
    }
}

impl core::error::Error for Misuse {}

/// What the peer said when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its meaning.
    pub code: FailureCode,
    /// The peer's own word, where the mechanism carries one (SCRAM's `e=`, RFC 5802 section 5.1).
    pub text: Option<Box<str>>,
    /// What it said of the token, where the credential was one (RFC 7628 section 3.2.2).
    pub token: Option<Box<TokenRefusal>>,
}

impl Refusal {
    /// A refusal of which nothing more is known.
    pub const fn new(code: FailureCode) -> Self {
        Self { code, text: None, token: None }
    }

    /// A refusal of the token.
    pub fn of_token(told: TokenRefusal) -> Self {
        Self { token: Some(Box::new(told)), ..Self::new(FailureCode::InvalidCredentials) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the peer refused: {}", self.code)?;
        match (&self.text, &self.token) {
            (Some(text), _) => write!(f, " ({})", text.escape_debug()),
            (None, Some(told)) => write!(f, " ({told})"),
            (None, None) => Ok(()),
        }
    }
}

/// Why a server's exchange failed: what the peer may hear, and what the log hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Coarse, to be spelled by the profile and sent.
    pub code: FailureCode,
    /// Exact, for the log alone.
    pub reason: Reason,
}

impl Failure {
    /// A message or an answer came that the mechanism does not expect now.
    pub const OUT_OF_TURN: Self = Self::new(FailureCode::WrongState, Reason::OutOfTurn);

    /// A failure of this kind for this reason.
    pub const fn new(code: FailureCode, reason: Reason) -> Self {
        Self { code, reason }
    }

    /// The peer's message breaks the mechanism's grammar.
    pub const fn malformed(reason: Reason) -> Self {
        Self::new(FailureCode::Malformed, reason)
    }

    /// Wrong credentials, or anything that must look like them from outside: an unknown account, a wrong
    /// proof, a channel binding that differs (RFC 4422 section 6).
    pub const fn credentials(reason: Reason) -> Self {
        Self::new(FailureCode::InvalidCredentials, reason)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.reason)
    }
}

impl core::error::Error for Failure {}

/// What a failure outcome may tell the peer; the profile spells it in its protocol's codes.
///
/// Account states are told only after the credentials were verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureCode {
    /// The client gave up (RFC 4422 section 3.5).
    Aborted,
    /// The account exists and may not be used.
    AccountDisabled,
    /// The credentials are right, the authorization identity is not for them (RFC 4422 section 3.4.1).
    AuthorizationDenied,
    /// The transfer encoding is broken: base64, mostly.
    BadEncoding,
    /// The credentials were right once.
    CredentialsExpired,
    /// The mechanism needs a confidential channel.
    EncryptionRequired,
    /// An initial response came with a mechanism in which the server speaks first (RFC 4422 section 3.2).
    InitialResponseNotAllowed,
    /// Wrong credentials; an unknown account is told the same.
    InvalidCredentials,
    /// A message breaks the mechanism's grammar.
    Malformed,
    /// The mechanism is weaker than this account's or this server's policy wants.
    MechanismTooWeak,
    /// No such mechanism here.
    MechanismUnknown,
    /// The account needs one login with PLAIN so that the server can make its verifiers (RFC 4954 section 4).
    PasswordTransitionNeeded,
    /// Try again later; the credentials are not in question.
    Temporary,
    /// A message is longer than the server takes.
    TooLarge,
    /// Not now: authenticated already, or in the middle of something.
    WrongState,
}

impl FailureCode {
    /// The code as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AccountDisabled => "account-disabled",
            Self::AuthorizationDenied => "authorization-denied",
            Self::BadEncoding => "bad-encoding",
            Self::CredentialsExpired => "credentials-expired",
            Self::EncryptionRequired => "encryption-required",
            Self::InitialResponseNotAllowed => "initial-response-not-allowed",
            Self::InvalidCredentials => "invalid-credentials",
            Self::Malformed => "malformed",
            Self::MechanismTooWeak => "mechanism-too-weak",
            Self::MechanismUnknown => "mechanism-unknown",
            Self::PasswordTransitionNeeded => "password-transition-needed",
            Self::Temporary => "temporary",
            Self::TooLarge => "too-large",
            Self::WrongState => "wrong-state",
        }
    }

    /// Whether other credentials (or another authorization identity) could change the answer.
    pub fn concerns_credentials(self) -> bool {
        matches!(
            self,
            Self::AccountDisabled
                | Self::AuthorizationDenied
                | Self::CredentialsExpired
                | Self::InvalidCredentials
        )
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aborted => "the exchange was aborted",
            Self::AccountDisabled => "the account is disabled",
            Self::AuthorizationDenied => "the authorization identity is not allowed",
            Self::BadEncoding => "the transfer encoding is broken",
            Self::CredentialsExpired => "the credentials have expired",
            Self::EncryptionRequired => "the mechanism needs an encrypted channel",
            Self::InitialResponseNotAllowed => "the mechanism takes no initial response",
            Self::InvalidCredentials => "wrong credentials",
            Self::Malformed => "a message is malformed",
            Self::MechanismTooWeak => "the mechanism is too weak",
            Self::MechanismUnknown => "the mechanism is not available",
            Self::PasswordTransitionNeeded => "a password transition is needed",
            Self::Temporary => "temporary failure, try again later",
            Self::TooLarge => "a message is too large",
            Self::WrongState => "not allowed in this state",
        })
    }
}
