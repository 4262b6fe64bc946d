//! Throw-away accounts in memory: everything that a server's exchange may ask a store.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, ready},
};

use aiosasl::{
    driver::Store,
    hash::Hash,
    identity::AuthenticationId,
    message::Identity,
    query::{
        Answer, Authorization, Authorize, Decoy, Query, ScramKeys, ScramVerifier, Verdict,
        VerifyPassword,
    },
    secret::{Password, Secret, equal},
};

/// How many iterations new verifiers get.
const ITERATIONS: u32 = 4096;

/// Accounts that live as long as the value; not for a server that anybody relies on.
#[derive(Debug, Clone)]
pub struct Accounts {
    by_name: BTreeMap<String, Account>,
    acting: BTreeSet<(String, String)>,
    external: Option<AuthenticationId>,
    anonymous: bool,
    decoy: Decoy,
}

#[derive(Debug, Clone, Default)]
struct Account {
    password: Option<Password>,
    verifiers: Vec<ScramVerifier>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self::new()
    }
}

impl Accounts {
    /// Nobody yet.
    pub fn new() -> Self {
        Self {
            by_name: BTreeMap::new(),
            acting: BTreeSet::new(),
            external: None,
            anonymous: false,
            decoy: Decoy::new(Secret::new([0x5a; 32]), ITERATIONS, 16),
        }
    }

    /// An account with a password, both in prepared form, and a verifier for each hash that this build has.
    pub fn with_password(mut self, name: &str, password: &str) -> Self {
        let account = self.by_name.entry(name.into()).or_default();
        account.password = Some(Password::new(password));
        account.verifiers = Hash::ALL
            .iter()
            .map(|hash| {
                let salt = self.decoy.salt(*hash, &format!("{name}'s"));
                ScramVerifier::from_password(*hash, Secret::new(password), salt, ITERATIONS)
            })
            .collect();
        self
    }

    /// An account with a verifier and without a password.
    pub fn with_verifier(mut self, name: &str, verifier: ScramVerifier) -> Self {
        self.by_name.entry(name.into()).or_default().verifiers.push(verifier);
        self
    }

    /// Lets one identity act as another.
    pub fn with_acting(mut self, name: &str, other: &str) -> Self {
        self.acting.insert((name.into(), other.into()));
        self
    }

    /// Who the lower layer says that the client is.
    pub fn with_external(mut self, identity: AuthenticationId) -> Self {
        self.external = Some(identity);
        self
    }

    /// Lets the anonymous in.
    pub fn with_anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Answers for accounts that don't exist with this decoy.
    pub fn with_decoy(mut self, decoy: Decoy) -> Self {
        self.decoy = decoy;
        self
    }

    /// The answer to one question.
    pub fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Authorize(query) => self.authorize(query),
            Query::External(query) => query.answer(self.external.clone()),
            Query::ScramKeys(query) => self.scram_keys(query),
            Query::VerifyPassword(query) => self.verify_password(query),
            other => other.unavailable(),
        }
    }

    fn authorize(&self, query: Authorize) -> Answer {
        let granted = match (query.identity(), query.authorization_id()) {
            (Identity::Anonymous { .. }, other) => self.anonymous && other.is_none(),
            (Identity::Known(_), _) if query.is_self() => true,
            (Identity::Known(name), other) => other.is_some_and(|other| {
                self.acting.contains(&(name.as_str().into(), other.as_str().into()))
            }),
        };
        query.answer(if granted { Authorization::Granted } else { Authorization::Denied })
    }

    fn scram_keys(&self, query: ScramKeys) -> Answer {
        let account = self.by_name.get(query.authentication_id().as_str());
        let verifier =
            account.and_then(|it| it.verifiers.iter().find(|it| it.hash() == query.hash()));
        match verifier {
            Some(verifier) => query.answer(verifier.clone()),
            None => query.unknown(&self.decoy),
        }
    }

    fn verify_password(&self, query: VerifyPassword) -> Answer {
        let account = self.by_name.get(query.authentication_id().as_str());
        let known = account.and_then(|account| account.password.as_ref());
        // The comparison is made for everybody, so that the unknown cost the same.
        let password = known.map_or("\0", Password::expose);
        let fits = equal(password.as_bytes(), query.password().expose().as_bytes());
        let verdict = match known {
            None => Verdict::UnknownAccount,
            Some(_) if fits => Verdict::Accepted,
            Some(_) => Verdict::Refused,
        };
        query.answer(verdict)
    }
}

impl Store for Accounts {
    fn answer(&self, query: Query) -> impl Future<Output = Answer> + Send {
        ready(self.answer(query))
    }
}
