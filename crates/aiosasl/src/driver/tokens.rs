//! Tokens that end: kept as long as they are good, and renewed when a server refuses one.

use alloc::boxed::Box;
use core::{fmt, future::Future, time::Duration};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{BoxFuture, CredentialProvider, SaslError};
use crate::{
    credentials::{Credentials, Endpoint},
    identity::AuthenticationId,
    name::MechanismName,
    secret::Secret,
};

/// How long before its end a token is taken for ended: it has to get there, and be looked at.
const MARGIN: Duration = Duration::from_secs(30);

/// An access token, and for how long it is good.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token, raw, as the issuer gave it.
    pub token: Secret,
    /// For how long, counted from now; `expires_in` of RFC 6749 section 5.1. `None` where the issuer does not say.
    pub expires_in: Option<Duration>,
}

impl AccessToken {
    /// A token, and for how long it is good.
    pub fn new(token: impl Into<Secret>, expires_in: impl Into<Option<Duration>>) -> Self {
        Self { token: token.into(), expires_in: expires_in.into() }
    }
}

/// Which token is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Any that is good: one that is kept somewhere will do.
    Any,
    /// A newer one than the last: a server has refused that.
    Newer,
}

/// A provider that asks somebody for a token when there is none, when its end is near, or when a server has refused it.
///
/// A token without an end is kept until it is refused.
///
/// # Example: tokens from an issuer, and a clock
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use aiosasl::driver::{AccessToken, OauthBearer, Tokens, Wanted};
///
/// let start = Instant::now();
/// let tokens = Tokens::new(
///     move || start.elapsed(),
///     |wanted: Wanted| async move {
///         // Here the issuer is asked, by its token endpoint.
///         let _ = wanted;
///         Ok(AccessToken::new("mF_9.B5f-4.1JqM", Duration::from_secs(3600)))
///     },
/// );
/// let bearer = OauthBearer::new(tokens);
/// # let _ = bearer;
/// ```
pub struct Tokens<C, F> {
    clock: C,
    fetch: F,
    user: Option<AuthenticationId>,
    endpoint: Option<Endpoint>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Secret>,
    /// By the clock.
    ends: Option<Duration>,
    was_refused: bool,
}

impl<C, F, Fetched> Tokens<C, F>
where
    C: Fn() -> Duration + Send + Sync,
    F: Fn(Wanted) -> Fetched + Send + Sync,
    Fetched: Future<Output = Result<AccessToken, SaslError>> + Send + 'static,
{
    /// Tokens from whoever is asked, with a clock: the time since any moment, which never goes back.
    pub fn new(clock: C, fetch: F) -> Self {
        Self { clock, fetch, user: None, endpoint: None, kept: Mutex::default() }
    }

    /// The tokens of this user, for servers that want to hear it.
    pub fn of_user(mut self, user: AuthenticationId) -> Self {
        self.user = Some(user);
        self
    }

    /// Tokens for this server, which is told so.
    pub fn for_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    async fn token(&self) -> Result<Secret, SaslError> {
        let wanted = {
            let kept = self.kept();
            match (&kept.token, kept.ends) {
                (_, _) if kept.was_refused => Wanted::Newer,
                (Some(token), None) => return Ok(token.clone()),
                (Some(token), Some(end)) if (self.clock)().saturating_add(MARGIN) < end => {
                    return Ok(token.clone());
                }
                _ => Wanted::Any,
            }
        };
        let AccessToken { token, expires_in } = (self.fetch)(wanted).await?;
        let ends = expires_in.map(|it| (self.clock)().saturating_add(it));
        *self.kept() = Kept { token: Some(token.clone()), ends, was_refused: false };
        Ok(token)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that can panic is done while it is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C, F, Fetched> CredentialProvider for Tokens<C, F>
where
    C: Fn() -> Duration + Send + Sync,
    F: Fn(Wanted) -> Fetched + Send + Sync,
    Fetched: Future<Output = Result<AccessToken, SaslError>> + Send + 'static,
{
    fn credentials(&self, _: MechanismName) -> BoxFuture<'_, Result<Credentials, SaslError>> {
        Box::pin(async {
            let credentials = Credentials::token(self.token().await?);
            Ok(credentials.of_user(self.user.clone()).for_endpoint(self.endpoint.clone()))
        })
    }

    fn renew(&self, _: MechanismName) -> BoxFuture<'_, bool> {
        self.kept().was_refused = true;
        Box::pin(async { true })
    }
}

impl<C, F> fmt::Debug for Tokens<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("user", &self.user).finish_non_exhaustive()
    }
}
