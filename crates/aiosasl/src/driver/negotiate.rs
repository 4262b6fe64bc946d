//! The loop over what a server offers: the best mechanism first, and never a step down that an attacker could force.

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, mem};

use super::{
    AuthenticationReport, Connection, SaslError, SaslInterface, SaslMechanism, Token, authenticate,
    fallback::{After, after, is_weaker},
};
use crate::{
    error::{Error, Reason},
    mechanism::Properties,
    name::MechanismName,
};

/// A successful negotiation.
#[must_use = "it may hold a security layer"]
#[derive(Debug)]
#[non_exhaustive]
pub struct Negotiated {
    /// What is known once the client is in.
    pub report: AuthenticationReport,
    /// What became of each mechanism.
    pub considered: Vec<Considered>,
}

/// A negotiation that let nobody in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NegotiationError {
    /// The error of the last mechanism that was tried, or why none was.
    pub error: SaslError,
    /// What became of each mechanism.
    pub considered: Vec<Considered>,
}

/// What became of a mechanism that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Considered {
    /// Which mechanism.
    pub mechanism: MechanismName,
    /// What became of it.
    pub verdict: Choice,
    /// Why, in words; no secret.
    pub reason: Cow<'static, str>,
}

/// What became of a mechanism that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// It let us in.
    Chosen,
    /// Policy forbade it, or it was tried and failed.
    Refused,
    /// There was no need, no way, or no right to try it.
    Untried,
}

impl Choice {
    /// The choice as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Refused => "refused",
            Self::Untried => "untried",
        }
    }
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for NegotiationError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Tries one mechanism after the other until one lets us in.
///
/// `mechanisms` are tried in their order; each picks the best of the offer that it can do, and picks again where that
/// one failed. What happens next depends on the failure:
///
/// | the failure | then |
/// | --- | --- |
/// | the credentials are wrong, and there is a newer token ([`CredentialProvider::renew`](super::CredentialProvider::renew)) | try the same again, once |
/// | the credentials are wrong | stop: another mechanism would only expose them |
/// | the server is not the one that it should be, or somebody tampers with the offer | stop |
/// | the connection is gone, or in doubt ([`SaslInterface::is_usable`]) | stop |
/// | the server breaks the mechanism's protocol, or asks for less security than policy wants | go on, but with nothing weaker: whoever plays the server can always break a protocol |
/// | the server or the interface says no for another reason | go on |
/// | we can't: no credentials for this one, no channel binding | go on |
///
/// Nothing below the floor ([`Connection::policy`]) is tried in any case.
///
/// # Example: aiosasl's loop
///
/// ```
/// use aiosasl::driver::{
///     Connection, Negotiated, NegotiationError, Plain, SaslInterface, Scram, ScramPlus, negotiate,
/// };
///
/// async fn log_in<I: SaslInterface>(
///     interface: &mut I,
///     connection: &Connection<'_>,
/// ) -> Result<Negotiated, NegotiationError> {
///     let me = ("user", "pencil");
///     let mechanisms: [&dyn aiosasl::driver::SaslMechanism; 3] =
///         [&ScramPlus::new(me), &Scram::new(me), &Plain::new(me)];
///     negotiate(interface, connection, &mechanisms).await
/// }
/// ```
///
/// # Errors
///
/// [`NegotiationError`] where none did.
pub async fn negotiate<I: SaslInterface>(
    interface: &mut I,
    connection: &Connection<'_>,
    mechanisms: &[&dyn SaslMechanism],
) -> Result<Negotiated, NegotiationError> {
    let mut negotiation = Negotiation::new(connection);
    for mechanism in mechanisms {
        while let Some(token) = negotiation.pick(*mechanism) {
            let name = token.mechanism();
            let properties = mechanism.properties(&token);
            if let Err(why) = negotiation.admits(&properties) {
                negotiation.refuse(name, why);
                continue;
            }
            match authenticate(interface, connection, *mechanism, token).await {
                Ok(report) => return Ok(negotiation.chosen(name, report, mechanisms)),
                Err(error) => {
                    if error.is_authentication_failure()
                        && interface.is_usable()
                        && negotiation.may_renew(name)
                        && mechanism.renew(name).await
                    {
                        continue;
                    }
                    let after = after(&error, interface.is_usable());
                    negotiation.refuse(name, error.text().to_string().into());
                    negotiation.error = Some(error);
                    match after {
                        After::GoOn => {}
                        After::NothingWeaker => negotiation.raise(name, properties),
                        After::Stop(why) => return Err(negotiation.lost(mechanisms, why)),
                    }
                }
            }
        }
    }
    Err(negotiation.lost(mechanisms, "none was left to try"))
}

