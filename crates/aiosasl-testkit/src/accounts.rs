//! Throw-away accounts in memory: everything that a server's exchange may ask a store.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiosasl::{
    driver::Store,
    hash::Hash,
    identity::AuthenticationId,
    message::Identity,
    query::{
        Answer, Authorization, Authorize, ClientAnswer, ClientQuery, Decoy, Doom, Freshness,
        NonceUse, PasscodeVerdict, Query, ReplaceSecret, Replaced, Returned, ScramKeys,
        ScramVerifier, SecretForm, SharedSecret, StoredSecret, Subject, TokenVerdict, Verdict,
        VerifyPasscode, VerifyPassword, VerifyToken,
    },
    secret::Secret,
    token::TokenRefusal,
};

use crate::ToyGss;

/// How many iterations new verifiers get.
const ITERATIONS: u32 = 4096;
/// The hash of the verifier that is compared with where there is no account.
const DUMMY: Hash = Hash::Sha256;

/// Accounts that live as long as the value; not for a server that anybody relies on.
///
/// Passwords are not kept, verifiers are. What is asked about an account that does not exist costs what it costs for
/// one that does, and is answered from a [`Decoy`]; the one that stands there by itself is known to everybody who can
/// read, so a server that strangers can reach needs [`with_decoy`](Self::with_decoy).
///
/// # Example: a wrong name costs a derivation, as a wrong password does
///
/// ```
/// use aiosasl::{mechanisms::plain, profile::Profile};
/// use aiosasl_testkit::{Accounts, FaceToFace};
///
/// let accounts = Accounts::new().with_password("tim", "tanstaaftanstaaf");
/// let pair = FaceToFace::new(&plain::MECHANISM, &accounts);
/// let [wrong, unknown] = ["tim", "tom"].map(|name| pair.meet(name, "guess", Profile::FULL));
/// assert_eq!(wrong.client.err(), unknown.client.err());
/// assert_eq!(wrong.lines.last(), unknown.lines.last());
/// ```
#[derive(Debug, Clone)]
pub struct Accounts {
    by_name: BTreeMap<String, Vec<ScramVerifier>>,
    acting: BTreeSet<(String, String)>,
    external: Option<AuthenticationId>,
    /// By their digests.
    tokens: BTreeMap<Vec<u8>, AuthenticationId>,
    told: TokenRefusal,
    anonymous: bool,
    decoy: Decoy,
    /// Passwords, and what account and owner share in other forms.
    secrets: BTreeMap<(String, SecretForm), Vec<Secret>>,
    /// What exchanges change: secrets that are good for once, and nonces that were used.
    used: Arc<Mutex<Used>>,
    passcodes: BTreeMap<String, Vec<(Secret, PasscodeVerdict)>>,
    visits: BTreeMap<String, (String, Option<AuthenticationId>)>,
    /// What the person at the client knows.
    known: BTreeMap<&'static str, Secret>,
    attributes: String,
    realm: Option<String>,
}

