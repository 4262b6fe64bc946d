//! MONGODB-OIDC (MongoDB, "Driver Authentication"): an OpenID Connect access token, or first the question where to get one.
//!
//! ```text
//!   with a token                 without one
//!   C: {jwt: token}              C: {[n: principal]}
//!                                S: {issuer, clientId [, requestScopes]}
//!                                C: {jwt: token}
//! ```
//!
//! All of it is BSON.

mod client;
mod message;
mod server;

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, str::FromStr};

use aiosasl::{
    mechanism::{
        ActiveAttacks, Binds, Exposure, ForwardSecrecy, Mechanism, Needs, Properties, ServerProof,
        Side, Standing,
    },
    name::MechanismName,
};

pub use client::OidcClient;
pub use server::OidcServer;

/// MONGODB-OIDC, both halves.
pub const MECHANISM: Mechanism = Mechanism {
    name: NAME,
    properties: Properties {
        first: Side::Client,
        exposure: Exposure::Everything,
        needs: Needs::Token,
        server_proof: ServerProof::None,
        binds: Binds::Nothing,
        active_attacks: ActiveAttacks::Exposed,
        forward_secrecy: ForwardSecrecy::None,
        layer_strength: 0,
        standing: Standing::Current,
        reference: "MongoDB",
    },
    client: |context| Ok(Box::new(OidcClient::new(context)?)),
    server: |_| Box::new(OidcServer::new()),
};

const NAME: MechanismName = MechanismName::new("MONGODB-OIDC");

/// What a client without a token asks for, once the server has told where to get one: its question's `details` are the
/// [`IdentityProvider`] as text, the answer is the token.
///
/// Whoever answers takes no issuer that the user does not know: a server could name one that collects passwords.
pub const TOKEN: &str = "mongodb-oidc-token";

/// Where a token comes from: as text, issuer, client identifier and scopes, a space between each.
///
/// # Example: as a server's store says it, and as a client hears it
///
/// ```
/// use aiosasl_vendor::mongodb_oidc::IdentityProvider;
///
/// let provider = IdentityProvider::new("https://issuer.example", "abcd", ["openid", "mongodb"])?;
/// assert_eq!(provider.to_string(), "https://issuer.example abcd openid mongodb");
/// assert_eq!(provider.to_string().parse(), Ok(provider));
/// # Ok::<_, aiosasl_vendor::mongodb_oidc::BadIdentityProvider>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    issuer: Box<str>,
    client_id: Box<str>,
    scopes: Vec<Box<str>>,
}

impl IdentityProvider {
    /// An issuer, which is an https URL; the identifier that its clients have there; and the scopes that they ask for.
    ///
    /// # Errors
    ///
    /// [`BadIdentityProvider`] where the issuer is none, or something is empty, longer than 2048 octets, or has a space;
    /// also where there are more than 32 scopes.
    pub fn new<'a>(
        issuer: &str,
        client_id: &str,
        scopes: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, BadIdentityProvider> {
        let scopes: Vec<Box<str>> = scopes.into_iter().map(Into::into).collect();
        let fits = is_url(issuer)
            && is_word(client_id)
            && scopes.len() <= 32
            && scopes.iter().all(|scope| is_word(scope));
        let found = Self { issuer: issuer.into(), client_id: client_id.into(), scopes };
        fits.then_some(found).ok_or(BadIdentityProvider)
    }

    /// The issuer: the `iss` of its tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the client is called there.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What to ask for besides what is always asked for.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(|scope| &**scope)
    }
}

fn is_url(text: &str) -> bool {
    text.len() > "https://".len() && text.starts_with("https://") && is_word(text)
}

fn is_word(text: &str) -> bool {
    let is_bad = |it: char| it.is_whitespace() || it.is_control();
    (1..=2048).contains(&text.len()) && !text.contains(is_bad)
}

impl fmt::Display for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.issuer, self.client_id)?;
        self.scopes.iter().try_for_each(|scope| write!(f, " {scope}"))
    }
}

impl FromStr for IdentityProvider {
    type Err = BadIdentityProvider;

    fn from_str(text: &str) -> Result<Self, BadIdentityProvider> {
        let mut words = text.split(' ');
        let (issuer, client_id) = (words.next(), words.next());
        Self::new(issuer.unwrap_or_default(), client_id.unwrap_or_default(), words)
    }
}

/// Text is no identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadIdentityProvider;

impl fmt::Display for BadIdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::reason::BAD_IDENTITY_PROVIDER.fmt(f)
    }
}

impl core::error::Error for BadIdentityProvider {}