struct Negotiation<'a> {
    connection: &'a Connection<'a>,
    /// What nothing has become of yet.
    left: Vec<MechanismName>,
    considered: Vec<Considered>,
    /// What the server could not do as it should: nothing weaker may follow.
    broken: Vec<(MechanismName, Properties)>,
    error: Option<SaslError>,
    /// Whether newer credentials were asked for, which is done once.
    renewed: bool,
    /// The floor's first refusal, which is the error where nothing was tried.
    refusal: Option<Reason>,
}

impl<'a> Negotiation<'a> {
    fn new(connection: &'a Connection<'a>) -> Self {
        Self {
            connection,
            left: connection.offered.mechanisms.to_vec(),
            considered: Vec::new(),
            broken: Vec::new(),
            error: None,
            renewed: false,
            refusal: None,
        }
    }

    /// Picks among what is left; a mechanism that picks what was not offered is not followed.
    fn pick(&self, mechanism: &dyn SaslMechanism) -> Option<Token> {
        mechanism.any_supported(&self.left).filter(|token| self.left.contains(&token.mechanism()))
    }

    /// Whether the floor lets it pass, and nothing better was broken before.
    fn admits(&mut self, properties: &Properties) -> Result<(), Cow<'static, str>> {
        let Connection { policy, channel, .. } = self.connection;
        if let Err(reason) = policy.allows(properties, channel) {
            self.refusal.get_or_insert(reason);
            return Err(reason.to_string().into());
        }
        match self.broken.iter().find(|(_, better)| is_weaker(properties, better)) {
            Some((name, _)) => {
                Err(format!("weaker than {name}, which went wrong: is there a man in the middle?")
                    .into())
            }
            None => Ok(()),
        }
    }

    /// Whether newer credentials may be asked for: once, since what is new and wrong is wrong.
    fn may_renew(&mut self, name: MechanismName) -> bool {
        self.left.contains(&name) && !mem::replace(&mut self.renewed, true)
    }

    fn refuse(&mut self, name: MechanismName, why: Cow<'static, str>) {
        self.note(name, Choice::Refused, why);
    }

    fn raise(&mut self, name: MechanismName, properties: Properties) {
        self.broken.push((name, properties));
    }

    fn chosen(
        mut self,
        name: MechanismName,
        report: AuthenticationReport,
        mechanisms: &[&dyn SaslMechanism],
    ) -> Negotiated {
        self.note(name, Choice::Chosen, "the best that both ends can do".into());
        self.note_the_rest(mechanisms, &format!("{name} was tried before it"));
        Negotiated { report, considered: self.considered }
    }

    fn lost(mut self, mechanisms: &[&dyn SaslMechanism], why: &str) -> NegotiationError {
        self.note_the_rest(mechanisms, why);
        let nothing_tried =
            || Error::Policy(self.refusal.unwrap_or(Reason::MechanismUnavailable)).into();
        let error = self.error.take().unwrap_or_else(nothing_tried);
        NegotiationError { error, considered: self.considered }
    }

    fn note(&mut self, mechanism: MechanismName, verdict: Choice, reason: Cow<'static, str>) {
        self.left.retain(|left| *left != mechanism);
        self.considered.push(Considered { mechanism, verdict, reason });
    }

    fn note_the_rest(&mut self, mechanisms: &[&dyn SaslMechanism], why: &str) {
        for name in mem::take(&mut self.left) {
            let is_known = mechanisms.iter().any(|it| it.any_supported(&[name]).is_some());
            let reason =
                if is_known { Cow::Owned(String::from(why)) } else { "not known here".into() };
            self.note(name, Choice::Untried, reason);
        }
    }
}
