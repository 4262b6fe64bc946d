//! What is going to be tried, and with what: decided before anybody is spoken to.

use aiosasl::{
    credentials::{Credentials, Endpoint, Key},
    driver::{FromMechanism, SaslMechanism as _},
    identity::{AuthenticationId, AuthorizationId},
    mechanism::{Mechanism, Needs, Rules},
    name::MechanismName,
    policy::Policy,
    registry,
    secret::{Password, Secret},
};
use aiosasl_profiles::net::Target;

use crate::{
    fast::{self, Kept},
    gss::Tickets,
    known,
    secrets::{PasswordSource, TokenSource},
    status::Failure,
};

/// The trace of ANONYMOUS where no user is named. An empty one is legal (RFC 4505 section 2), but Cyrus SASL behind
/// Postfix takes an empty message for no message.
const TRACE: &str = "anonymous";

/// Where secrets come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Secrets<'a> {
    pub(super) password: &'a PasswordSource,
    pub(super) token: &'a TokenSource,
}

/// What is said about a user beside the name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whom<'a> {
    /// Whom to act as.
    pub(super) authzid: Option<&'a str>,
    /// Names and values of SCRAM's.
    pub(super) extensions: &'a [(String, String)],
}

/// What is going to be tried, and with what.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where.
    pub(super) target: Target,
    /// By which mechanisms, in this order.
    pub(super) mechanisms: Vec<FromMechanism>,
    /// As whom.
    pub(super) credentials: Credentials,
    /// Whether the mechanisms were named, one by one.
    pub(super) is_named: bool,
    /// Whose the token is, where it was given to a program on a device.
    pub(super) user_agent: Option<String>,
}

impl Plan {
    /// A plan, for the mechanisms that are named, or else for all that the credentials at hand suit.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where a credential is missing that is needed.
    pub(super) fn new(
        target: Target,
        named: Option<&[Mechanism]>,
        certificate: bool,
        whom: Whom<'_>,
        secrets: Secrets<'_>,
        rules: &Rules,
    ) -> Result<Self, Failure> {
        let mut credentials = identities(&target, whom)?;
        let mut user_agent = None;
        let mechanisms = if let Some(named) = named {
            let needs = |needed| named.iter().any(|it| it.properties.needs == needed);
            let mut token = credentials.clone();
            if needs(Needs::Token) {
                (token.key, user_agent) = key(secrets.token.needed()?)?;
            }
            if needs(Needs::Password) {
                credentials.key = Key::Password(required(&credentials, &target, secrets.password)?);
            }
            // A passphrase of one-time passwords, or the first of them, and a password for a ticket: where there is one.
            let may_need = needs(Needs::Ticket) || needs(Needs::Passcode);
            if may_need && secrets.password.password_file.is_some() {
                credentials.key = Key::Password(required(&credentials, &target, secrets.password)?);
            }
            if needs(Needs::Anonymity) {
                credentials.trace = Some(target.user.as_deref().unwrap_or(TRACE).into());
            }
            let with = |it: &Mechanism| {
                let shows_token = it.properties.needs == Needs::Token;
                let spoken = known::as_spoken_in(target.protocol, *it);
                let credentials = if shows_token { &token } else { &credentials }.clone();
                FromMechanism::new(spoken, credentials).rules(rules_of(it, rules, &target))
            };
            named.iter().map(with).collect()
        } else {
            credentials.key = match secrets.preferred_token()? {
                Some(token) => {
                    let key;
                    (key, user_agent) = self::key(token)?;
                    key
                }
                None if certificate => optional(&credentials, secrets.password)?,
                None => Key::Password(required(&credentials, &target, secrets.password)?),
            };
            let fitting = fitting(&credentials, certificate).into_iter();
            let spoken = fitting.map(|it| known::as_spoken_in(target.protocol, it));
            vec![FromMechanism::any_of(spoken, credentials.clone()).rules(rules.clone())]
        };
        Ok(Self { target, mechanisms, credentials, is_named: named.is_some(), user_agent })
    }

    /// The same, with tickets from there for mechanisms that want one.
    pub(super) fn with_tickets(self, tickets: &Tickets) -> Self {
        let mechanisms = self.mechanisms.into_iter();
        Self { mechanisms: mechanisms.map(|it| it.queries(tickets.clone())).collect(), ..self }
    }

