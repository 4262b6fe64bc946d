//! The server's half: the account's public keys, a challenge for them, and the answer.
//!
//! Where there is no account, or its key is none, the messages and the work are the same.

use alloc::vec::Vec;
use core::{fmt, mem};

use super::{
    names::Names,
    scheme::{Posed, Scheme},
};
use crate::{
    error::{Failure, Reason},
    identity::AuthorizationId,
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    nonce::Nonce,
    preparation::Preparation,
    query::{Answer, Query, SecretForm, Secrets, SharedSecret, StoredSecret},
};

/// The server's half of both mechanisms.
pub struct ChallengeServer {
    scheme: &'static Scheme,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectNames(Nonce, Preparation),
    ExpectKeys(Nonce, Option<AuthorizationId>),
    ExpectAnswer(Posed, Secrets, Option<AuthorizationId>),
}

impl ChallengeServer {
    pub(super) fn new(scheme: &'static Scheme, context: &ServerContext<'_>) -> Self {
        let state = State::ExpectNames(context.nonce.clone(), context.rules.preparation);
        Self { scheme, state }
    }

    fn ask(
        &mut self,
        nonce: Nonce,
        preparation: Preparation,
        message: &[u8],
    ) -> Result<ServerTurn, Failure> {
        let Names { authcid, authorization_id } =
            Names::parse(message).map_err(Failure::malformed)?;
        let name = preparation.name(authcid).map_err(Failure::credentials)?;
        self.state = State::ExpectKeys(nonce, authorization_id);
        // `self.scheme` lives as long as the program, and so does its name.
        let form = SecretForm::PublicKey { mechanism: self.scheme.name.as_str() };
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, form))))
    }

    fn challenge(
        &mut self,
        nonce: &Nonce,
        other: Option<AuthorizationId>,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        let secrets = answer.secrets()?;
        let keys = secrets.all.iter().map(|secret| match secret {
            StoredSecret::Form(key) | StoredSecret::Password(key) => key.expose(),
        });
        let keys: Vec<&[u8]> = keys.collect();
        let posed = (self.scheme.pose)(nonce, &keys);
        let challenge = Challenge::new(posed.challenge.as_slice());
        self.state = State::ExpectAnswer(posed, secrets, other);
        Ok(ServerTurn::Challenge(challenge))
    }

    fn judge(
        &self,
        posed: &Posed,
        secrets: Secrets,
        other: Option<AuthorizationId>,
        answer: &[u8],
    ) -> Result<ServerTurn, Failure> {
        let fits = (self.scheme.judge)(posed, answer).map_err(Failure::malformed)?;
        let mismatch = if posed.has_key { self.scheme.mismatch } else { Reason::BadPublicKey };
        let identity = secrets.settle(fits && posed.has_key, mismatch)?;
        Ok(ServerTurn::Proven(Proven { authorization_id: other, ..Proven::from(identity) }))
    }
}

impl ServerMechanism for ChallengeServer {
    fn name(&self) -> MechanismName {
        self.scheme.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectNames(nonce, preparation), Heard::Message(it)) => {
                self.ask(nonce, preparation, it)
            }
            (State::ExpectKeys(nonce, other), Heard::Answer(it)) => {
                self.challenge(&nonce, other, it)
            }
            (State::ExpectAnswer(posed, secrets, other), Heard::Message(it)) => {
                self.judge(&posed, secrets, other, it)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for ChallengeServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChallengeServer").field("name", &self.scheme.name).finish_non_exhaustive()
    }
}
