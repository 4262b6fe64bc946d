//! What logs in with AWS credentials: the credentials themselves, times, and Signature Version 4.

pub mod sigv4;
mod timestamp;

use alloc::boxed::Box;

use aiosasl::{
    credentials::{Credentials, ForeignKey, Key},
    error::{Error, Reason},
    query::SecretForm,
    secret::Secret,
};

pub use timestamp::Timestamp;

use crate::reason::{BAD_SESSION_TOKEN, NO_CLOCK};

/// What a server asks its store for: the secret access key that belongs to the access key identifier, which is the name of
/// the account.
pub const SECRET_ACCESS_KEY: SecretForm = SecretForm::Foreign("aws-secret-access-key");

/// An access key, long-lived or temporary, and what AWS_MSK_IAM wants to know besides.
///
/// # Example: credentials for a mechanism
///
/// ```
/// use aiosasl_vendor::aws::{AwsCredentials, Timestamp};
///
/// let key = AwsCredentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
///     .in_region("us-east-1")
///     .at(Timestamp::parse("20150830T123600Z").expect("a time"));
/// let credentials = key.into_credentials();
/// assert!(!format!("{credentials:?}").contains("wJalr"));
/// ```
#[derive(Debug, Clone)]
pub struct AwsCredentials {
    access_key_id: Box<str>,
    secret_access_key: Secret,
    session_token: Option<Secret>,
    region: Option<Box<str>>,
    user_agent: Box<str>,
    time: Option<Timestamp>,
}

impl AwsCredentials {
    /// An access key.
    pub fn new(access_key_id: impl Into<Box<str>>, secret_access_key: impl Into<Secret>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
            region: None,
            user_agent: concat!("aiosasl-vendor/", env!("CARGO_PKG_VERSION")).into(),
            time: None,
        }
    }

    /// The same, a temporary one: with its session token.
    pub fn with_session_token(mut self, token: impl Into<Secret>) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// The same, for this region; MONGODB-AWS takes the region from what the server says.
    pub fn in_region(mut self, region: impl Into<Box<str>>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The same, of a client that calls itself this.
    pub fn with_user_agent(mut self, user_agent: impl Into<Box<str>>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The same, for signatures at this time: without it, each exchange asks the system's clock (feature `std`).
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = Some(time);
        self
    }

    /// As the credentials of a login; AWS_MSK_IAM also wants
    /// [`for_endpoint`](aiosasl::credentials::Credentials::for_endpoint), the broker.
    pub fn into_credentials(self) -> Credentials {
        let mut credentials = Credentials::none();
        credentials.key = Key::Foreign(ForeignKey::new(self));
        credentials
    }

    /// The public half of the access key.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The region, where it is said.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// What the client calls itself.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    pub(crate) fn of(credentials: &Credentials) -> Result<&Self, Error> {
        let Key::Foreign(key) = &credentials.key else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        key.get().ok_or(Error::Credentials(Reason::NoCredentials))
    }

    pub(crate) fn secret_access_key(&self) -> &Secret {
        &self.secret_access_key
    }

    /// The session token as text: it is a header, or a field of JSON.
    pub(crate) fn session_token(&self) -> Result<Option<&str>, Error> {
        let Some(token) = &self.session_token else { return Ok(None) };
        let token = core::str::from_utf8(token.expose()).map_err(|_| Reason::InvalidUtf8);
        token.and_then(check_session_token).map(Some).map_err(Error::Credentials)
    }

    /// When the signature is made.
    pub(crate) fn time(&self) -> Result<Timestamp, Error> {
        self.time.or_else(Timestamp::system).ok_or(Error::Credentials(NO_CLOCK))
    }
}

/// The token, where it can be a header's value: a line end would make it the next headers, too.
pub(crate) fn check_session_token(token: &str) -> Result<&str, Reason> {
    if token.contains(char::is_control) { Err(BAD_SESSION_TOKEN) } else { Ok(token) }
}

/// Whether the text is a host's name of 1 to 255 octets, without empty labels.
pub(crate) fn is_host(host: &str) -> bool {
    let fits = |octet: u8| octet.is_ascii_graphic() && !matches!(octet, b'/' | b'?' | b'#' | b'@');
    (1..=255).contains(&host.len())
        && host.bytes().all(fits)
        && host.split('.').all(|label| !label.is_empty())
}
