//! The questions for secrets that an account and its owner share, and for replacing one that is good for once.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{Answer, Decoy, Doom};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::AuthenticationId,
    secret::Secret,
};

/// In which form a mechanism needs what account and owner share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SecretForm {
    /// The password itself, prepared, as UTF-8.
    Password,
    /// `H(user:realm:password)` of DIGEST-MD5 (RFC 2831 section 2.1.2.1), 16 octets; or the password.
    DigestMd5 {
        /// The realm that the user says.
        realm: Box<str>,
    },
    /// MD4 of the password in UTF-16LE (MS-NLMP section 3.3.1), 16 octets; or the password.
    NtHash,
    /// The hashed tokens that are good for this mechanism now, each as it was given out.
    HashedToken {
        /// The mechanism's name: a token is good for one alone.
        mechanism: &'static str,
    },
    /// The state of one-time passwords as text, `otp-md5 499 ke1234 5bf075d9959d036f`: algorithm, the sequence number
    /// to ask for next, the seed, and the last one-time password that was good, in hexadecimal digits.
    OneTime,
    /// A public key: a compressed P-256 point of 33 octets, or an X25519 key of 32.
    PublicKey {
        /// The mechanism's name.
        mechanism: &'static str,
    },
    /// What a mechanism from elsewhere needs, by a name of its own.
    Foreign(&'static str),
}

/// A secret as a store has it.
#[derive(Debug, Clone)]
pub enum StoredSecret {
    /// The password itself; the mechanism makes of it what it needs.
    Password(Secret),
    /// In the form that was asked for.
    Form(Secret),
}

/// Wants what an account and its owner share.
pub struct SharedSecret {
    authentication_id: AuthenticationId,
    form: SecretForm,
}

impl SharedSecret {
    /// The question, about a name that is prepared already.
    pub fn new(authentication_id: AuthenticationId, form: SecretForm) -> Self {
        Self { authentication_id, form }
    }

    /// The same question about the account of this name: the client comes in under the name that the store has for
    /// it, where that is spelled otherwise.
    pub fn for_account(self, name: AuthenticationId) -> Self {
        Self { authentication_id: name, ..self }
    }

    /// Whose secret; the name is prepared already.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// In which form.
    pub fn form(&self) -> &SecretForm {
        &self.form
    }

    /// This is the secret. Where several are good at a time (tokens, keys), give all of them; the mechanism takes any.
    pub fn answer(self, secrets: impl Into<Vec<StoredSecret>>) -> Answer {
        self.give(secrets.into(), None)
    }

    /// There is no such account, or it has no such secret: go through all the motions, and fail where a wrong secret
    /// fails.
    pub fn unknown(self, decoy: &Decoy) -> Answer {
        let secret = StoredSecret::Form(decoy.secret(&self.form, self.authentication_id.as_str()));
        self.give(Vec::from([secret]), Some(Doom::UnknownAccount))
    }

    /// This is the account's secret, and the login must fail: for the client, the same as a wrong one.
    pub fn doomed(self, secrets: impl Into<Vec<StoredSecret>>, doom: Doom) -> Answer {
        self.give(secrets.into(), Some(doom))
    }

    /// Nobody can tell now.
    pub fn unavailable(self) -> Answer {
        Answer::unavailable(FailureCode::Temporary)
    }

    fn give(self, secrets: Vec<StoredSecret>, doomed: Option<Doom>) -> Answer {
        Answer::from_secrets(Secrets {
            authentication_id: self.authentication_id,
            all: secrets,
            doomed,
        })
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret")
            .field("authentication_id", &self.authentication_id)
            .field("form", &self.form)
            .finish()
    }
}

/// The answer to [`SharedSecret`]: an account's secrets, or a decoy's.
#[derive(Debug)]
#[non_exhaustive]
pub struct Secrets {
    /// Whose.
    pub authentication_id: AuthenticationId,
    /// All that are good now; never empty.
    pub all: Vec<StoredSecret>,
    /// Why the login must fail whatever the proof says.
    pub doomed: Option<Doom>,
}

