//! The server's challenge (RFC 2831 section 2.1.1), written and read.

use alloc::{boxed::Box, string::String, vec::Vec};

use super::{
    charset::Charset,
    directives::{Directives, Writer},
    message::{DEFAULT_BUFFER, buffer_size},
    protection::{CipherName, Protection, list},
};
use crate::error::Reason;

/// The length that a challenge has not, in octets.
const LIMIT: usize = 2048;

/// What a server offers.
pub(super) struct Offer<'a> {
    pub(super) realms: &'a [Box<str>],
    pub(super) nonce: &'a str,
    pub(super) protections: &'a [Protection],
    /// The largest buffer that it takes, in octets.
    pub(super) max_receive: u32,
    pub(super) round: Round,
}

/// Which challenge of an exchange it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// The first one, in the place of which a client may use the nonce of an earlier exchange.
    First,
    /// The one after a nonce that is not known any more: `stale=true`.
    Stale,
}

impl Offer<'_> {
    pub(super) fn to_octets(&self) -> Vec<u8> {
        let has =
            |qop: &'static str| self.protections.iter().any(|it| it.qop() == qop).then_some(qop);
        let qops = ["auth", "auth-int", "auth-conf"].into_iter().filter_map(has);
        let ciphers = self.protections.iter().filter_map(|it| it.cipher());
        let ciphers = list(ciphers.map(CipherName::as_str));
        let has_layers = self.protections.iter().any(|it| *it != Protection::None);
        let max_receive = Some(self.max_receive).filter(|it| has_layers && *it != DEFAULT_BUFFER);
        let realms = self
            .realms
            .iter()
            .fold(Writer::default(), |writer, realm| writer.quoted("realm", realm.as_bytes()));
        realms
            .quoted("nonce", self.nonce.as_bytes())
            .quoted("qop", list(qops).as_bytes())
            .maybe(Some(ciphers).filter(|it| !it.is_empty()), |writer, ciphers: String| {
                writer.quoted("cipher", ciphers.as_bytes())
            })
            .maybe(max_receive, Writer::number)
            .token("charset", "utf-8")
            .token("algorithm", "md5-sess")
            .maybe((self.round == Round::Stale).then_some("true"), |writer, it| {
                writer.token("stale", it)
            })
            .finish()
    }

    /// Whether it is short enough, also once it is stale.
    pub(super) fn fits(&self) -> bool {
        self.to_octets().len() + ",stale=true".len() < LIMIT
    }
}

/// What a client hears of it.
#[derive(Debug)]
pub(super) struct ServerChallenge {
    pub(super) realms: Vec<Box<str>>,
    pub(super) nonce: Box<[u8]>,
    /// As far as this build knows them.
    pub(super) protections: Vec<Protection>,
    /// The largest buffer that the server takes, in octets.
    pub(super) max_buffer: u32,
    pub(super) charset: Charset,
}

impl ServerChallenge {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        Self::read(&Directives::parse(message, LIMIT)?)
    }

    pub(super) fn read(directives: &Directives<'_>) -> Result<Self, Reason> {
        let once = |name| directives.optional(name, Reason::DuplicateDirective);
        let nonce = directives.optional("nonce", Reason::DuplicateNonce)?;
        let qop = once("qop")?;
        directives.optional("stale", Reason::DuplicateStale)?;
        let max_buffer = once("maxbuf")?;
        let charset = once("charset")?;
        let algorithm = directives.optional("algorithm", Reason::DuplicateAlgorithm)?;
        let cipher = once("cipher")?;
        let nonce = nonce.ok_or(Reason::MissingNonce)?;
        let algorithm = algorithm.ok_or(Reason::MissingAlgorithm)?;
        if !algorithm.eq_ignore_ascii_case(b"md5-sess") {
            return Err(Reason::BadAlgorithm);
        }
        if nonce.is_empty() {
            return Err(Reason::EmptyNonce);
        }
        let charset = Charset::named(charset)?;
        let protections = Protection::listed(qop, cipher)?;
        let max_buffer = buffer_size(max_buffer)?;
        let realms = directives.all("realm").map(|it| charset.decode(it).map(Box::from));
        Ok(Self {
            realms: realms.collect::<Result<_, _>>()?,
            nonce: nonce.into(),
            protections,
            max_buffer,
            charset,
        })
    }
}

/// What a server says last, or instead of that: a challenge.
pub(super) enum Answered {
    /// `rspauth`, in digits.
    Proof(Box<[u8]>),
    Challenge(ServerChallenge),
}

impl Answered {
    pub(super) fn parse(message: &[u8]) -> Result<Self, Reason> {
        let directives = Directives::parse(message, LIMIT)?;
        match proof(&directives) {
            Err(Reason::MissingRspauth) => ServerChallenge::read(&directives).map(Self::Challenge),
            other => other.map(Self::Proof),
        }
    }

    /// The same, where only a proof will do.
    pub(super) fn parse_proof(message: &[u8]) -> Result<Box<[u8]>, Reason> {
        proof(&Directives::parse(message, LIMIT)?)
    }
}

fn proof(directives: &Directives<'_>) -> Result<Box<[u8]>, Reason> {
    let proof = directives.optional("rspauth", Reason::DuplicateDirective)?;
    let proof = proof.ok_or(Reason::MissingRspauth)?;
    if !super::message::is_digest(proof) {
        return Err(Reason::RspauthNotLowercaseHex);
    }
    Ok(proof.into())
}
