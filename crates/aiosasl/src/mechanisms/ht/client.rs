//! The client's half of HT-*: it proves that it has the token, and wants the same proof.

use core::{fmt, mem};

use super::{
    Form, Member,
    message::{self, Expects, Responder},
};
use crate::{
    binding::ClientBinding,
    credentials::Key,
    error::{Error, FailureCode, Misuse, Reason, Refusal},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    preparation::MAX_FIELD,
    query::ClientAnswer,
    secret::{self, Secret},
};

/// The client's half.
pub struct HtClient {
    member: &'static Member,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectStart(Response, Sent),
    ExpectResponder(Sent),
    /// The server has proven itself.
    ExpectSuccess,
}

/// What is kept to check the server's proof with.
struct Sent {
    token: Secret,
    binding: Secret,
    expects: Expects,
}

impl HtClient {
    /// Makes the message of a token in this form; a server has to answer in the same.
    ///
    /// # Example: a mechanism in the newer form
    ///
    /// ```
    /// use aiosasl::{mechanism::Mechanism, mechanisms::ht::{self, Form, HtClient, Member, Pairs}};
    ///
    /// const HT_SHA_256_EXPR_KV: Mechanism = Mechanism {
    ///     client: |context| {
    ///         let form = Form::KeyValue(Pairs::default());
    ///         Ok(Box::new(HtClient::new(&Member::SHA_256_EXPR, &form, context)?))
    ///     },
    ///     ..ht::HT_SHA_256_EXPR
    /// };
    /// # let _ = HT_SHA_256_EXPR_KV;
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] without a name and a token, and with one that was given for another mechanism; [`Error::Policy`] with [`Reason::ChannelBindingUnavailable`] where the
    /// context has no binding of the type in the mechanism's name.
    pub fn new(
        member: &'static Member,
        form: &Form,
        context: &ClientContext<'_>,
    ) -> Result<Self, Error> {
        let credentials = context.credentials;
        let token = match &credentials.key {
            Key::Token(token) => Some(token),
            Key::HashedToken { mechanism, token } if *mechanism == member.name() => Some(token),
            _ => None,
        };
        let (Some(name), Some(token)) = (&credentials.authentication_id, token) else {
            return Err(Error::Credentials(Reason::NoCredentials));
        };
        if token.is_empty() {
            return Err(Error::Credentials(Reason::BadToken));
        }
        if name.as_str().len() > MAX_FIELD {
            return Err(Error::Credentials(Reason::FieldTooLong));
        }
        let name = context.rules.preparation.name(name.as_str()).map_err(Error::Credentials)?;
        let bound = match &context.binding {
            ClientBinding::Bound(binding) => Some(binding),
            ClientBinding::NotOffered | ClientBinding::Unsupported => None,
        };
        let binding = member.binding_data(bound.into_iter()).map_err(Error::Policy)?;
        let hash = member.initiator(token.expose(), binding, form.pairs());
        let first = message::spell_initiator(name.as_str(), form, hash.as_ref());
        let expects = match form {
            Form::Deployed => Expects::Deployed,
            Form::KeyValue(_) => Expects::KeyValue,
        };
        let sent = Sent { token: token.clone(), binding: Secret::new(binding), expects };
        Ok(Self { member, state: State::ExpectStart(Response::new(first), sent) })
    }

    fn verify(&mut self, sent: &Sent, message: &[u8]) -> Result<ClientTurn, Error> {
        if self.is_bare_proof(sent, message) {
            self.state = State::ExpectSuccess;
            return Ok(ClientTurn::Respond(Response::empty()));
        }
        let proof = match message::parse_responder(message).map_err(Error::Peer)? {
            Responder::Proof(proof) => proof,
            Responder::Failure(text) => return Err(refusal(text)),
        };
        let hash_len = self.member.hash.output_len();
        let (form, hash) =
            message::parse_proof(proof, hash_len, sent.expects).map_err(Error::Peer)?;
        let ours = self.member.responder(sent.token.expose(), sent.binding.expose(), form.pairs());
        if !secret::equal(ours.as_ref(), hash) {
            return Err(Error::Peer(Reason::ResponderMismatch));
        }
        self.state = State::ExpectSuccess;
        Ok(ClientTurn::Respond(Response::empty()))
    }

    /// Prosody says the proof alone, without the first octet that the draft has before it.
    fn is_bare_proof(&self, sent: &Sent, message: &[u8]) -> bool {
        let ours = self.member.responder(sent.token.expose(), sent.binding.expose(), "");
        sent.expects == Expects::Deployed && secret::equal(ours.as_ref(), message)
    }
}

impl ClientMechanism for HtClient {
    fn name(&self) -> MechanismName {
        self.member.name()
    }

    fn initial_response(&mut self) -> Option<Response> {
        match mem::take(&mut self.state) {
            State::ExpectStart(first, sent) => {
                self.state = State::ExpectResponder(sent);
                Some(first)
            }
            _ => None,
        }
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectResponder(sent), Heard::Message(it)) => self.verify(&sent, it),
            (_, Heard::Message(_)) => Err(Error::Peer(Reason::UnexpectedChallenge)),
            (_, Heard::Answer(_)) => Err(Misuse::NothingAsked.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        match mem::take(&mut self.state) {
            State::ExpectSuccess => Ok(Conclusion {
                server_verified: true,
                channel_binding: self.member.binding_kind(),
                ..Conclusion::default()
            }),
            _ => Err(Error::Peer(Reason::ServerNotVerified)),
        }
    }
}

/// The server's own word of why it lets nobody in.
fn refusal(text: &str) -> Error {
    let code = match text {
        "unknown-user" | "invalid-token" => FailureCode::InvalidCredentials,
        _ => FailureCode::Temporary,
    };
    Error::Refused(Refusal { text: Some(text.into()), ..Refusal::new(code) })
}

impl fmt::Debug for HtClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HtClient").field("name", &self.member.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    use crate::{credentials::Credentials, identity::AuthenticationId, nonce::Nonce};

    fn client(form: &Form) -> (HtClient, Vec<u8>) {
        let user = AuthenticationId::new("user").unwrap();
        let member = &Member::SHA_256_NONE;
        let credentials = Credentials::hashed_token(user, member.name(), Secret::new("token"));
        let context = ClientContext {
            credentials: &credentials,
            binding: ClientBinding::Unsupported,
            nonce: Nonce::new("unused").unwrap(),
            rules: crate::mechanism::Rules::default(),
            offered: crate::mechanism::Offered::default(),
        };
        let mut client = HtClient::new(member, form, &context).unwrap();
        client.initial_response().unwrap();
        (client, member.responder(b"token", &[], "").as_ref().to_vec())
    }

    #[test]
    fn a_proof_may_lack_its_first_octet_and_nothing_else() {
        let (mut client, proof) = client(&Form::Deployed);
        assert!(client.turn(Heard::Message(&proof)).is_ok());
        assert!(client.conclude().unwrap().server_verified);
        let (mut client, mut proof) = self::client(&Form::Deployed);
        proof[31] ^= 1;
        assert!(client.turn(Heard::Message(&proof)).is_err());
        assert!(client.conclude().is_err());
        let (mut client, proof) = self::client(&Form::KeyValue(super::super::Pairs::default()));
        assert!(client.turn(Heard::Message(&proof)).is_err());
    }
}
