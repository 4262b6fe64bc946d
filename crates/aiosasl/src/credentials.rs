//! What a client logs in with.

use alloc::{boxed::Box, sync::Arc};
use core::{any::Any, fmt};

#[cfg(feature = "hash")]
use crate::hash::HashValue;
use crate::{
    identity::{AuthenticationId, AuthorizationId},
    name::MechanismName,
    secret::{Password, Secret},
};

/// Everything that one login may need; a mechanism takes what it understands.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Credentials {
    /// Whose credentials they are.
    pub authentication_id: Option<AuthenticationId>,
    /// As whom to act, where that is somebody else.
    pub authorization_id: Option<AuthorizationId>,
    /// What proves it.
    pub key: Key,
    /// What to say to a server that lets anybody in (RFC 4505): an e-mail address, a token, or nothing.
    pub trace: Option<Box<str>>,
    /// The server that they are meant for, where it is to be told so that nobody else can use what was said to it
    /// (RFC 7628 section 3.1).
    pub endpoint: Option<Endpoint>,
    /// What an earlier login to the same server has left, so that this one is shorter where the server remembers it, too.
    pub resumption: Option<Resumption>,
}

/// A server as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Its host name, as the client was told to connect to.
    pub host: Box<str>,
    /// Its port.
    pub port: Option<u16>,
}

impl Credentials {
    /// No credentials at all; set the fields as needed.
    pub fn none() -> Self {
        Self::default()
    }

    /// A user's password.
    pub fn password(authentication_id: AuthenticationId, password: impl Into<Password>) -> Self {
        Self {
            authentication_id: Some(authentication_id),
            key: Key::Password(password.into()),
            ..Self::default()
        }
    }

    /// A bearer token (RFC 6750): raw, as the issuer gave it. Its user is named with [`of_user`](Self::of_user), where
    /// the server wants to hear it. An empty one asks the server what it wants (RFC 7628 section 4.3).
    pub fn token(token: impl Into<Secret>) -> Self {
        Self { key: Key::Token(token.into()), ..Self::default() }
    }

    /// A user's hashed token (HT-*), which a server has given for this mechanism.
    pub fn hashed_token(
        authentication_id: AuthenticationId,
        mechanism: MechanismName,
        token: impl Into<Secret>,
    ) -> Self {
        Self {
            authentication_id: Some(authentication_id),
            key: Key::HashedToken { mechanism, token: token.into() },
            ..Self::default()
        }
    }

    /// The same, of this user.
    pub fn of_user(mut self, authentication_id: impl Into<Option<AuthenticationId>>) -> Self {
        self.authentication_id = authentication_id.into();
        self
    }

    /// The same, for this server.
    pub fn for_endpoint(mut self, endpoint: impl Into<Option<Endpoint>>) -> Self {
        self.endpoint = endpoint.into();
        self
    }

    /// The same, after a login that left this.
    pub fn resuming(mut self, resumption: impl Into<Option<Resumption>>) -> Self {
        self.resumption = resumption.into();
        self
    }

    /// The same, to act as somebody else.
    pub fn acting_as(mut self, authorization_id: impl Into<Option<AuthorizationId>>) -> Self {
        self.authorization_id = authorization_id.into();
        self
    }
}

/// What proves an identity.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Key {
    /// Nothing is known: for mechanisms that need nothing.
    #[default]
    None,
    /// A password, as typed.
    Password(Password),
    /// `SaltedPassword` of SCRAM (RFC 5802 section 3), good for one hash, salt and iteration count.
    #[cfg(feature = "hash")]
    SaltedPassword {
        /// The salt, raw.
        salt: Box<[u8]>,
        /// The iteration count.
        iterations: u32,
        /// The result of the key derivation.
        salted_password: HashValue,
    },
    /// `ClientKey` and `ServerKey` of SCRAM (RFC 5802 section 3), good for one hash, salt and iteration count.
    #[cfg(feature = "hash")]
    ScramKeys {
        /// The salt, raw.
        salt: Box<[u8]>,
        /// The iteration count.
        iterations: u32,
        /// `ClientKey`.
        client_key: HashValue,
        /// `ServerKey`.
        server_key: HashValue,
    },
    /// What a mechanism itself makes of name and password, and keeps instead of them: the NT hash of NTLM, or
    /// `H(user:realm:password)` of DIGEST-MD5; 16 octets each.
    Stored(Secret),
    /// A private key, 32 octets: an ECDSA P-256 scalar (big-endian), or an X25519 key.
    Private(Secret),
    /// A hashed token (HT-*), as the server gave it, good for one mechanism.
    HashedToken {
        /// For which.
        mechanism: MechanismName,
        /// The token.
        token: Secret,
    },
    /// A token, as the issuer gave it: a bearer token (RFC 6750); or a hashed one, for an HT-* mechanism that is named.
    Token(Secret),
    /// What a mechanism from elsewhere logs in with.
    Foreign(ForeignKey),
}

/// What a mechanism from elsewhere logs in with, of whatever type that has: only the two of them know it.
#[derive(Clone)]
pub struct ForeignKey(Arc<dyn Any + Send + Sync>);

impl ForeignKey {
    /// Takes the value.
    pub fn new(key: impl Any + Send + Sync) -> Self {
        Self(Arc::new(key))
    }

    /// The value, where it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForeignKey(..)")
    }
}

/// What a login leaves for a shorter one (RFC 2831 section 2.2), good for once, and for the mechanism that made it, the same
/// server and the same user; where one of them differs, the login is a whole one. It holds no secret.
#[derive(Clone)]
pub struct Resumption(Arc<dyn Any + Send + Sync>);

impl Resumption {
    /// Takes what a mechanism wants to remember; nothing of it may be secret.
    pub fn new(remembered: impl Any + Send + Sync) -> Self {
        Self(Arc::new(remembered))
    }

    /// What was remembered, where it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Resumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resumption(..)")
    }
}
