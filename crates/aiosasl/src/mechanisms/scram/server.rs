//! The server's half of SCRAM (RFC 5802 section 5): it verifies, and proves.

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{
    keys,
    message::{ClientFinal, ClientFirst},
    transcript::Transcript,
};
use crate::{
    binding::{BindingKind, ChannelBinding},
    error::{Failure, FailureCode, Reason},
    gs2::{Flag, Header},
    hash::Hash,
    identity::AuthenticationId,
    mechanism::{Heard, PlusOffer, ServerContext, ServerMechanism, ServerTurn, UsernameRule},
    message::Proven,
    name::MechanismName,
    nonce::Nonce,
    prep::Strings,
    preparation::Preparation,
    query::{Answer, Doom, Query, ScramKeys},
};

/// The server's half. While it waits for the client's proof it is small: one allocation beside itself.
pub struct ScramServer {
    name: &'static MechanismName,
    hash: Hash,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectClientFirst(Setup),
    ExpectKeys(Transcript),
    ExpectClientFinal(Pending),
}

struct Setup {
    nonce: Nonce,
    bindings: Box<[ChannelBinding]>,
    plus: PlusOffer,
    preparation: Preparation,
    username: UsernameRule,
}

/// What is kept while the client computes.
struct Pending {
    transcript: Transcript,
    authentication_id: AuthenticationId,
    doomed: Option<Doom>,
}

impl ScramServer {
    /// The server's half of the mechanism of this name.
    pub fn new(name: &'static MechanismName, hash: Hash, context: &ServerContext<'_>) -> Self {
        let setup = Setup {
            nonce: context.nonce.clone(),
            bindings: context.bindings.into(),
            plus: context.plus,
            preparation: context.rules.preparation,
            username: context.rules.username.clone(),
        };
        Self { name, hash, state: State::ExpectClientFirst(setup) }
    }

    fn ask_for_keys(&mut self, setup: &Setup, message: &[u8]) -> Result<ServerTurn, Failure> {
        let first = ClientFirst::parse(message).map_err(Failure::malformed)?;
        let binding = first.header.flag.agreed(*self.name, setup.plus, &setup.bindings)?;
        let binding = binding.map_or(&[][..], ChannelBinding::data);
        let authentication_id = authentication_id(&first.username, setup)?;
        self.state = State::ExpectKeys(Transcript::new(self.hash, &first, binding, &setup.nonce));
        Ok(ServerTurn::Ask(Query::ScramKeys(ScramKeys::new(authentication_id, self.hash))))
    }

    fn challenge(
        &mut self,
        mut transcript: Transcript,
        answer: Answer,
    ) -> Result<ServerTurn, Failure> {
        let (authentication_id, verifier, doomed) = answer.scram_verifier()?;
        if verifier.hash != self.hash {
            return Err(Failure::new(FailureCode::Temporary, Reason::MechanismUnavailable));
        }
        let challenge = transcript.add(&verifier);
        self.state = State::ExpectClientFinal(Pending { transcript, authentication_id, doomed });
        Ok(ServerTurn::Challenge(challenge))
    }

    /// Binding, nonce, proof: in this order, and the proof also for those who can't come in.
    fn verify(&self, pending: Pending, message: &[u8]) -> Result<ServerTurn, Failure> {
        let Pending { transcript, authentication_id, doomed } = pending;
        let last = ClientFinal::parse(message).map_err(Failure::malformed)?;
        let channel_binding = transcript.channel_binding();
        if !last.channel_binding.stands_for(channel_binding).map_err(Failure::malformed)? {
            return Err(Failure::credentials(Reason::ChannelBindingsDontMatch));
        }
        if last.nonce.as_bytes() != transcript.nonce() {
            return Err(Failure::malformed(Reason::NonceMismatch));
        }
        let proof = last.proof.filter(|proof| proof.as_ref().len() == self.hash.output_len());
        let proof = proof.ok_or(Failure::malformed(Reason::ProofLength))?;
        let (messages, stored_key, server_key) = transcript.parts(self.hash);
        let auth_message = [messages, last.without_proof.as_bytes()];
        let fits = keys::proof_fits(self.hash, stored_key, &auth_message, proof.as_ref());
        let signature = keys::server_signature(self.hash, server_key, &auth_message);
        match doomed {
            Some(doom) => return Err(Failure::credentials(doom.reason())),
            None if !fits => return Err(Failure::credentials(Reason::InvalidProof)),
            None => {}
        }
        let header = Header::of_channel_binding(channel_binding).ok_or(Failure::OUT_OF_TURN)?;
        let channel_binding = match header.flag {
            Flag::Bound(name) => BindingKind::parse(name).ok(),
            Flag::Unsupported | Flag::NotOffered => None,
        };
        Ok(ServerTurn::Proven(Proven {
            authorization_id: header.authorization_id,
            additional_data: Some(transcript.into_last_words(&signature)),
            channel_binding,
            ..authentication_id.into()
        }))
    }
}

impl ServerMechanism for ScramServer {
    fn name(&self) -> MechanismName {
        *self.name
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectClientFirst(setup), Heard::Message(it)) => self.ask_for_keys(&setup, it),
            (State::ExpectKeys(transcript), Heard::Answer(it)) => self.challenge(transcript, it),
            (State::ExpectClientFinal(pending), Heard::Message(it)) => self.verify(pending, it),
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

fn authentication_id(username: &str, setup: &Setup) -> Result<AuthenticationId, Failure> {
    if let UsernameRule::FromProtocol(identity) = &setup.username {
        return Ok(identity.clone());
    }
    match setup.preparation.prepare(username, Strings::Query) {
        Ok(prepared) => {
            AuthenticationId::new(prepared).map_err(|_| Failure::malformed(Reason::EmptyUsername))
        }
        Err(_) => Err(Failure::malformed(Reason::InvalidUsernameEncoding)),
    }
}

impl fmt::Debug for ScramServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramServer").field("name", &self.name).finish_non_exhaustive()
    }
}
