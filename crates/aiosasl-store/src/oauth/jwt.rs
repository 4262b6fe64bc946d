//! JWTs as access tokens (RFC 9068), checked with the issuer's keys.

use std::fmt;

use aiosasl::{driver::BoxFuture, secret::Secret};

use super::{
    claims::{Expected, Fault, moment},
    jws::Jws,
    keys::{KeySource, Keys},
};
use crate::{
    account::Account,
    backend::{Backend, Checked, Key},
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

/// Where the name stands, unless somebody says otherwise.
const NAME: &str = "sub";

/// Says whose a JWT is, where the issuer has signed it for this server.
///
/// RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA with Ed25519; never `none`, never HMAC. A JWT
/// of another issuer, and what is no JWT, is left to others.
pub struct Jwt {
    keys: Keys,
    expected: Expected,
}

impl Jwt {
    /// A back end with these keys, for tokens that say this.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] where issuer or audience are not known: a token for somebody else would come in.
    pub fn new(keys: KeySource, expected: Expected) -> Result<Self, StoreError> {
        if expected.is_whole() {
            Ok(Self { keys: Keys::new(keys), expected })
        } else {
            let text = "expected an issuer and an audience for JWTs";
            Err(StoreError::new(StoreErrorKind::Invalid, text))
        }
    }

    async fn check(&self, token: &Secret) -> Result<Checked, StoreError> {
        match self.judge(token).await? {
            Ok(checked) => Ok(checked),
            Err(Fault::Foreign) => Ok(Checked::NotHere),
            Err(Fault::Wrong(reason)) => {
                tracing::info!(reason, "a JWT is refused");
                Ok(Checked::Refused)
            }
        }
    }

    async fn judge(&self, token: &Secret) -> Result<Result<Checked, Fault>, StoreError> {
        let token = match Jws::parse(token.expose()) {
            Ok(token) => token,
            Err(fault) => return Ok(Err(fault)),
        };
        // Before the signature: what is not for us asks nobody for keys. It is believed after the signature alone.
        let judged = self.expected.judge(&token.claims, NAME, Timestamp::now());
        let name = match (judged, moment(&token.claims, "exp")) {
            (Ok(name), Ok(Some(_))) => name,
            (Ok(_), _) => return Ok(Err(Fault::Wrong("no end"))),
            (Err(fault), _) => return Ok(Err(fault)),
        };
        let keys = self.keys.with(token.key_id.as_deref()).await?;
        let mut named = keys.iter().filter(|key| key.is_named(token.key_id.as_deref()));
        Ok(if named.any(|key| key.verifies(&token)) {
            Ok(Checked::Accepted(name))
        } else {
            Err(Fault::Wrong("signature"))
        })
    }
}

impl Backend for Jwt {
    fn find<'a>(&'a self, _: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn check_token<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check(token))
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("expected", &self.expected).finish_non_exhaustive()
    }
}
