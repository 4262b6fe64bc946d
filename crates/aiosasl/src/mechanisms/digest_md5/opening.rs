//! What a client has at the start, and the response that it makes of it (RFC 2831 section 2.1.2).

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{
    challenge::ServerChallenge,
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
    error::Reason,
    identity::{AuthenticationId, AuthorizationId},
    layer::LayerRules,
    mechanism::{ClientContext, Side},
    message::Response,
    nonce::Nonce,
    secret::{Password, Secret},
};

/// What is known at the start.
pub(super) struct Setup {
    name: AuthenticationId,
    key: PreparedKey,
    authorization_id: Option<AuthorizationId>,
    digest_uri: String,
    /// Those that the caller would choose.
    pub(super) realms: Vec<Box<str>>,
    layers: LayerRules,
    pub(super) cnonce: Nonce,
    remembered: Option<Remembered>,
}

enum PreparedKey {
    Password(Password),
    /// `H(user:realm:password)`, good for one realm.
    Stored(Secret),
}

/// What was agreed on, for one response.
pub(super) struct Terms {
    pub(super) charset: Charset,
    pub(super) realm: Option<Box<str>>,
    pub(super) nonce: Box<[u8]>,
    pub(super) cnonce: Box<str>,
    pub(super) count: u32,
    pub(super) protection: Protection,
    /// The largest buffer that the server takes, in octets.
    pub(super) max_send: u32,
}

/// What is kept until the server has proven itself.
pub(super) struct Sent {
    /// The digits that it has to say.
    pub(super) proof: Secret,
    pub(super) layer: Option<DigestLayer>,
    pub(super) resumption: Option<Resumption>,
}

impl Setup {
    pub(super) fn new(context: &ClientContext<'_>) -> Result<Self, Reason> {
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
    pub(super) fn choose(&self, challenge: &ServerChallenge) -> Result<Protection, Reason> {
        let usable = |it: &Protection| {
            challenge.protections.contains(it)
                && (*it == Protection::None || it.max_piece(challenge.max_buffer).is_some())
        };
        Protection::allowed(self.layers).find(usable).ok_or(Reason::NoCommonQop)
    }

    /// The same user of the same service under the same rules counts on.
    pub(super) fn resume(&mut self) -> Option<(Response, Sent)> {
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

    pub(super) fn prove(&self, terms: Terms) -> Result<(Response, Sent), Reason> {
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
