//! What a server offers, and what it heeds of a response (RFC 2831 sections 2.1.1 and 2.1.2).

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{
    challenge::{Offer, Round},
    charset::{Charset, utf8},
    keys::{Key, Said, user_key},
    message::{Heard, sayable_buffer},
    protection::Protection,
    service,
};
use crate::{
    error::{Failure, FailureCode, Reason},
    identity::AuthorizationId,
    mechanism::{ServerContext, Service},
    message::Challenge,
    nonce::Nonce,
    preparation::Preparation,
    query::StoredSecret,
};

/// The longest name, in octets.
const MAX_NAME: usize = 1024;

/// What is known at the start.
pub(super) struct Setup {
    nonce: Nonce,
    service: Option<Service>,
    realms: Vec<Box<str>>,
    protections: Vec<Protection>,
    /// The largest buffer that it takes, in octets.
    pub(super) max_receive: u32,
    pub(super) preparation: Preparation,
}

/// What the client has said, while the store looks for secrets.
pub(super) struct Pending {
    pub(super) said: Heeded,
    pub(super) digest: Box<[u8]>,
    /// The one that is looked for now stands last.
    pub(super) readings: Vec<Reading>,
}

/// What goes into the digests, and into what follows.
pub(super) struct Heeded {
    pub(super) nonce: Box<str>,
    pub(super) count: u32,
    pub(super) cnonce: Box<[u8]>,
    pub(super) digest_uri: Box<[u8]>,
    pub(super) authorization_id: Option<AuthorizationId>,
    pub(super) protection: Protection,
    /// The largest buffer that the client takes, in octets.
    pub(super) max_send: u32,
}

/// A name and a realm, read in one character set.
#[derive(PartialEq)]
pub(super) struct Reading {
    pub(super) username: String,
    pub(super) realm: String,
}

impl Setup {
    /// What the rules allow and name.
    pub(super) fn new(context: &ServerContext<'_>) -> Self {
        let rules = &context.rules;
        let mut setup = Self {
            nonce: context.nonce.clone(),
            service: rules.service.clone(),
            realms: Vec::new(),
            protections: Protection::allowed(rules.layers).collect(),
            max_receive: sayable_buffer(rules.layers.max_receive),
            preparation: rules.preparation,
        };
        setup.offer_realms();
        setup
    }

    /// The realms of the rules, else the host; as many as fit into a challenge. An empty one is not said: where it is the
    /// only one, there is no realm.
    fn offer_realms(&mut self) {
        let Some(service) = &self.service else { return };
        let realms = if service.realms.is_empty() {
            Vec::from([service.host().into()])
        } else {
            service.realms.clone()
        };
        for realm in realms.into_iter().filter(|it| !it.is_empty() && !it.contains('\0')) {
            self.realms.push(realm);
            if !self.offer(Round::First).fits() {
                self.realms.pop();
                return;
            }
        }
    }

    fn offer(&self, round: Round) -> Offer<'_> {
        Offer {
            realms: &self.realms,
            nonce: self.nonce.as_str(),
            protections: &self.protections,
            max_receive: self.max_receive,
            round,
        }
    }

    pub(super) fn challenge(&self, round: Round) -> Challenge {
        Challenge::new(self.offer(round).to_octets())
    }

    /// How often the nonce was used: ours once, an older one more often.
    pub(super) fn count(&self, heard: &Heard<'_>, round: Round) -> Result<u32, Reason> {
        let is_ours = heard.nonce == self.nonce.as_str().as_bytes();
        match heard.count() {
            Ok(1) if is_ours => Ok(1),
            _ if is_ours => Err(Reason::BadNc),
            Ok(count @ 2..) if round == Round::First && is_sayable(heard.nonce) => Ok(count),
            _ => Err(Reason::NonceMismatch),
        }
    }

    pub(super) fn heed(&self, heard: &Heard<'_>, count: u32) -> Result<Pending, Failure> {
        let service = self.service.as_ref();
        let service = service.ok_or(Failure::new(FailureCode::Temporary, Reason::NoService))?;
        self.check(heard, count, service).map_err(Failure::malformed)
    }

    fn check(&self, heard: &Heard<'_>, count: u32, service: &Service) -> Result<Pending, Reason> {
        if heard.cnonce.is_empty() {
            return Err(Reason::EmptyCnonce);
        }
        let protection = self.offered(heard.protection()?)?;
        let charset = heard.charset()?;
        let max_send = heard.max_buffer()?;
        if protection != Protection::None && protection.max_piece(max_send).is_none() {
            return Err(Reason::BadMaxbuf);
        }
        let readings = self.readings(heard, charset)?;
        service::check(heard.digest_uri, service)?;
        let digest = heard.digest()?;
        let said = Heeded {
            nonce: utf8(heard.nonce)?.into(),
            count,
            cnonce: heard.cnonce.into(),
            digest_uri: heard.digest_uri.into(),
            authorization_id: heard.authorization_id()?,
            protection,
            max_send,
        };
        Ok(Pending { said, digest, readings })
    }

    fn offered(&self, protection: Protection) -> Result<Protection, Reason> {
        if self.protections.contains(&protection) {
            Ok(protection)
        } else if self.protections.iter().any(|it| it.qop() == protection.qop()) {
            Err(Reason::CipherNotOffered)
        } else {
            Err(Reason::QopNotOffered)
        }
    }

    /// Who the client may be. Some say UTF-8 and don't say so: that reading comes first, if it makes sense, and the one
    /// that the RFC wants second.
    fn readings(&self, heard: &Heard<'_>, charset: Charset) -> Result<Vec<Reading>, Reason> {
        if heard.username.is_empty() {
            return Err(Reason::EmptyUsername);
        }
        if heard.username.len() > MAX_NAME {
            return Err(Reason::FieldTooLong);
        }
        let mut found = Vec::from([Reading::of(heard, charset)?]);
        if charset == Charset::Latin1 {
            let other = Reading::of(heard, Charset::Utf8).ok();
            found.extend(other.filter(|it| !found.contains(it)));
        }
        if !self.realms.is_empty() {
            let says = heard.realm.is_some();
            found.retain(|it| says && self.realms.iter().any(|realm| **realm == *it.realm));
        }
        if found.is_empty() { Err(Reason::RealmNotOffered) } else { Ok(found) }
    }
}

impl Reading {
    fn of(heard: &Heard<'_>, charset: Charset) -> Result<Self, Reason> {
        Ok(Self {
            username: charset.decode(heard.username)?.into(),
            realm: charset.decode(heard.realm.unwrap_or_default())?.into(),
        })
    }
}

impl Heeded {
    pub(super) fn borrow(&self) -> Said<'_> {
        Said {
            nonce: self.nonce.as_bytes(),
            count: self.count,
            cnonce: &self.cnonce,
            digest_uri: &self.digest_uri,
            authorization_id: self.authorization_id.as_ref().map(AuthorizationId::as_str),
            protection: self.protection,
        }
    }

    pub(super) fn session_key(&self, reading: &Reading, stored: &StoredSecret) -> Key {
        match stored {
            StoredSecret::Form(key) => self.borrow().session_key(key.expose()),
            StoredSecret::Password(password) => {
                let key = user_key(&reading.username, &reading.realm, password.expose());
                self.borrow().session_key(&*key)
            }
        }
    }
}

/// Whether it can be a nonce of ours, and be asked for.
fn is_sayable(nonce: &[u8]) -> bool {
    nonce.iter().all(u8::is_ascii_graphic)
}
