//! Asking the issuer about each token (RFC 7662).

use std::{fmt, path::Path, time::Duration};

use aiosasl::{driver::BoxFuture, identity::AuthenticationId, secret::Secret};
use base64ct::{Base64, Encoding as _};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use quick_cache::sync::Cache;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    claims::{Claims, Expected, Fault, moment},
    fetch::{self, Client, Trust, Url},
};
use crate::{
    account::Account,
    backend::{Backend, Checked, Key},
    credential::TokenDigest,
    error::{StoreError, StoreErrorKind},
    timestamp::Timestamp,
};

/// Where the name stands, unless somebody says otherwise (RFC 7662 section 2.2).
const NAME: &str = "username";
/// The longest token, in octets.
const MAX_TOKEN: usize = 16_384;
/// How many good tokens are remembered.
const REMEMBERED: usize = 10_000;
/// How long a good token is remembered, in seconds, where its end is not nearer.
const MEMORY: i64 = 60;

/// As whom a server asks: what the issuer has given it.
#[derive(Clone)]
pub struct ClientCredentials {
    id: Box<str>,
    secret: Secret,
}

impl ClientCredentials {
    /// A client's name and its secret.
    pub fn new(id: impl Into<Box<str>>, secret: impl Into<Secret>) -> Self {
        Self { id: id.into(), secret: secret.into() }
    }

    /// The same from a file of two lines, the name first. It waits for the disk.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`] where it can't be read, [`StoreErrorKind::Malformed`] where it has not two lines.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let octets = Zeroizing::new(fetch::read(path)?);
        let malformed = || {
            let text = format!("{}: expected a name and a secret on two lines", path.display());
            StoreError::new(StoreErrorKind::Malformed, text)
        };
        let text = std::str::from_utf8(&octets).map_err(|_| malformed())?;
        match text.lines().collect::<Vec<_>>()[..] {
            [id, secret] if !id.is_empty() && !secret.is_empty() => Ok(Self::new(id, secret)),
            _ => Err(malformed()),
        }
    }

    /// `Basic` (RFC 6749 section 2.3.1): both are encoded as a form is before they become one.
    fn authorization(&self) -> Secret {
        let pair = Zeroizing::new(format!(
            "{}:{}",
            percent_encode(self.id.as_bytes(), NON_ALPHANUMERIC),
            percent_encode(self.secret.expose(), NON_ALPHANUMERIC)
        ));
        let encoded = Zeroizing::new(Base64::encode_string(pair.as_bytes()));
        Secret::from(format!("Basic {}", *encoded))
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Says whose a token is by asking the issuer.
///
/// A good token is remembered for a minute, or less where it ends before; a bad one is asked about each time.
pub struct Introspection {
    url: Url,
    client: Client,
    credentials: ClientCredentials,
    expected: Expected,
    memory: i64,
    good: Cache<[u8; 32], Remembered>,
}

#[derive(Debug, Clone)]
struct Remembered {
    name: AuthenticationId,
    until: Timestamp,
}

impl Introspection {
    /// A back end that asks at this URL, `https` (or `http` on this machine). Redirections are not followed.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] where it is another URL, or the certificates to trust can't be read.
    pub fn new(
        url: &str,
        trust: Trust,
        credentials: ClientCredentials,
        expected: Expected,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            url: Url::parse(url)?,
            client: Client::new(trust)?,
            credentials,
            expected,
            memory: MEMORY,
            good: Cache::new(REMEMBERED),
        })
    }

    /// The same, with good tokens remembered for that time, or less where they end before; not at all for none.
    pub fn remembering(mut self, time: Duration) -> Self {
        self.memory = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        self
    }

    async fn check(&self, token: &Secret) -> Result<Checked, StoreError> {
        if token.is_empty() || token.len() > MAX_TOKEN {
            return Ok(Checked::Refused);
        }
        let digest = *TokenDigest::of(token).as_bytes();
        let now = Timestamp::now();
        if let Some(Remembered { name, until }) = self.good.get(&digest) {
            if now < until {
                return Ok(Checked::Accepted(name));
            }
            self.good.remove(&digest);
        }
        let claims = self.ask(token).await?;
        match self.judge(&claims) {
            Ok((name, until)) => {
                if now < until {
                    self.good.insert(digest, Remembered { name: name.clone(), until });
                }
                Ok(Checked::Accepted(name))
            }
            Err(fault) => {
                let reason = match fault {
                    Fault::Foreign => "issuer",
                    Fault::Wrong(reason) => reason,
                };
                tracing::info!(reason, "a token is refused");
                Ok(Checked::Refused)
            }
        }
    }

    /// Whose it is, and until when that may be remembered.
    fn judge(&self, claims: &Claims) -> Result<(AuthenticationId, Timestamp), Fault> {
        if claims.get("active") != Some(&Value::Bool(true)) {
            return Err(Fault::Wrong("not active"));
        }
        let now = Timestamp::now();
        let name = self.expected.judge(claims, NAME, now)?;
        let memory = now.plus(self.memory);
        Ok((name, moment(claims, "exp")?.map_or(memory, |end| end.min(memory))))
    }

    async fn ask(&self, token: &Secret) -> Result<Claims, StoreError> {
        let mut form = b"token_type_hint=access_token&token=".to_vec();
        // The longest that it can become, so that no copy of the token stays behind.
        form.reserve_exact(token.len() * 3);
        for part in percent_encode(token.expose(), NON_ALPHANUMERIC) {
            form.extend_from_slice(part.as_bytes());
        }
        let authorization = self.credentials.authorization();
        let answer = self.client.post(&self.url, authorization, Secret::new(form)).await?;
        if let Ok(Value::Object(claims)) = serde_json::from_slice(&answer) {
            Ok(claims)
        } else {
            let text = "expected a JSON object from the issuer";
            Err(StoreError::new(StoreErrorKind::Unavailable, text))
        }
    }
}

impl Backend for Introspection {
    fn find<'a>(&'a self, _: Key<'a>) -> BoxFuture<'a, Result<Option<Account>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn check_token<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<Checked, StoreError>> {
        Box::pin(self.check(token))
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("url", &self.url)
            .field("credentials", &self.credentials)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}
