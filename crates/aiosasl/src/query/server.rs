//! A server's questions: it knows nothing before the client speaks, and it asks `Authorize` last.

use alloc::boxed::Box;
use core::fmt;

use super::{
    Doom, Gss, GssReply, PasscodeStep, Redirect, RefusedToken, Returned, VerifyPasscode,
    VerifyToken, Visitor,
};
#[cfg(feature = "hash")]
use super::{NonceUse, ReplaceSecret, ScramKeys, ScramVerifier, Secrets, SharedSecret};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::{AuthenticationId, AuthorizationId},
    message::{Identity, Proven},
    secret::Password,
};

/// What a server's exchange needs from its caller now: mostly, from the account store.
#[derive(Debug)]
#[non_exhaustive]
pub enum Query {
    /// May this identity come in, and act as it asks? Always the last question, and the one door.
    Authorize(Authorize),
    /// Who does the lower layer say that the client is?
    External(External),
    /// A security context, or a call on it (RFC 2743).
    Gss(Gss),
    /// Is this nonce used for the first time?
    #[cfg(feature = "hash")]
    NonceUse(NonceUse),
    /// Where does the client's browser have to go?
    Redirect(Redirect),
    /// Is the secret replaced by the next one?
    #[cfg(feature = "hash")]
    ReplaceSecret(ReplaceSecret),
    /// Who has come back from there?
    Returned(Returned),
    /// What is the account's SCRAM verifier?
    #[cfg(feature = "hash")]
    ScramKeys(ScramKeys),
    /// What do the account and its owner share?
    #[cfg(feature = "hash")]
    SharedSecret(SharedSecret),
    /// Is this the code that the account's device shows?
    VerifyPasscode(VerifyPasscode),
    /// Is this the account's password?
    VerifyPassword(VerifyPassword),
    /// Whose token is this?
    VerifyToken(VerifyToken),
}

impl Query {
    /// Answers any question with "nobody can tell now": the client hears of a temporary failure.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }
}

/// The answer to a [`Query`]; made by the query alone.
#[derive(Debug)]
pub struct Answer(AnswerKind);

#[derive(Debug)]
enum AnswerKind {
    Authorization {
        proven: Proven,
        authorization: Authorization,
    },
    External(Option<AuthenticationId>),
    Gss(GssReply),
    #[cfg(feature = "hash")]
    NonceUse(bool),
    Passcode(Result<PasscodeStep, Failure>),
    Redirect(Result<Box<str>, Failure>),
    #[cfg(feature = "hash")]
    Replaced(Result<AuthenticationId, Failure>),
    Returned(Result<Visitor, Failure>),
    #[cfg(feature = "hash")]
    Secrets(Secrets),
    #[cfg(feature = "hash")]
    ScramKeys {
        authentication_id: AuthenticationId,
        verifier: ScramVerifier,
        doomed: Option<Doom>,
    },
    Token(Result<AuthenticationId, RefusedToken>),
    Unavailable(FailureCode),
    Verdict {
        authentication_id: AuthenticationId,
        verdict: Verdict,
    },
}

