//! A store of one account, in memory: for bare exchanges and demonstrations.

use std::sync::OnceLock;

use aiosasl::{
    driver::Store,
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    message::Identity,
    query::{Answer, Authorization, Authorize, Decoy, Query, ScramVerifier, TokenVerdict, Verdict},
    secret::{self, Secret},
};

use crate::status::{Failure, Status};

/// The octets of a salt.
pub(crate) const SALT_LEN: usize = 16;

/// One account, and decoys for all others.
pub(crate) struct OneAccount {
    user: Option<AuthenticationId>,
    password: Option<Secret>,
    token: Option<Secret>,
    /// As whom the user may act, too.
    acts_as: Option<AuthorizationId>,
    iterations: u32,
    salt: Vec<u8>,
    /// One for each hash, made when it is first asked for.
    verifiers: Vec<(Hash, OnceLock<ScramVerifier>)>,
    decoy: Decoy,
}

impl OneAccount {
    /// The account; name and password are prepared already. Without a name everybody is unknown.
    pub(crate) fn new(
        user: Option<AuthenticationId>,
        password: Option<Secret>,
        iterations: u32,
    ) -> Result<Self, Failure> {
        let decoy = Decoy::new(Secret::new(random(32)?), iterations, SALT_LEN);
        let verifiers = Hash::ALL.iter().map(|hash| (*hash, OnceLock::new())).collect();
        let salt = random(SALT_LEN)?;
        Ok(Self { user, password, token: None, acts_as: None, iterations, salt, verifiers, decoy })
    }

    /// Lets the user come in by this token, too.
    pub(crate) fn with_token(mut self, token: Option<Secret>) -> Self {
        self.token = token;
        self
    }

    /// Lets the user act as somebody else.
    pub(crate) fn acting_as(mut self, other: Option<AuthorizationId>) -> Self {
        self.acts_as = other;
        self
    }

    /// Answers a server's question, at once.
    pub(crate) fn answer_now(&self, query: Query) -> Answer {
        match query {
            Query::Authorize(query) => {
                let authorization = self.authorize(&query);
                query.answer(authorization)
            }
            Query::External(query) => {
                // Where there is no lower layer (a bare exchange), it is the user who is vouched for.
                let identity = query.vouched().or(self.user.as_ref()).cloned();
                query.answer(identity)
            }
            Query::ScramKeys(query) => {
                let known = self.is_user(query.authentication_id());
                match self.verifier(query.hash()).filter(|_| known) {
                    Some(verifier) => query.answer(verifier.clone()),
                    None => query.unknown(&self.decoy),
                }
            }
            Query::VerifyPassword(query) => {
                let given = Hash::Sha256.digest(query.password().expose().as_bytes());
                let own = self.password.as_ref().map_or(&[][..], Secret::expose);
                let same = secret::equal(given.as_ref(), Hash::Sha256.digest(own).as_ref());
                let verdict = match self.is_user(query.authentication_id()) {
                    false => Verdict::UnknownAccount,
                    true if same && self.password.is_some() => Verdict::Accepted,
                    true => Verdict::Refused,
                };
                query.answer(verdict)
            }
            Query::VerifyToken(query) => {
                let verdict = self.judge(query.token());
                query.answer(verdict)
            }
            other => other.unavailable(),
        }
    }

    fn judge(&self, token: &Secret) -> TokenVerdict {
        let given = Hash::Sha256.digest(token.expose());
        let own = self.token.as_ref().map(|it| Hash::Sha256.digest(it.expose()));
        match (&self.user, own) {
            (Some(user), Some(own)) if secret::equal(given.as_ref(), own.as_ref()) => {
                TokenVerdict::Accepted(user.clone())
            }
            _ => TokenVerdict::Refused,
        }
    }

    fn authorize(&self, query: &Authorize) -> Authorization {
        let known = match query.identity() {
            Identity::Known(identity) => self.is_user(identity),
            Identity::Anonymous { .. } => true,
        };
        let allowed = query.is_self() || query.authorization_id() == self.acts_as.as_ref();
        if known && allowed { Authorization::Granted } else { Authorization::Denied }
    }

    fn is_user(&self, identity: &AuthenticationId) -> bool {
        self.user.as_ref() == Some(identity)
    }

    fn verifier(&self, hash: Hash) -> Option<&ScramVerifier> {
        let password = self.password.as_ref()?;
        let (_, verifier) = self.verifiers.iter().find(|(it, _)| *it == hash)?;
        Some(verifier.get_or_init(|| {
            let salt = self.salt.clone();
            ScramVerifier::from_password(hash, password.clone(), salt, self.iterations)
        }))
    }
}

impl Store for OneAccount {
    async fn answer(&self, query: Query) -> Answer {
        self.answer_now(query)
    }
}

/// Octets from the operating system.
pub(crate) fn random(len: usize) -> Result<Vec<u8>, Failure> {
    let mut octets = vec![0; len];
    getrandom::fill(&mut octets)
        .map_err(|error| Failure::new(Status::Failed, format!("no randomness: {error}")))?;
    Ok(octets)
}
