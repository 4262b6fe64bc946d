//! SCRAM's key derivation as a job: the one expensive thing, to be done when and where the caller likes.

use alloc::boxed::Box;
use core::fmt;

use super::ClientAnswer;
use crate::{
    hash::{Hash, HashValue, Hi},
    secret::Secret,
};

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
pub struct DeriveKeys {
    password: Secret,
    salt: Box<[u8]>,
    iterations: u32,
    hash: Hash,
    hi: Option<Box<Hi>>,
}

impl DeriveKeys {
    /// The derivation of keys from a password that is prepared already.
    pub fn new(hash: Hash, password: Secret, salt: impl Into<Box<[u8]>>, iterations: u32) -> Self {
        Self { password, salt: salt.into(), iterations, hash, hi: None }
    }

    /// Does at most `rounds` of the iterations, and says how many are left.
    pub fn run(&mut self, rounds: u32) -> u32 {
        let Self { password, salt, iterations, hash, hi } = self;
        hi.get_or_insert_with(|| Box::new(Hi::start(*hash, password.expose(), salt, *iterations)))
            .run(password.expose(), rounds)
    }

    /// Does what is left of the work.
    pub fn finish(self) -> ClientAnswer {
        let salted_password = self.salted_password();
        ClientAnswer::from_keys(DerivedKeys::SaltedPassword(salted_password))
    }

    /// Does what is left of the work, and gives its result out, for a cache.
    ///
    /// It equals the password for this salt and iteration count: protect it like the password.
    pub fn salted_password(self) -> HashValue {
        let Self { password, salt, iterations, hash, hi } = self;
        let hi = match hi {
            Some(under_way) => *under_way,
            None => Hi::start(hash, password.expose(), &salt, iterations),
        };
        hi.finish(password.expose())
    }

    /// Answers with keys from elsewhere: a cache, or a keeper of keys.
    ///
    /// The cache's key must have all of: the server, the user, the password (or a digest of it),
    /// [`hash`](Self::hash), [`salt`](Self::salt) and [`iterations`](Self::iterations).
    pub fn answer(self, keys: DerivedKeys) -> ClientAnswer {
        ClientAnswer::from_keys(keys)
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

impl fmt::Debug for DeriveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeriveKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What a key derivation may be answered with.
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