impl Secrets {
    /// Ends the work: the account where one of the secrets fits, and nothing dooms the login.
    ///
    /// # Errors
    ///
    /// The [`Failure`] of wrong credentials: for the log with the doom, or with `mismatch`.
    pub fn settle(self, fits: bool, mismatch: Reason) -> Result<AuthenticationId, Failure> {
        match self.doomed {
            Some(doom) => Err(Failure::credentials(doom.reason())),
            None if fits => Ok(self.authentication_id),
            None => Err(Failure::credentials(mismatch)),
        }
    }
}

/// Asks to replace a secret that is good for once by the next one, in one step: nobody else may have replaced it since.
pub struct ReplaceSecret {
    authentication_id: AuthenticationId,
    form: SecretForm,
    old: Secret,
    new: Secret,
}

impl ReplaceSecret {
    /// The question: `old` is what the store gave, `new` takes its place.
    pub fn new(
        authentication_id: AuthenticationId,
        form: SecretForm,
        old: Secret,
        new: Secret,
    ) -> Self {
        Self { authentication_id, form, old, new }
    }

    /// Whose secret.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// In which form.
    pub fn form(&self) -> &SecretForm {
        &self.form
    }

    /// What must stand there now.
    pub fn old(&self) -> &Secret {
        &self.old
    }

    /// What takes its place.
    pub fn replacement(&self) -> &Secret {
        &self.new
    }

    /// What became of it.
    pub fn answer(self, replaced: Replaced) -> Answer {
        match replaced {
            Replaced::Done => Answer::from_replaced(Ok(self.authentication_id)),
            Replaced::Raced => {
                Answer::from_replaced(Err(Failure::credentials(Reason::SecretReplaced)))
            }
            Replaced::Unavailable => Answer::unavailable(FailureCode::Temporary),
        }
    }
}

impl fmt::Debug for ReplaceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceSecret")
            .field("authentication_id", &self.authentication_id)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// What became of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replaced {
    /// The new one stands there.
    Done,
    /// Another one stood there: somebody else was faster, with the same secret. Nobody comes in.
    Raced,
    /// Nobody can tell now.
    Unavailable,
}

/// Asks whether a nonce with this count is used for the first time (RFC 2831 section 2.2: subsequent authentication), and
/// has it written down.
pub struct NonceUse {
    authentication_id: AuthenticationId,
    nonce: Box<str>,
    count: u32,
}

impl NonceUse {
    /// The question. A count of 1 is a nonce that was made for this exchange; all others are of one that was good before.
    pub fn new(
        authentication_id: AuthenticationId,
        nonce: impl Into<Box<str>>,
        count: u32,
    ) -> Self {
        Self { authentication_id, nonce: nonce.into(), count }
    }

    /// Who uses it.
    pub fn authentication_id(&self) -> &AuthenticationId {
        &self.authentication_id
    }

    /// The nonce that the server gave out.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// How often it was used, this time included.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether it is good: a new nonce with the count 1; or one that this account came in by before, with a count that is
    /// one more than the last. A store that remembers none lets the first kind in alone.
    pub fn answer(self, fresh: Freshness) -> Answer {
        match fresh {
            Freshness::Fresh => Answer::from_nonce_use(true),
            Freshness::Stale => Answer::from_nonce_use(false),
            Freshness::Unavailable => Answer::unavailable(FailureCode::Temporary),
        }
    }
}

impl fmt::Debug for NonceUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceUse")
            .field("authentication_id", &self.authentication_id)
            .field("nonce", &self.nonce)
            .field("count", &self.count)
            .finish()
    }
}

/// Whether a nonce is used for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// It is, and it is written down.
    Fresh,
    /// It was used before, or nobody knows it any more.
    Stale,
    /// Nobody can tell now.
    Unavailable,
}
