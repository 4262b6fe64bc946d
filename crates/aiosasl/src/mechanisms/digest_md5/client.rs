//! The client's half of DIGEST-MD5: it proves, and wants proof (RFC 2831 section 2).

use alloc::boxed::Box;
use core::{fmt, mem};

use super::{
    NAME,
    challenge::{Answered, ServerChallenge},
    opening::{Sent, Setup, Terms},
};
use crate::{
    error::{Error, Misuse, Reason},
    layer::SecurityLayer,
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard},
    message::Response,
    name::MechanismName,
    query::{ClientAnswer, ClientQuery, Question, Subject},
    secret::{self, Secret},
};

/// The client's half.
pub struct DigestMd5Client {
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Dead,
    ExpectChallenge(Box<Setup>),
    ExpectRealm(Box<Setup>, ServerChallenge),
    ExpectProof(Sent),
    /// The server proves itself, or has forgotten the nonce.
    ExpectProofOrChallenge(Box<Setup>, Sent),
    /// The server has proven itself.
    ExpectSuccess(Sent),
}

impl DigestMd5Client {
    /// Prepares the credentials.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] where name or password are missing, empty, or can't be prepared, and with
    /// [`Reason::NoService`] where the rules name no service for the `digest-uri`.
    pub fn new(context: &ClientContext<'_>) -> Result<Self, Error> {
        Setup::new(context)
            .map(|setup| Self { state: State::ExpectChallenge(Box::new(setup)) })
            .map_err(Error::Credentials)
    }

    fn take_challenge(
        &mut self,
        setup: Box<Setup>,
        challenge: ServerChallenge,
    ) -> Result<ClientTurn, Error> {
        let wished = setup.realms.iter().find(|it| challenge.realms.contains(it));
        let realm = match (&*challenge.realms, wished) {
            ([], _) => None,
            (_, Some(realm)) | ([realm], None) => Some(realm.clone()),
            (offered, None) => {
                let subject = Subject::Realm { offered: offered.to_vec() };
                self.state = State::ExpectRealm(setup, challenge);
                return Ok(ClientTurn::Ask(ClientQuery::Question(Question::new(subject))));
            }
        };
        self.respond(&setup, challenge, realm)
    }

    fn take_realm(
        &mut self,
        setup: &Setup,
        challenge: ServerChallenge,
        realm: &Secret,
    ) -> Result<ClientTurn, Error> {
        let mut offered = challenge.realms.iter();
        let chosen = offered.find(|it| it.as_bytes() == realm.expose()).cloned();
        let chosen = chosen.ok_or(Error::Credentials(Reason::RealmNotOffered))?;
        self.respond(setup, challenge, Some(chosen))
    }

    fn respond(
        &mut self,
        setup: &Setup,
        challenge: ServerChallenge,
        realm: Option<Box<str>>,
    ) -> Result<ClientTurn, Error> {
        let terms = Terms {
            protection: setup.choose(&challenge).map_err(Error::Policy)?,
            charset: challenge.charset,
            realm,
            nonce: challenge.nonce,
            cnonce: setup.cnonce.as_str().into(),
            count: 1,
            max_send: challenge.max_buffer,
        };
        let (response, sent) = setup.prove(terms).map_err(Error::Credentials)?;
        self.state = State::ExpectProof(sent);
        Ok(ClientTurn::Respond(response))
    }

    fn check(&mut self, sent: Sent, proof: &[u8]) -> Result<ClientTurn, Error> {
        if !secret::equal(sent.proof.expose(), proof) {
            return Err(Error::Peer(Reason::RspauthMismatch));
        }
        self.state = State::ExpectSuccess(sent);
        Ok(ClientTurn::Respond(Response::empty()))
    }
}

impl ClientMechanism for DigestMd5Client {
    fn name(&self) -> MechanismName {
        NAME
    }

    /// Where this client was here before; else the server speaks first.
    fn initial_response(&mut self) -> Option<Response> {
        let State::ExpectChallenge(mut setup) = mem::take(&mut self.state) else { return None };
        let Some((response, sent)) = setup.resume() else {
            self.state = State::ExpectChallenge(setup);
            return None;
        };
        self.state = State::ExpectProofOrChallenge(setup, sent);
        Some(response)
    }

    fn initial_response_can_be_dropped(&self) -> bool {
        true
    }

    fn turn(&mut self, heard: Heard<'_, ClientAnswer>) -> Result<ClientTurn, Error> {
        match (mem::take(&mut self.state), heard) {
            (State::ExpectChallenge(setup), Heard::Message(it)) => {
                let challenge = ServerChallenge::parse(it).map_err(Error::Peer)?;
                self.take_challenge(setup, challenge)
            }
            (State::ExpectRealm(setup, challenge), Heard::Answer(it)) => {
                self.take_realm(&setup, challenge, &it.text()?)
            }
            (State::ExpectProof(sent), Heard::Message(it)) => {
                let proof = Answered::parse_proof(it).map_err(Error::Peer)?;
                self.check(sent, &proof)
            }
            (State::ExpectProofOrChallenge(setup, sent), Heard::Message(it)) => {
                match Answered::parse(it).map_err(Error::Peer)? {
                    Answered::Proof(proof) => self.check(sent, &proof),
                    Answered::Challenge(challenge) => self.take_challenge(setup, challenge),
                }
            }
            (State::ExpectSuccess(_), Heard::Message(_)) => {
                Err(Error::Peer(Reason::UnexpectedChallenge))
            }
            _ => Err(Misuse::OutOfTurn.into()),
        }
    }

    fn conclude(&mut self) -> Result<Conclusion, Error> {
        let State::ExpectSuccess(sent) = mem::take(&mut self.state) else {
            return Err(Error::Peer(Reason::ServerNotVerified));
        };
        let security_layer = sent.layer.map(|layer| -> Box<dyn SecurityLayer> { Box::new(layer) });
        Ok(Conclusion {
            server_verified: true,
            security_layer,
            resumption: sent.resumption,
            ..Conclusion::default()
        })
    }
}

impl fmt::Debug for DigestMd5Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestMd5Client")
    }
}
