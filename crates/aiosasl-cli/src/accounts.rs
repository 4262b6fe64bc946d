//! A store of one account, in memory: for bare exchanges.

use aiosasl::{
    hash::Hash,
    identity::{AuthenticationId, AuthorizationId},
    mechanisms::otp::OneTimeState,
    message::Identity,
    query::{
        Answer, Authorization, Authorize, Decoy, PasscodeVerdict, Query, ScramVerifier, SecretForm,
        SharedSecret, StoredSecret,
    },
    secret::{Password, Secret},
};
use aiosasl_testkit::Accounts;

use crate::{
    gss::{GssOptions, Tickets},
    status::{Failure, Status},
};

/// The octets of a salt.
pub(crate) const SALT_LEN: usize = 16;

/// One account, and decoys for all others.
pub(crate) struct OneAccount {
    user: Option<AuthenticationId>,
    /// As whom the user may act, too.
    acts_as: Option<AuthorizationId>,
    token: Option<Secret>,
    public_key: Option<Secret>,
    decoy: Decoy,
    accounts: Accounts,
    tickets: Tickets,
}

impl OneAccount {
    /// The account; its name is prepared already. Without a name everybody is unknown.
    pub(crate) fn new(user: Option<AuthenticationId>, iterations: u32) -> Result<Self, Failure> {
        let decoy = Decoy::new(Secret::new(random(32)?), iterations, SALT_LEN);
        let accounts = Accounts::new().with_decoy(decoy.clone()).with_anonymous();
        let tickets = GssOptions::default().provider();
        Ok(Self { user, acts_as: None, token: None, public_key: None, decoy, accounts, tickets })
    }

    /// Lets the user come in by this password, which is prepared already: itself, and a verifier for this hash.
    pub(crate) fn with_password(
        self,
        password: &Secret,
        hash: Hash,
        iterations: u32,
    ) -> Result<Self, Failure> {
        let salt = random(SALT_LEN)?;
        Ok(self.with(|accounts, user| {
            let verifier = ScramVerifier::from_password(hash, password.clone(), salt, iterations);
            accounts.with_verifier(user, verifier).with_secret(
                user,
                SecretForm::Password,
                password.expose(),
            )
        }))
    }

    /// Lets the user come in by this token, too: shown, or hashed.
    pub(crate) fn with_token(self, token: Option<Secret>) -> Self {
        let text = token.as_ref().map(|it| String::from_utf8_lossy(it.expose()).into_owned());
        let with = self.with(|accounts, user| match &text {
            Some(text) => accounts.with_token(user, text),
            None => accounts,
        });
        Self { token, ..with }
    }

    /// Lets the user come in by the private key that belongs to this one, too.
    pub(crate) fn with_public_key(self, public_key: Option<Secret>) -> Self {
        Self { public_key, ..self }
    }

    /// Lets the user come in by what the device shows: the first code alone, or the two, one after the other.
    pub(crate) fn with_passcodes(self, codes: &[Password]) -> Self {
        self.with(|accounts, user| match codes {
            [] => accounts,
            [code] => accounts.with_passcode(user, code.expose(), PasscodeVerdict::Accepted),
            [first, next, ..] => accounts
                .with_passcode(user, first.expose(), PasscodeVerdict::NextPasscode)
                .with_passcode(user, next.expose(), PasscodeVerdict::Accepted),
        })
    }

    /// Lets the user come in by the next one-time password.
    pub(crate) fn with_one_time_passwords(self, state: &OneTimeState) -> Self {
        self.with(|accounts, user| {
            accounts.with_secret(user, SecretForm::OneTime, state.to_text().as_bytes())
        })
    }

    /// Lets the user come back from this provider's page.
    pub(crate) fn with_provider(self, provider: &str, url: &str) -> Self {
        let visitor = self.user.clone();
        Self { accounts: self.accounts.with_provider(provider, url, visitor), ..self }
    }

    /// Takes these keys for security contexts.
    pub(crate) fn with_tickets(self, tickets: Tickets) -> Self {
        Self { tickets, ..self }
    }

    /// Lets the user act as somebody else.
    pub(crate) fn acting_as(self, other: Option<AuthorizationId>) -> Self {
        Self { acts_as: other, ..self }
    }

    fn with(self, change: impl FnOnce(Accounts, &str) -> Accounts) -> Self {
        match &self.user {
            Some(user) => Self { accounts: change(self.accounts, user.as_str()), ..self },
            None => self,
        }
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
            Query::Gss(gss) => gss.accept_with(&self.tickets).into_answer(),
            Query::SharedSecret(query) => match query.form() {
                SecretForm::HashedToken { .. } => self.shared(query, self.token.as_ref()),
                SecretForm::PublicKey { .. } => self.shared(query, self.public_key.as_ref()),
                _ => self.accounts.answer(Query::SharedSecret(query)),
            },
            other => self.accounts.answer(other),
        }
    }

    /// What is good for whichever mechanism is spoken here.
    fn shared(&self, query: SharedSecret, secret: Option<&Secret>) -> Answer {
        match secret.filter(|_| self.is_user(query.authentication_id())) {
            Some(secret) => query.answer([StoredSecret::Form(secret.clone())]),
            None => query.unknown(&self.decoy),
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
}

/// Octets from the operating system.
pub(crate) fn random(len: usize) -> Result<Vec<u8>, Failure> {
    let mut octets = vec![0; len];
    getrandom::fill(&mut octets)
        .map_err(|error| Failure::new(Status::Failed, format!("no randomness: {error}")))?;
    Ok(octets)
}
