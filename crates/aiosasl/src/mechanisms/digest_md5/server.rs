//! The server's half of DIGEST-MD5: it verifies, and proves (RFC 2831 section 2).

use alloc::{boxed::Box, format};
use core::{fmt, mem};

use super::{
    NAME,
    challenge::Round,
    keys::Key,
    layer::{DigestLayer, Sizes},
    message::Heard,
    protection::Protection,
    setup::{Heeded, Pending, Setup},
};
use crate::{
    error::{Failure, Reason},
    identity::AuthenticationId,
    layer::SecurityLayer,
    mechanism::{self, ServerContext, ServerMechanism, ServerTurn, Side},
    message::{Challenge, Proven},
    name::MechanismName,
    query::{Answer, NonceUse, Query, SecretForm, Secrets, SharedSecret},
    secret,
};

/// The server's half.
pub struct DigestMd5Server {
    setup: Setup,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    /// To this challenge, or, in place of the first one, to one of an earlier exchange.
    ExpectResponse(Round),
    ExpectSecrets(Box<Pending>),
    ExpectNonceUse(Box<Verified>),
}

/// Somebody who has proven to be somebody, while the store looks for the nonce.
struct Verified {
    said: Heeded,
    session_key: Key,
    identity: AuthenticationId,
}

impl DigestMd5Server {
    /// A server that offers what its rules allow.
    pub fn new(context: &ServerContext<'_>) -> Self {
        Self { setup: Setup::new(context), state: State::ExpectResponse(Round::First) }
    }

    fn hear(&mut self, message: &[u8], round: Round) -> Result<ServerTurn, Failure> {
        let directives = Heard::directives(message).map_err(Failure::malformed)?;
        let heard = Heard::read(&directives).map_err(Failure::malformed)?;
        let count = self.setup.count(&heard, round).map_err(Failure::malformed)?;
        let pending = self.setup.heed(&heard, count)?;
        if pending.said.count > 1 && pending.said.protection != Protection::None {
            // The keys of a layer would come again, and with them what was sealed.
            return Ok(self.challenge_again());
        }
        self.ask(Box::new(pending))
    }

    fn ask(&mut self, pending: Box<Pending>) -> Result<ServerTurn, Failure> {
        let reading = pending.readings.last().ok_or(Failure::OUT_OF_TURN)?;
        let name = self.setup.preparation.name(&reading.username).map_err(Failure::credentials)?;
        let form = SecretForm::DigestMd5 { realm: reading.realm.as_str().into() };
        self.state = State::ExpectSecrets(pending);
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, form))))
    }

    /// The same work whether there is such an account or not.
    fn verify(
        &mut self,
        mut pending: Box<Pending>,
        secrets: Secrets,
    ) -> Result<ServerTurn, Failure> {
        let reading = pending.readings.pop().ok_or(Failure::OUT_OF_TURN)?;
        let mut fitting = None;
        for stored in &secrets.all {
            let session_key = pending.said.session_key(&reading, stored);
            let ours = pending.said.borrow().digest(&session_key, Side::Client);
            if secret::equal(ours.as_bytes(), &pending.digest) {
                fitting = Some(session_key);
            }
        }
        let identity = secrets.settle(fitting.is_some(), Reason::ResponseMismatch);
        match (identity, fitting) {
            (Ok(identity), Some(session_key)) => {
                let Pending { said, .. } = *pending;
                let query = NonceUse::new(identity.clone(), said.nonce.clone(), said.count);
                self.state =
                    State::ExpectNonceUse(Box::new(Verified { said, session_key, identity }));
                Ok(ServerTurn::Ask(Query::NonceUse(query)))
            }
            _ if !pending.readings.is_empty() => self.ask(pending),
            (Err(failure), _) => Err(failure),
            (Ok(_), None) => Err(Failure::credentials(Reason::ResponseMismatch)),
        }
    }

    fn let_in(&mut self, verified: Verified, fresh: bool) -> Result<ServerTurn, Failure> {
        let Verified { said, session_key, identity } = verified;
        match (fresh, said.count) {
            (true, _) => {}
            (false, 1) => return Err(Failure::credentials(Reason::NonceReused)),
            (false, _) => return Ok(self.challenge_again()),
        }
        let proof = said.borrow().digest(&session_key, Side::Server);
        let sizes = Sizes { send: said.max_send, receive: self.setup.max_receive };
        let layer = DigestLayer::new(said.protection, &session_key, Side::Server, sizes);
        Ok(ServerTurn::Proven(Proven {
            authorization_id: said.authorization_id,
            additional_data: Some(Challenge::new(format!("rspauth={proof}"))),
            security_layer: layer.map(|layer| -> Box<dyn SecurityLayer> { Box::new(layer) }),
            ..identity.into()
        }))
    }

    /// The nonce of an earlier exchange is not good any more; that of this one is.
    fn challenge_again(&mut self) -> ServerTurn {
        self.state = State::ExpectResponse(Round::Stale);
        ServerTurn::Challenge(self.setup.challenge(Round::Stale))
    }
}

impl ServerMechanism for DigestMd5Server {
    fn name(&self) -> MechanismName {
        NAME
    }

    fn initial_challenge(&mut self) -> Option<Challenge> {
        Some(self.setup.challenge(Round::First))
    }

    /// A client that was here before may use its nonce again.
    fn takes_initial_response(&self) -> bool {
        true
    }

    fn turn(&mut self, heard: mechanism::Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectResponse(round), mechanism::Heard::Message(it)) => self.hear(it, round),
            (State::ExpectSecrets(pending), mechanism::Heard::Answer(it)) => {
                self.verify(pending, it.secrets()?)
            }
            (State::ExpectNonceUse(verified), mechanism::Heard::Answer(it)) => {
                self.let_in(*verified, it.nonce_is_fresh()?)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for DigestMd5Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestMd5Server")
    }
}