    /// Whether this mechanism is among those to try.
    pub(super) fn includes(&self, name: MechanismName) -> bool {
        self.mechanisms.iter().any(|it| it.any_supported(&[name]).is_some())
    }
}

impl Secrets<'_> {
    /// The token, where there is one, and nobody has asked for the password in so many words.
    fn preferred_token(&self) -> Result<Option<Secret>, Failure> {
        match (&self.token.token_file, &self.password.password_file) {
            (None, Some(_)) => Ok(None),
            _ => self.token.given(),
        }
    }
}

/// A token as a key: one of a provider, or one that a server has given before, with whose it is.
fn key(token: Secret) -> Result<(Key, Option<String>), Failure> {
    Ok(match fast::read(token.expose())? {
        None => (Key::Token(token), None),
        Some(Kept { mechanism, token, user_agent }) => {
            (Key::HashedToken { mechanism, token }, Some(user_agent))
        }
    })
}

fn identities(target: &Target, whom: Whom<'_>) -> Result<Credentials, Failure> {
    let authzid = whom
        .authzid
        .map(AuthorizationId::new)
        .transpose()
        .map_err(|error| Failure::usage(format!("--authzid: {error}")))?;
    let user = target
        .user_name()
        .map(AuthenticationId::new)
        .transpose()
        .map_err(|error| Failure::usage(format!("the user's name: {error}")))?;
    let mut credentials = Credentials::none().acting_as(authzid);
    credentials.authentication_id = user;
    for (name, value) in whom.extensions {
        credentials = credentials.with_scram_extension(name.as_str(), value.as_str());
    }
    credentials.endpoint =
        Some(Endpoint { host: target.host.as_str().into(), port: Some(target.port) });
    Ok(credentials)
}

/// The rules for a mechanism. To Kerberos a server goes by its host's name, whatever it calls itself elsewhere.
fn rules_of(mechanism: &Mechanism, rules: &Rules, target: &Target) -> Rules {
    let mut rules = rules.clone();
    let own = target.protocol.server_name();
    if let (Needs::Ticket, Some(service)) = (mechanism.properties.needs, &mut rules.service) {
        if own == Some(service.host()) {
            service.hosts = vec![target.host.as_str().into()];
        }
    }
    rules
}

/// Whether a mechanism wants what only the user or another service can say, later.
fn asks(mechanism: &Mechanism) -> bool {
    matches!(mechanism.properties.needs, Needs::Passcode | Needs::Ticket | Needs::Visit)
}

/// All that may be tried without being named, best first.
fn fitting(credentials: &Credentials, certificate: bool) -> Vec<Mechanism> {
    let fits = |mechanism: &&Mechanism| {
        Policy::chooses_by_itself(&mechanism.properties)
            && registry::suits(mechanism, credentials)
            && !asks(mechanism)
            && (certificate || mechanism.properties.needs != Needs::External)
    };
    known::all().filter(fits).copied().collect()
}

fn required(
    credentials: &Credentials,
    target: &Target,
    source: &PasswordSource,
) -> Result<Password, Failure> {
    let Some(user) = &credentials.authentication_id else {
        return Err(Failure::usage("expected a user: --user, or before '@' in the URL"));
    };
    let prompt = format!("Password of {user} at {}: ", target.host).escape_debug().to_string();
    let missing =
        || Failure::usage("expected a password: --password-file, $AIOSASL_PASSWORD, or a terminal");
    source.given_or_asked(&prompt)?.ok_or_else(missing)
}

/// With a certificate, nobody is asked for a password; it is used where it is there.
fn optional(credentials: &Credentials, source: &PasswordSource) -> Result<Key, Failure> {
    let password = source.given()?.filter(|_| credentials.authentication_id.is_some());
    Ok(password.map_or(Key::None, Key::Password))
}

#[cfg(test)]
mod tests {
    use aiosasl::mechanism::Standing;

    use super::*;

    #[test]
    fn what_is_old_or_asks_is_not_chosen_by_itself() {
        let user = AuthenticationId::new("user").expect("a name");
        let credentials = Credentials::password(user, "pencil");
        let chosen = fitting(&credentials, true);
        assert!(chosen.iter().any(|it| it.name.as_str() == "SCRAM-SHA-256"));
        for mechanism in chosen {
            assert_eq!(mechanism.properties.standing, Standing::Current, "{:?}", mechanism.name);
            assert!(!asks(&mechanism), "{:?}", mechanism.name);
        }
    }
}
