//! The server's half of OTP: it asks for the password before the last one, and keeps it in the last one's place.

use alloc::format;
use core::{fmt, mem};

use super::{
    NAME,
    message::{self, OneTimeState, Said},
};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::AuthorizationId,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, Query, ReplaceSecret, SecretForm, Secrets, SharedSecret, StoredSecret},
    secret::Secret,
};

/// The server's half.
pub struct OtpServer {
    preparation: Preparation,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectNames,
    ExpectSecret(Option<AuthorizationId>),
    ExpectResponse(Asked),
    /// The password is right; its place is taken before anybody comes in.
    ExpectReplaced(Option<AuthorizationId>, Result<(), Reason>),
}

/// What is kept while the client computes.
struct Asked {
    authorization_id: Option<AuthorizationId>,
    secrets: Secrets,
    /// The state as the store has it.
    stored: Secret,
    now: OneTimeState,
}

impl OtpServer {
    /// A server that prepares names as the rules say.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { preparation: context.rules.preparation, state: State::ExpectNames }
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        let (authorization_id, name) = message::parse_names(message).map_err(Failure::malformed)?;
        let name = self.preparation.name(name).map_err(Failure::credentials)?;
        self.state = State::ExpectSecret(authorization_id);
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, SecretForm::OneTime))))
    }

    /// Asks the same of those who don't exist: the store makes up what.
    fn challenge(
        &mut self,
        authorization_id: Option<AuthorizationId>,
        secrets: Secrets,
    ) -> Result<ServerTurn, Failure> {
        const UNREADABLE: Failure = Failure::new(FailureCode::Temporary, Reason::StoreUnavailable);
        let Some(StoredSecret::Form(stored)) = secrets.all.first() else {
            return Err(UNREADABLE);
        };
        let stored = stored.clone();
        let now = OneTimeState::parse(stored.expose()).ok_or(UNREADABLE)?;
        if now.sequence() == 0 {
            return Err(Failure::credentials(Reason::SequenceExhausted));
        }
        let challenge = format!("{} ext", now.challenge.to_text());
        self.state = State::ExpectResponse(Asked { authorization_id, secrets, stored, now });
        Ok(ServerTurn::Challenge(Challenge::new(challenge)))
    }

    fn verify(&mut self, asked: Asked, message: &[u8]) -> Result<ServerTurn, Failure> {
        let Asked { authorization_id, secrets, stored, now } = asked;
        let Said { current, renewal } = Said::parse(message).map_err(Failure::malformed)?;
        let fits = current.previous(now.challenge.algorithm) == now.last;
        let identity = secrets.settle(fits, Reason::OtpMismatch)?;
        let next = now.used(current);
        // A new sequence that is of no use does not bring back a password that was said (RFC 2444 section 4).
        let (next, usable) = match renewal {
            None => (next, Ok(())),
            Some(Err(reason)) => (next, Err(reason)),
            Some(Ok(new)) if new.challenge.seed.eq_ignore_ascii_case(&now.challenge.seed) => {
                (next, Err(Reason::SeedNotChanged))
            }
            Some(Ok(new)) => (new, Ok(())),
        };
        self.state = State::ExpectReplaced(authorization_id, usable);
        let replacement = Secret::new(next.to_text());
        let query = ReplaceSecret::new(identity, SecretForm::OneTime, stored, replacement);
        Ok(ServerTurn::Ask(Query::ReplaceSecret(query)))
    }
}

fn let_in(
    authorization_id: Option<AuthorizationId>,
    usable: Result<(), Reason>,
    answer: Answer,
) -> Result<ServerTurn, Failure> {
    let identity = answer.replaced()?;
    usable.map_err(Failure::malformed)?;
    Ok(ServerTurn::Proven(Proven { authorization_id, ..identity.into() }))
}

impl ServerMechanism for OtpServer {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectNames, Heard::Message(it)) => self.ask(it),
            (State::ExpectSecret(other), Heard::Answer(it)) => self.challenge(other, it.secrets()?),
            (State::ExpectResponse(asked), Heard::Message(it)) => self.verify(asked, it),
            (State::ExpectReplaced(other, usable), Heard::Answer(it)) => let_in(other, usable, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for OtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtpServer")
    }
}