#[derive(Debug, Default)]
struct Used {
    replaced: BTreeMap<(String, SecretForm), Secret>,
    nonces: BTreeMap<(String, String), u32>,
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
            tokens: BTreeMap::new(),
            told: TokenRefusal::default(),
            anonymous: false,
            secrets: BTreeMap::new(),
            used: Arc::default(),
            passcodes: BTreeMap::new(),
            visits: BTreeMap::new(),
            known: BTreeMap::new(),
            attributes: String::new(),
            realm: None,
            decoy: Decoy::new(Secret::new([0x5a; 32]), ITERATIONS, 16),
        }
    }

    /// An account with a password, both in prepared form: a verifier of 4096 iterations for each hash that this
    /// build has.
    pub fn with_password(mut self, name: &str, password: &str) -> Self {
        for hash in Hash::ALL {
            self = self.with_password_for(name, password, *hash, ITERATIONS);
        }
        self
    }

    /// An account with a password, both in prepared form: a verifier for this hash and iteration count alone.
    pub fn with_password_for(
        self,
        name: &str,
        password: &str,
        hash: Hash,
        iterations: u32,
    ) -> Self {
        let salt = self.decoy.salt(hash, &format!("{name}'s"));
        let password = Secret::new(password);
        self.with_verifier(name, ScramVerifier::from_password(hash, password, salt, iterations))
    }

    /// An account with this verifier, which takes the place of an older one for the same hash.
    pub fn with_verifier(mut self, name: &str, verifier: ScramVerifier) -> Self {
        let verifiers = self.by_name.entry(name.into()).or_default();
        verifiers.retain(|older| older.hash() != verifier.hash());
        verifiers.push(verifier);
        self
    }

    /// The same account with the password itself, for mechanisms that need it.
    pub fn with_plain_password(self, name: &str, password: &str) -> Self {
        let known = self.with_password(name, password);
        known.with_secret(name, SecretForm::Password, password.as_bytes())
    }

    /// What an account and its owner share, in this form; beside others in the same form.
    pub fn with_secret(mut self, name: &str, form: SecretForm, secret: &[u8]) -> Self {
        self.secrets.entry((name.into(), form)).or_default().push(Secret::new(secret));
        self
    }

    /// What the account's device shows, and what becomes of it: the first code first.
    pub fn with_passcode(mut self, name: &str, code: &str, verdict: PasscodeVerdict) -> Self {
        let codes = self.passcodes.entry(name.into()).or_default();
        codes.push((Secret::new(code), verdict));
        self
    }

    /// Where clients of this identity provider are sent, and who comes back from there.
    pub fn with_provider(
        mut self,
        provider: &str,
        url: &str,
        visitor: Option<AuthenticationId>,
    ) -> Self {
        self.visits.insert(provider.into(), (url.into(), visitor));
        self
    }

    /// What whoever is at the client answers to a question of a mechanism from elsewhere
    /// ([`Subject::Foreign`]).
    pub fn with_known(mut self, what: &'static str, text: &str) -> Self {
        self.known.insert(what, Secret::new(text));
        self
    }

    /// What identity providers tell of whoever comes back.
    pub fn with_attributes(mut self, attributes: &str) -> Self {
        self.attributes = attributes.into();
        self
    }

    /// Names initiators of security contexts as Kerberos does: `name@realm`.
    pub fn in_realm(mut self, realm: &str) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The secret that stands in the place of the one that was good for once, where one was replaced.
    pub fn replaced(&self, name: &str, form: &SecretForm) -> Option<Secret> {
        self.used().replaced.get(&(name.to_owned(), form.clone())).cloned()
    }

    /// Lets one identity act as another.
    pub fn with_acting(mut self, name: &str, other: &str) -> Self {
        self.acting.insert((name.into(), other.into()));
        self
    }

    /// Who the lower layer says that the client is, where no connection says it.
    pub fn with_external(mut self, identity: AuthenticationId) -> Self {
        self.external = Some(identity);
        self
    }

    /// A token of this account.
    ///
    /// # Panics
    ///
    /// Where the name is no identity.
    pub fn with_token(mut self, name: &str, token: &str) -> Self {
        let name = name.try_into().expect("an identity has a character, and no NUL");
        self.tokens.insert(digest(token.as_bytes()), name);
        self
    }

    /// What a client is told whose token is refused.
    pub fn telling(mut self, told: TokenRefusal) -> Self {
        self.told = told;
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
            Query::External(query) => {
                let identity = query.vouched().or(self.external.as_ref()).cloned();
                query.answer(identity)
            }
            Query::Gss(gss) => gss.accept_with(&self.toy_gss()).into_answer(),
            Query::NonceUse(query) => self.nonce_use(query),
            Query::Redirect(query) => match self.visits.get(query.provider()) {
                Some((url, _)) => query.answer(url.as_str()),
                None => query.refuse(),
            },
            Query::ReplaceSecret(query) => self.replace(query),
            Query::Returned(query) => self.returned(query),
            Query::ScramKeys(query) => self.scram_keys(query),
            Query::SharedSecret(query) => self.shared(query),
            Query::VerifyPasscode(query) => self.verify_passcode(query),
            Query::VerifyPassword(query) => self.verify_password(query),
            Query::VerifyToken(query) => self.verify_token(query),
            other => other.unavailable(),
        }
    }

    /// The answer of whoever is at the client; the query itself, where they don't know.
    pub(crate) fn known(&self, query: ClientQuery) -> Result<ClientAnswer, ClientQuery> {
        let ClientQuery::Question(question) = query else { return Err(query) };
        let known = match question.subject() {
            Subject::Foreign { what, .. } => self.known.get(what),
            _ => None,
        };
        match known {
            Some(text) => Ok(question.answer(text.clone())),
            None => Err(ClientQuery::Question(question)),
        }
    }

    /// Security contexts for all whose passwords are known themselves.
    fn toy_gss(&self) -> ToyGss {
        let mut toy = ToyGss::new();
        if let Some(realm) = &self.realm {
            toy = toy.in_realm(realm);
        }
        for ((name, form), secrets) in &self.secrets {
            if let (SecretForm::Password, [password, ..]) = (form, &**secrets) {
                toy = toy.with_password(name, password.clone());
            }
        }
        toy
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
        match self.verifier(query.authentication_id(), Some(query.hash())) {
            Some(verifier) => query.answer(verifier.clone()),
            None => query.unknown(&self.decoy),
        }
    }

    fn shared(&self, query: SharedSecret) -> Answer {
        let name = query.authentication_id().as_str().to_owned();
        let key = (name.clone(), query.form().clone());
        if let Some(secret) = self.used().replaced.get(&key) {
            return query.answer([StoredSecret::Form(secret.clone())]);
        }
        let mut found: Vec<_> =
            self.secrets.get(&key).into_iter().flatten().cloned().map(StoredSecret::Form).collect();
        let takes_password = matches!(
            query.form(),
            SecretForm::Password | SecretForm::DigestMd5 { .. } | SecretForm::NtHash
        );
        if found.is_empty() && takes_password {
            let passwords = self.secrets.get(&(name, SecretForm::Password));
            found = passwords.into_iter().flatten().cloned().map(StoredSecret::Password).collect();
        }
        if found.is_empty() {
            found = self.for_other_mechanisms(&query);
            if !found.is_empty() {
                return query.doomed(found, Doom::BoundToOtherMechanism);
            }
            return query.unknown(&self.decoy);
        }
        query.answer(found)
    }

    /// The account's hashed tokens, where the question is about such, and they are for other mechanisms.
    fn for_other_mechanisms(&self, query: &SharedSecret) -> Vec<StoredSecret> {
        let SecretForm::HashedToken { .. } = query.form() else { return Vec::new() };
        let tokens = self.secrets.iter().filter(|((name, form), _)| {
            let is_token = matches!(form, SecretForm::HashedToken { .. });
            is_token && name == query.authentication_id().as_str()
        });
        tokens.flat_map(|(_, tokens)| tokens.iter().cloned().map(StoredSecret::Form)).collect()
    }

    fn replace(&self, query: ReplaceSecret) -> Answer {
        let key = (query.authentication_id().as_str().to_owned(), query.form().clone());
        let mut used = self.used();
        let first = self.secrets.get(&key).and_then(|secrets| secrets.first());
        let standing = used.replaced.get(&key).or(first);
        if standing != Some(query.old()) {
            return query.answer(Replaced::Raced);
        }
        used.replaced.insert(key, query.replacement().clone());
        query.answer(Replaced::Done)
    }

    fn nonce_use(&self, query: NonceUse) -> Answer {
        let key = (query.authentication_id().as_str().to_owned(), query.nonce().to_owned());
        let mut used = self.used();
        let last = used.nonces.get(&key).copied();
        // One that is used for the first time is the server's own, and of this exchange.
        if query.count() != 1 && last.and_then(|it| it.checked_add(1)) != Some(query.count()) {
            return query.answer(Freshness::Stale);
        }
        used.nonces.insert(key, query.count());
        query.answer(Freshness::Fresh)
    }

    fn verify_passcode(&self, query: VerifyPasscode) -> Answer {
        let codes = self.passcodes.get(query.authentication_id().as_str());
        let mut codes = codes.into_iter().flatten();
        let known = codes.find(|(code, _)| code == query.passcode());
        let verdict = match known {
            None => PasscodeVerdict::Refused,
            Some((_, PasscodeVerdict::NewPin { .. })) if query.pin().is_some() => {
                PasscodeVerdict::Accepted
            }
            Some((_, verdict)) => verdict.clone(),
        };
        query.answer(verdict)
    }

    fn returned(&self, query: Returned) -> Answer {
        let visitor = self.visits.values().find(|(url, _)| **url == *query.url());
        match visitor.and_then(|(_, visitor)| visitor.clone()) {
            Some(visitor) => {
                query.answer(TokenVerdict::Accepted(visitor), self.attributes.as_str())
            }
            None => query.answer(TokenVerdict::Refused, ""),
        }
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        // Each entry is whole at any time.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn verify_password(&self, query: VerifyPassword) -> Answer {
        let known = self.verifier(query.authentication_id(), None);
        let dummy = self.dummy(query.authentication_id());
        let verifier = known.or(dummy.as_ref());
        let fits = verifier.is_some_and(|it| it.verifies(Secret::new(query.password().expose())));
        let verdict = match known {
            None => Verdict::UnknownAccount,
            Some(_) if fits => Verdict::Accepted,
            Some(_) => Verdict::Refused,
        };
        query.answer(verdict)
    }

    fn verify_token(&self, query: VerifyToken) -> Answer {
        let verdict = match self.tokens.get(&digest(query.token().expose())) {
            Some(owner) => TokenVerdict::Accepted(owner.clone()),
            None => TokenVerdict::Refused,
        };
        query.telling(self.told.clone()).answer(verdict)
    }

    /// An account's verifier for this hash, or any: then for the hash that the dummy has, where there is a choice.
    fn verifier(&self, name: &AuthenticationId, hash: Option<Hash>) -> Option<&ScramVerifier> {
        let verifiers = self.by_name.get(name.as_str())?;
        let of = |hash| verifiers.iter().find(|it| it.hash() == hash);
        match hash {
            Some(hash) => of(hash),
            None => of(DUMMY).or(verifiers.first()),
        }
    }

    /// What the password of an account that does not exist is compared with.
    fn dummy(&self, name: &AuthenticationId) -> Option<ScramVerifier> {
        let answer = ScramKeys::new(name.clone(), DUMMY).unknown(&self.decoy);
        answer.scram_verifier().ok().map(|(_, verifier, _)| verifier)
    }
}

fn digest(token: &[u8]) -> Vec<u8> {
    Hash::Sha256.digest(token).as_ref().to_vec()
}

impl Store for Accounts {
    fn answer(&self, query: Query) -> impl Future<Output = Answer> + Send {
        ready(self.answer(query))
    }
}
