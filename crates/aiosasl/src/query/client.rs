//! A client's questions: only what it could not have been told at the start.

#[cfg(feature = "hash")]
use alloc::boxed::Box;
use core::fmt;

use crate::error::{Error, Misuse};
#[cfg(feature = "hash")]
use crate::{
    hash::{Hash, HashValue, Hi},
    secret::Secret,
};

/// What a client's exchange needs from its caller now.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientQuery {
    /// The keys that belong to a password, a salt and an iteration count: the expensive part of SCRAM.
    #[cfg(feature = "hash")]
    DeriveKeys(DeriveKeys),
}

impl ClientQuery {
    /// The answer that needs nobody's help, computed here and now; `Err` gives the query back.
    ///
    /// # Errors
    ///
    /// The query itself, where only the caller can know.
    pub fn answer_by_itself(self) -> Result<ClientAnswer, Self> {
        match self {
            #[cfg(feature = "hash")]
            Self::DeriveKeys(job) => Ok(job.finish()),
            #[cfg(not(feature = "hash"))]
            other => Err(other),
        }
    }
}

/// The answer to a [`ClientQuery`]; made by the query alone.
#[derive(Debug)]
pub struct ClientAnswer(ClientAnswerKind);

#[derive(Debug)]
enum ClientAnswerKind {
    #[cfg(feature = "hash")]
    Keys(DerivedKeys),
    #[cfg(not(feature = "hash"))]
    #[expect(dead_code, reason = "no mechanism asks anything in this build")]
    None,
}

impl ClientAnswer {
    /// The answer to [`ClientQuery::DeriveKeys`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where it answers something else.
    #[cfg(feature = "hash")]
    pub fn keys(self) -> Result<DerivedKeys, Error> {
        #[expect(irrefutable_let_patterns, reason = "there will be other answers")]
        let ClientAnswerKind::Keys(keys) = self.0 else { return Err(Misuse::OutOfTurn.into()) };
        Ok(keys)
    }
}

/// A key derivation (RFC 5802 section 3) as a plain value: run it at once, in slices, on another thread, or
/// answer it from a cache.
///
/// # Example: a derivation in slices
///
/// ```
/// # use aiosasl::{hash::Hash, query::DeriveKeys, secret::Secret};
/// let mut job = DeriveKeys::new(Hash::Sha256, Secret::new(*b"pencil"), *b"salt", 4096);
/// while job.run(1000) > 0 {
///     // here other work has its turn
/// }
/// let answer = job.finish();
/// ```
#[cfg(feature = "hash")]
pub struct DeriveKeys {
    password: Secret,
    salt: Box<[u8]>,
    iterations: u32,
    hash: Hash,
    hi: Option<Hi>,
}

#[cfg(feature = "hash")]
impl DeriveKeys {
    /// The derivation of keys from a password that is prepared already.
    pub fn new(hash: Hash, password: Secret, salt: impl Into<Box<[u8]>>, iterations: u32) -> Self {
        Self { password, salt: salt.into(), iterations, hash, hi: None }
    }

    /// Does at most `rounds` of the iterations, and says how many are left.
    pub fn run(&mut self, rounds: u32) -> u32 {
        let Self { password, salt, iterations, hash, hi } = self;
        hi.get_or_insert_with(|| Hi::start(*hash, password.expose(), salt, *iterations))
            .run(password.expose(), rounds)
    }

    /// Does what is left of the work.
    pub fn finish(self) -> ClientAnswer {
        let salted_password = self.salted_password();
        ClientAnswer(ClientAnswerKind::Keys(DerivedKeys::SaltedPassword(salted_password)))
    }

    /// Does what is left of the work, and gives its result out, for a cache.
    ///
    /// It equals the password for this salt and iteration count: protect it like the password.
    pub fn salted_password(self) -> HashValue {
        let Self { password, salt, iterations, hash, hi } = self;
        hi.unwrap_or_else(|| Hi::start(hash, password.expose(), &salt, iterations))
            .finish(password.expose())
    }

    /// Answers with keys from elsewhere: a cache, or a keeper of keys.
    ///
    /// The cache's key must have all of: the server, the user, the password (or a digest of it),
    /// [`hash`](Self::hash), [`salt`](Self::salt) and [`iterations`](Self::iterations).
    pub fn answer(self, keys: DerivedKeys) -> ClientAnswer {
        ClientAnswer(ClientAnswerKind::Keys(keys))
    }

    /// Which hash.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The salt, raw.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// How many iterations; checked against the policy already.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }
}

#[cfg(feature = "hash")]
impl fmt::Debug for DeriveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeriveKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What a key derivation may be answered with.
#[cfg(feature = "hash")]
#[derive(Debug, Clone)]
pub enum DerivedKeys {
    /// `ClientKey` and `ServerKey` (RFC 5802 section 3).
    Keys {
        /// `ClientKey`, which equals the password for this server.
        client_key: HashValue,
        /// `ServerKey`.
        server_key: HashValue,
    },
    /// `SaltedPassword`.
    SaltedPassword(HashValue),
}