impl Answer {
    /// The answer to [`Query::External`]: who the client is.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with, where no lower layer knows, or nobody can tell.
    pub fn external(self) -> Result<AuthenticationId, Failure> {
        match self.0 {
            AnswerKind::External(Some(identity)) => Ok(identity),
            AnswerKind::External(None) => Err(Failure::credentials(Reason::NoExternalCredentials)),
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::VerifyPassword`]: whose password it is.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with, where it is nobody's, or nobody can tell.
    pub fn verified(self) -> Result<AuthenticationId, Failure> {
        match self.0 {
            AnswerKind::Verdict { authentication_id, verdict: Verdict::Accepted } => {
                Ok(authentication_id)
            }
            AnswerKind::Verdict { verdict, .. } => Err(verdict.failure()),
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::VerifyToken`]: whose token it is, or what the client is told of it before the exchange ends.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with at once, where nobody can tell.
    pub fn token(self) -> Result<Result<AuthenticationId, RefusedToken>, Failure> {
        match self.0 {
            AnswerKind::Token(result) => Ok(result),
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::ScramKeys`]: the account, its verifier, and why the login must fail
    /// whatever the proof says.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with, where nobody can tell.
    #[cfg(feature = "hash")]
    pub fn scram_verifier(
        self,
    ) -> Result<(AuthenticationId, ScramVerifier, Option<Doom>), Failure> {
        match self.0 {
            AnswerKind::ScramKeys { authentication_id, verifier, doomed } => {
                Ok((authentication_id, verifier, doomed))
            }
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::Gss`].
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    pub fn gss(self) -> Result<GssReply, Failure> {
        match self.0 {
            AnswerKind::Gss(it) => Ok(it),
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::NonceUse`]: whether it is used for the first time.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    #[cfg(feature = "hash")]
    pub fn nonce_is_fresh(self) -> Result<bool, Failure> {
        match self.0 {
            AnswerKind::NonceUse(it) => Ok(it),
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::VerifyPasscode`]: what follows.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    pub fn passcode(self) -> Result<PasscodeStep, Failure> {
        match self.0 {
            AnswerKind::Passcode(result) => result,
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::Redirect`]: the URL.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    pub fn redirect(self) -> Result<Box<str>, Failure> {
        match self.0 {
            AnswerKind::Redirect(result) => result,
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::ReplaceSecret`]: whose secret was replaced.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    #[cfg(feature = "hash")]
    pub fn replaced(self) -> Result<AuthenticationId, Failure> {
        match self.0 {
            AnswerKind::Replaced(result) => result,
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::Returned`]: who came back.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    pub fn returned(self) -> Result<Visitor, Failure> {
        match self.0 {
            AnswerKind::Returned(result) => result,
            other => Err(other.failure()),
        }
    }

    /// The answer to [`Query::SharedSecret`].
    ///
    /// # Errors
    ///
    /// The [`Failure`] that the mechanism has to end with.
    #[cfg(feature = "hash")]
    pub fn secrets(self) -> Result<Secrets, Failure> {
        match self.0 {
            AnswerKind::Secrets(it) => Ok(it),
            other => Err(other.failure()),
        }
    }

    pub(crate) fn authorization(self) -> Result<Proven, Failure> {
        match self.0 {
            AnswerKind::Authorization { proven, authorization } => {
                authorization.result().map(|()| proven)
            }
            other => Err(other.failure()),
        }
    }

    #[cfg(feature = "hash")]
    pub(super) fn scram_keys(
        authentication_id: AuthenticationId,
        verifier: ScramVerifier,
        doomed: Option<Doom>,
    ) -> Self {
        Self(AnswerKind::ScramKeys { authentication_id, verifier, doomed })
    }

    pub(super) fn from_gss(it: GssReply) -> Self {
        Self(AnswerKind::Gss(it))
    }

    #[cfg(feature = "hash")]
    pub(super) fn from_nonce_use(it: bool) -> Self {
        Self(AnswerKind::NonceUse(it))
    }

    pub(super) fn from_passcode(it: Result<PasscodeStep, Failure>) -> Self {
        Self(AnswerKind::Passcode(it))
    }

    pub(super) fn from_redirect(it: Result<Box<str>, Failure>) -> Self {
        Self(AnswerKind::Redirect(it))
    }

    #[cfg(feature = "hash")]
    pub(super) fn from_replaced(it: Result<AuthenticationId, Failure>) -> Self {
        Self(AnswerKind::Replaced(it))
    }

    pub(super) fn from_returned(it: Result<Visitor, Failure>) -> Self {
        Self(AnswerKind::Returned(it))
    }

    #[cfg(feature = "hash")]
    pub(super) fn from_secrets(it: Secrets) -> Self {
        Self(AnswerKind::Secrets(it))
    }

    pub(super) fn from_token(result: Result<AuthenticationId, RefusedToken>) -> Self {
        Self(AnswerKind::Token(result))
    }

    pub(super) fn unavailable(code: FailureCode) -> Self {
        Self(AnswerKind::Unavailable(code))
    }
}

impl AnswerKind {
    /// Why an answer that is not the expected one ends the exchange.
    fn failure(self) -> Failure {
        match self {
            Self::Unavailable(code) => Failure::new(code, Reason::StoreUnavailable),
            _ => Failure::OUT_OF_TURN,
        }
    }
}

/// Asks whether a proven identity may come in, and act as it asks.
#[derive(Debug)]
pub struct Authorize {
    proven: Proven,
}

impl Authorize {
    pub(crate) fn new(proven: Proven) -> Self {
        Self { proven }
    }

    /// Whose credentials were verified.
    pub fn identity(&self) -> &Identity {
        &self.proven.identity
    }

    /// As whom they want to act; `None` means as themselves. Its syntax is the profile's business.
    pub fn authorization_id(&self) -> Option<&AuthorizationId> {
        self.proven.authorization_id.as_ref()
    }

    /// Whether the client asks for nothing but to be itself, compared to the letter.
    pub fn is_self(&self) -> bool {
        match (&self.proven.identity, &self.proven.authorization_id) {
            (_, None) => true,
            (Identity::Known(identity), Some(other)) => identity.as_str() == other.as_str(),
            (Identity::Anonymous { .. }, Some(_)) => false,
        }
    }

    /// The decision.
    pub fn answer(self, authorization: Authorization) -> Answer {
        Answer(AnswerKind::Authorization { proven: self.proven, authorization })
    }
}

/// A decision about a proven identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// It may not act as the identity it asked for, or not come in at all.
    Denied,
    /// Its account is disabled; the client is told so, since it has proven who it is.
    Disabled,
    /// Its credentials have expired; the client is told so.
    Expired,
    /// Come in.
    Granted,
    /// Nobody can tell now.
    Unavailable,
}

impl Authorization {
    fn result(self) -> Result<(), Failure> {
        Err(match self {
            Self::Granted => return Ok(()),
            Self::Denied => Failure::new(FailureCode::AuthorizationDenied, Reason::NotAuthorized),
            Self::Disabled => Failure::new(FailureCode::AccountDisabled, Reason::AccountDisabled),
            Self::Expired => {
                Failure::new(FailureCode::CredentialsExpired, Reason::CredentialsExpired)
            }
            Self::Unavailable => Failure::new(FailureCode::Temporary, Reason::StoreUnavailable),
        })
    }
}

/// Asks who the lower layer says that the client is: by a TLS certificate or a socket's peer credentials that
/// were *verified* (RFC 4422 appendix A).
#[derive(Debug, Default)]
pub struct External {
    vouched: Option<AuthenticationId>,
}

impl External {
    /// The question, for mechanisms that leave the proof to a lower layer.
    pub fn new() -> Self {
        Self { vouched: None }
    }

    /// The same, with what the lower layer says; whoever runs the connection adds it before a store hears the
    /// question, since only the store knows whose account that is.
    pub fn with_vouched(mut self, identity: Option<AuthenticationId>) -> Self {
        self.vouched = identity;
        self
    }

    /// Who the lower layer says that the client is, where the connection's keeper has told.
    pub fn vouched(&self) -> Option<&AuthenticationId> {
        self.vouched.as_ref()
    }

    /// Whom the lower layer vouches for, under that name; nobody, where it vouches for nobody.
    pub fn answer_as_vouched(mut self) -> Answer {
        let identity = self.vouched.take();
        self.answer(identity)
    }

    /// This identity, or nobody.
    pub fn answer(self, identity: Option<AuthenticationId>) -> Answer {
        Answer(AnswerKind::External(identity))
    }

    /// Nobody can tell now.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }
}

/// Asks whether this is the account's password.
///
/// The work for an unknown account must be the work for a wrong password: hash the password against something
/// before answering [`Verdict::UnknownAccount`].
pub struct VerifyPassword {
    authentication_id: AuthenticationId,
    password: Password,
}

impl VerifyPassword {
    /// A question about this account and password; for mechanisms in which the server sees the password.
    pub fn new(authentication_id: AuthenticationId, password: Password) -> Self {
        Self { authentication_id, password }
    }

    /// The same question about the account of this name: the client comes in under the name that the store has for
    /// it, where that is spelled otherwise (`User`, and the account is `user`).
    pub fn for_account(self, name: AuthenticationId) -> Self {
        Self { authentication_id: name, ..self }
    }

    /// Whose password it should be; prepared as the mechanism asks.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// The password, prepared as the mechanism asks.
    pub fn password(&self) -> &Password {
        &self.password
    }

    /// The verdict.
    pub fn answer(self, verdict: Verdict) -> Answer {
        Answer(AnswerKind::Verdict { authentication_id: self.authentication_id, verdict })
    }
}

impl fmt::Debug for VerifyPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyPassword")
            .field("authentication_id", &self.authentication_id)
            .finish_non_exhaustive()
    }
}

/// What the store thinks of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the account's.
    Accepted,
    /// Whether it is or not, nobody gets in; the client hears the same as for a wrong password.
    Doomed(Doom),
    /// It is not.
    Refused,
    /// The account wants a stronger mechanism.
    TooWeak,
    /// Nobody can tell now.
    Unavailable,
    /// There is no such account; the client hears the same as for a wrong password.
    UnknownAccount,
}

impl Verdict {
    fn failure(self) -> Failure {
        match self {
            Self::Accepted | Self::Refused => Failure::credentials(Reason::PasswordWrong),
            Self::Doomed(doom) => Failure::credentials(doom.reason()),
            Self::TooWeak => {
                Failure::new(FailureCode::MechanismTooWeak, Reason::MechanismUnavailable)
            }
            Self::Unavailable => Failure::new(FailureCode::Temporary, Reason::StoreUnavailable),
            Self::UnknownAccount => Failure::credentials(Reason::UnknownAccount),
        }
    }
}
