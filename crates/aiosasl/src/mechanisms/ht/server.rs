//! The server's half of HT-*: which of the account's tokens is it, and the proof that the server has it, too.

use core::{fmt, mem};

use super::{
    Form, Member, Pairs,
    message::{self, Expects},
};
use crate::{
    error::{Failure, FailureCode, Reason},
    mechanism::{Heard, ServerContext, ServerMechanism, ServerTurn},
    message::{Challenge, Proven},
    name::MechanismName,
    preparation::Preparation,
    query::{Answer, Query, SecretForm, Secrets, SharedSecret, StoredSecret},
    secret::{self, Secret},
};

/// Which forms a server takes; it answers in the form that the client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Takes {
    /// [`Form::Deployed`] alone.
    Deployed,
    /// Both: the message's length tells which it is.
    #[default]
    Either,
    /// [`Form::KeyValue`] alone.
    KeyValue,
}

/// The server's half.
pub struct HtServer {
    member: &'static Member,
    takes: Takes,
    preparation: Preparation,
    /// The channel binding's octets; none where the mechanism has no binding.
    binding: Result<Secret, Reason>,
    /// What is said in the newer form.
    pairs: Pairs,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectMessage,
    ExpectTokens(Form, Secret),
}

impl HtServer {
    /// A server that takes these forms.
    pub fn new(member: &'static Member, takes: Takes, context: &ServerContext<'_>) -> Self {
        Self {
            member,
            takes,
            preparation: context.rules.preparation,
            binding: member.binding_data(context.bindings.iter()).map(Secret::new),
            pairs: Pairs::default(),
            state: State::ExpectMessage,
        }
    }

    /// The same, which says these pairs to clients that speak the newer form.
    pub fn with_pairs(mut self, pairs: Pairs) -> Self {
        self.pairs = pairs;
        self
    }

    fn ask(&mut self, message: &[u8]) -> Result<ServerTurn, Failure> {
        if let Err(reason) = self.binding {
            return Err(Failure::new(FailureCode::MechanismUnknown, reason));
        }
        let (name, proof) = message::parse_name(message).map_err(Failure::malformed)?;
        let expects = match self.takes {
            Takes::Deployed => Expects::Deployed,
            Takes::Either => Expects::Either,
            Takes::KeyValue => Expects::KeyValue,
        };
        let hash_len = self.member.hash.output_len();
        let (form, hash) =
            message::parse_proof(proof, hash_len, expects).map_err(Failure::malformed)?;
        let name = self.preparation.name(name).map_err(Failure::credentials)?;
        self.state = State::ExpectTokens(form, Secret::new(hash));
        let form = SecretForm::HashedToken { mechanism: self.member.as_str() };
        Ok(ServerTurn::Ask(Query::SharedSecret(SharedSecret::new(name, form))))
    }

    /// Tries every token, whether one has fit already or not, and whether there is such an account or not.
    fn verify(
        &self,
        form: &Form,
        said: &Secret,
        mut secrets: Secrets,
    ) -> Result<ServerTurn, Failure> {
        let binding = self.binding.as_ref().map_or(&[][..], Secret::expose);
        let answer = match form {
            Form::Deployed => Form::Deployed,
            Form::KeyValue(_) => Form::KeyValue(self.pairs.clone()),
        };
        let mut proof = None;
        for stored in mem::take(&mut secrets.all) {
            let StoredSecret::Form(token) = stored else { continue };
            let expected = self.member.initiator(token.expose(), binding, form.pairs());
            let ours = self.member.responder(token.expose(), binding, answer.pairs());
            if secret::equal(expected.as_ref(), said.expose()) {
                proof = Some(ours);
            }
        }
        let identity = secrets.settle(proof.is_some(), Reason::InvalidToken)?;
        let ours = proof.ok_or(Failure::credentials(Reason::InvalidToken))?;
        let words = message::spell_responder(&answer, ours.as_ref());
        Ok(ServerTurn::Proven(Proven {
            additional_data: Some(Challenge::new(words)),
            channel_binding: self.member.binding_kind(),
            ..identity.into()
        }))
    }
}

impl ServerMechanism for HtServer {
    fn name(&self) -> MechanismName {
        self.member.name()
    }

    fn turn(&mut self, heard: Heard<'_, Answer>) -> Result<ServerTurn, Failure> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectMessage, Heard::Message(it)) => self.ask(it),
            (State::ExpectTokens(form, said), Heard::Answer(it)) => {
                self.verify(&form, &said, it.secrets()?)
            }
            _ => Err(Failure::OUT_OF_TURN),
        }
    }
}

impl fmt::Debug for HtServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HtServer").field("name", &self.member.as_str()).finish_non_exhaustive()
    }
}
