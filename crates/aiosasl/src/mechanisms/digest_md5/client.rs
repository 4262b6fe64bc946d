//! The client's half of DIGEST-MD5: it proves, and wants proof (RFC 2831 section 2).

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, mem};

use super::{
    NAME,
    challenge::{Answered, ServerChallenge},
    charset::Charset,
    keys::{Key, Said, user_key},
    layer::{DigestLayer, Sizes},
    message::{self, sayable_buffer},
    protection::Protection,
    resumption::Remembered,
    service::digest_uri,
};
use crate::{
    credentials::{self, Resumption},
    error::{Error, Misuse, Reason},
    identity::{AuthenticationId, AuthorizationId},
    layer::{LayerRules, SecurityLayer},
    mechanism::{ClientContext, ClientMechanism, ClientTurn, Conclusion, Heard, Side},
    message::Response,
    name::MechanismName,
    nonce::Nonce,
    query::{ClientAnswer, ClientQuery, Question, Subject},
    secret::{self, Password, Secret},
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

/// What is known at the start.
struct Setup {
    name: AuthenticationId,
    key: PreparedKey,
    authorization_id: Option<AuthorizationId>,
    digest_uri: String,
    /// Those that the caller would choose.
    realms: Vec<Box<str>>,
    layers: LayerRules,
    cnonce: Nonce,
    remembered: Option<Remembered>,
}

enum PreparedKey {
    Password(Password),
    /// `H(user:realm:password)`, good for one realm.
    Stored(Secret),
}

/// What was agreed on, for one response.
struct Terms {
    charset: Charset,
    realm: Option<Box<str>>,
    nonce: Box<[u8]>,
    cnonce: Box<str>,
    count: u32,
    protection: Protection,
    /// The largest buffer that the server takes, in octets.
    max_send: u32,
}

/// What is kept until the server has proven itself.
struct Sent {
    /// The digits that it has to say.
    proof: Secret,
    layer: Option<DigestLayer>,
    resumption: Option<Resumption>,
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
        let resumed = setup.resume();
        self.state = match resumed {
            None => State::ExpectChallenge(setup),
            Some((response, sent)) => {
                self.state = State::ExpectProofOrChallenge(setup, sent);
                return Some(response);
            }
        };
        None
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

impl Setup {
    fn new(context: &ClientContext<'_>) -> Result<Self, Reason> {
        let (credentials, rules) = (context.credentials, &context.rules);
        let name = credentials.authentication_id.as_ref().ok_or(Reason::NoCredentials)?;
        let (name, key) = match &credentials.key {
            credentials::Key::Password(password) => {
                let preparation = rules.preparation;
                let (name, password) =
                    preparation.name_and_password(name.as_str(), password.expose())?;
                (name, PreparedKey::Password(password))
            }
            credentials::Key::Stored(key) if key.len() == 16 => {
                (rules.preparation.name(name.as_str())?, PreparedKey::Stored(key.clone()))
            }
            _ => return Err(Reason::NoCredentials),
        };
        let remembered = credentials.resumption.as_ref().and_then(Resumption::get).cloned();
        Ok(Self {
            name,
            key,
            authorization_id: credentials.authorization_id.clone(),
            digest_uri: digest_uri(rules.service.as_ref())?,
            realms: rules.service.as_ref().map(|it| it.realms.clone()).unwrap_or_default(),
            layers: rules.layers,
            cnonce: context.nonce.clone(),
            remembered,
        })
    }

    /// The strongest protection that both ends allow.
    fn choose(&self, challenge: &ServerChallenge) -> Result<Protection, Reason> {
        let usable = |it: &Protection| {
            challenge.protections.contains(it)
                && (*it == Protection::None || it.max_piece(challenge.max_buffer).is_some())
        };
        Protection::allowed(self.layers).find(usable).ok_or(Reason::NoCommonQop)
    }

    /// The same user of the same service under the same rules counts on.
    fn resume(&mut self) -> Option<(Response, Sent)> {
        let it = self.remembered.take()?;
        let same = it.name == self.name
            && it.authorization_id == self.authorization_id
            && *it.digest_uri == *self.digest_uri
            && it.layers == self.layers;
        let count = it.count.checked_add(1).filter(|_| same)?;
        let terms = Terms {
            charset: it.charset,
            realm: it.realm,
            nonce: it.nonce,
            cnonce: it.cnonce,
            count,
            protection: Protection::None,
            max_send: 0,
        };
        self.prove(terms).ok()
    }

    fn prove(&self, terms: Terms) -> Result<(Response, Sent), Reason> {
        let user_key = self.user_key(terms.charset, terms.realm.as_deref())?;
        let said = Said {
            nonce: &terms.nonce,
            count: terms.count,
            cnonce: terms.cnonce.as_bytes(),
            digest_uri: self.digest_uri.as_bytes(),
            authorization_id: self.authorization_id.as_ref().map(AuthorizationId::as_str),
            protection: terms.protection,
        };
        let session_key = said.session_key(&*user_key);
        let sizes =
            Sizes { send: terms.max_send, receive: sayable_buffer(self.layers.max_receive) };
        let response = message::Response {
            charset: terms.charset,
            username: self.name.as_str(),
            realm: terms.realm.as_deref(),
            digest: &said.digest(&session_key, Side::Client),
            max_receive: sizes.receive,
        };
        let response = Response::new(response.to_octets(&said)?);
        let sent = Sent {
            proof: Secret::new(said.digest(&session_key, Side::Server)),
            layer: DigestLayer::new(terms.protection, &session_key, Side::Client, sizes),
            resumption: self.remember(terms),
        };
        Ok((response, sent))
    }

    fn user_key(&self, charset: Charset, realm: Option<&str>) -> Result<Key, Reason> {
        match &self.key {
            PreparedKey::Stored(key) => {
                let key = key.expose().try_into().map_err(|_| Reason::NoCredentials)?;
                Ok(Key::new(key))
            }
            PreparedKey::Password(password) => {
                let (name, realm) = (self.name.as_str(), realm.unwrap_or_default());
                charset.check(password.expose())?;
                Ok(user_key(name, realm, password.expose().as_bytes()))
            }
        }
    }

    fn remember(&self, terms: Terms) -> Option<Resumption> {
        (terms.protection == Protection::None).then(|| {
            Resumption::new(Remembered {
                name: self.name.clone(),
                authorization_id: self.authorization_id.clone(),
                digest_uri: self.digest_uri.as_str().into(),
                layers: self.layers,
                charset: terms.charset,
                realm: terms.realm,
                nonce: terms.nonce,
                cnonce: terms.cnonce,
                count: terms.count,
            })
        })
    }
}

impl fmt::Debug for DigestMd5Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestMd5Client")
    }
}
