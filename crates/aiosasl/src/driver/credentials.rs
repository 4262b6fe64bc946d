//! Where credentials come from: plain values, a closure that is awaited, or an object.

use alloc::{boxed::Box, sync::Arc};
use core::future::Future;

use super::{BoxFuture, SaslError};
use crate::{
    credentials::Credentials,
    error::{Error, Reason},
    identity::{AuthenticationId, IdentityError},
    name::MechanismName,
    secret::Password,
};

/// Gives credentials, called once for each attempt.
///
/// It is implemented for plain values ([`Credentials`], a pair of name and password), for closures that return a
/// future of either, and for anything of these in an [`Arc`]. Values are a simple way where the password is there
/// anyway; a closure asks a person or a keyring when it is needed, and not before.
///
/// # Example: a closure, a value, an object
///
/// ```
/// use std::sync::Arc;
///
/// use aiosasl::driver::{CredentialProvider, Plain, SaslError};
///
/// let asked = Plain::new(|| async { Ok(("user", "pencil")) });
/// let value = Plain::new(("user", "pencil"));
/// let object: Arc<dyn CredentialProvider> = Arc::new(("user", "pencil"));
/// let shared = Plain::new(object);
/// # let _ = (asked, value, shared);
/// ```
pub trait CredentialProvider: Send + Sync {
    /// The credentials for one attempt by this mechanism.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the attempt ends with it, before anything was said.
    fn credentials(
        &self,
        mechanism: MechanismName,
    ) -> BoxFuture<'_, Result<Credentials, SaslError>>;

    /// Whether another call gives other credentials, now that the server has refused these: a newer token, say. Asked
    /// once in a negotiation, of mechanisms that need a token. No, unless the provider says otherwise.
    fn renew(&self, refused: MechanismName) -> BoxFuture<'_, bool> {
        let _ = refused;
        Box::pin(async { false })
    }
}

/// What a provider may give instead of [`Credentials`].
pub trait IntoCredentials {
    /// The credentials.
    ///
    /// # Errors
    ///
    /// [`SaslFailure`](super::SaslFailure) where the name is empty or has a NUL.
    fn into_credentials(self) -> Result<Credentials, SaslError>;
}

impl IntoCredentials for Credentials {
    fn into_credentials(self) -> Result<Credentials, SaslError> {
        Ok(self)
    }
}

impl<U: Into<Box<str>>, P: Into<Password>> IntoCredentials for (U, P) {
    fn into_credentials(self) -> Result<Credentials, SaslError> {
        let (user, password) = self;
        let authentication_id = AuthenticationId::new(user).map_err(|error| {
            Error::Credentials(match error {
                IdentityError::Empty => Reason::EmptyUsername,
                IdentityError::Nul => Reason::InvalidUsernameEncoding,
            })
        })?;
        Ok(Credentials::password(authentication_id, password))
    }
}

impl CredentialProvider for Credentials {
    fn credentials(&self, _: MechanismName) -> BoxFuture<'_, Result<Credentials, SaslError>> {
        Box::pin(async { Ok(self.clone()) })
    }
}

impl<U, P> CredentialProvider for (U, P)
where
    U: Into<Box<str>> + Clone + Send + Sync,
    P: Into<Password> + Clone + Send + Sync,
{
    fn credentials(&self, _: MechanismName) -> BoxFuture<'_, Result<Credentials, SaslError>> {
        Box::pin(async { self.clone().into_credentials() })
    }
}

impl<F, Given, C> CredentialProvider for F
where
    F: Fn() -> Given + Send + Sync,
    Given: Future<Output = Result<C, SaslError>> + Send + 'static,
    C: IntoCredentials,
{
    fn credentials(&self, _: MechanismName) -> BoxFuture<'_, Result<Credentials, SaslError>> {
        let given = self();
        Box::pin(async { given.await?.into_credentials() })
    }
}

impl<T: CredentialProvider + ?Sized> CredentialProvider for Arc<T> {
    fn credentials(
        &self,
        mechanism: MechanismName,
    ) -> BoxFuture<'_, Result<Credentials, SaslError>> {
        (**self).credentials(mechanism)
    }

    fn renew(&self, refused: MechanismName) -> BoxFuture<'_, bool> {
        (**self).renew(refused)
    }
}
