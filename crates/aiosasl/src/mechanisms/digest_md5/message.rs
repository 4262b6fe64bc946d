//! The client's response (RFC 2831 section 2.1.2), written and read.

use alloc::{boxed::Box, vec::Vec};

use super::{
    charset::{Charset, utf8},
    directives::{Directives, Writer},
    keys::{Said, count_text},
    protection::{CipherName, Protection},
};
use crate::{error::Reason, identity::AuthorizationId};

/// The length that a response has not, in octets.
const LIMIT: usize = 4096;

/// The buffer size of those who say nothing of it, in octets.
pub(super) const DEFAULT_BUFFER: u32 = 65_536;

/// What a buffer size may be: one that holds something, up to three octets.
const BUFFERS: core::ops::RangeInclusive<u32> = 17..=0x00ff_ffff;

/// What a client says beside what goes into its digests.
pub(super) struct Response<'a> {
    pub(super) charset: Charset,
    pub(super) username: &'a str,
    pub(super) realm: Option<&'a str>,
    pub(super) digest: &'a str,
    /// The largest buffer that it takes, in octets.
    pub(super) max_receive: u32,
}

impl Response<'_> {
    /// The message; a reason where the character set has not all of the name, or it gets too long.
    pub(super) fn to_octets(&self, said: &Said<'_>) -> Result<Vec<u8>, Reason> {
        let username = self.charset.encode(self.username)?;
        let realm = self.realm.map(|it| self.charset.encode(it)).transpose()?;
        let charset = (self.charset == Charset::Utf8).then_some("utf-8");
        let has_layer = said.protection != Protection::None;
        let max_receive = Some(self.max_receive).filter(|it| has_layer && *it != DEFAULT_BUFFER);
        let octets = Writer::default()
            .maybe(charset, |writer, it| writer.token("charset", it))
            .quoted("username", &username)
            .maybe(realm, |writer, it| writer.quoted("realm", &it))
            .quoted("nonce", said.nonce)
            .token("nc", &count_text(said.count))
            .quoted("cnonce", said.cnonce)
            .quoted("digest-uri", said.digest_uri)
            .token("response", self.digest)
            .token("qop", said.protection.qop())
            .maybe(said.protection.cipher().map(CipherName::as_str), |writer, it| {
                writer.token("cipher", it)
            })
            .maybe(max_receive, Writer::number)
            .maybe(said.authorization_id, |writer, it| writer.quoted("authzid", it.as_bytes()))
            .finish();
        if octets.len() < LIMIT { Ok(octets) } else { Err(Reason::MessageTooLong) }
    }
}

/// What a server hears: each directive once, those that must be there; nothing else is checked yet.
pub(super) struct Heard<'a> {
    pub(super) username: &'a [u8],
    pub(super) realm: Option<&'a [u8]>,
    pub(super) nonce: &'a [u8],
    pub(super) cnonce: &'a [u8],
    pub(super) digest_uri: &'a [u8],
    count: &'a [u8],
    qop: Option<&'a [u8]>,
    cipher: Option<&'a [u8]>,
    digest: &'a [u8],
    max_buffer: Option<&'a [u8]>,
    charset: Option<&'a [u8]>,
    authorization_id: Option<&'a [u8]>,
}

impl<'a> Heard<'a> {
    pub(super) fn directives(message: &'a [u8]) -> Result<Directives<'a>, Reason> {
        Directives::parse(message, LIMIT)
    }

    pub(super) fn read(directives: &'a Directives<'_>) -> Result<Self, Reason> {
        let once = |name| directives.optional(name, Reason::DuplicateDirective);
        let username = directives.optional("username", Reason::DuplicateUsername)?;
        let nonce = directives.optional("nonce", Reason::DuplicateNonce)?;
        let digest = directives.optional("response", Reason::DuplicateResponse)?;
        let [cnonce, count, digest_uri] = [once("cnonce")?, once("nc")?, once("digest-uri")?];
        let [realm, qop, cipher, max_buffer, charset, authorization_id] = [
            once("realm")?,
            once("qop")?,
            once("cipher")?,
            once("maxbuf")?,
            once("charset")?,
            once("authzid")?,
        ];
        Ok(Self {
            username: username.ok_or(Reason::MissingUsername)?,
            nonce: nonce.ok_or(Reason::MissingNonce)?,
            cnonce: cnonce.ok_or(Reason::MissingCnonce)?,
            count: count.ok_or(Reason::MissingNc)?,
            digest_uri: digest_uri.ok_or(Reason::MissingDigestUri)?,
            digest: digest.ok_or(Reason::MissingResponse)?,
            realm,
            qop,
            cipher,
            max_buffer,
            charset,
            authorization_id,
        })
    }

    /// How often the nonce was used, this time included: eight hexadecimal digits.
    pub(super) fn count(&self) -> Result<u32, Reason> {
        let digits = core::str::from_utf8(self.count)
            .ok()
            .filter(|it| it.len() == 8 && it.bytes().all(|octet| octet.is_ascii_hexdigit()));
        let count = digits.and_then(|it| u32::from_str_radix(it, 16).ok());
        count.filter(|it| *it > 0).ok_or(Reason::BadNc)
    }

    pub(super) fn protection(&self) -> Result<Protection, Reason> {
        Protection::said(self.qop, self.cipher)
    }

    pub(super) fn charset(&self) -> Result<Charset, Reason> {
        Charset::named(self.charset)
    }

    /// The largest buffer that the client takes, in octets.
    pub(super) fn max_buffer(&self) -> Result<u32, Reason> {
        buffer_size(self.max_buffer)
    }

    pub(super) fn digest(&self) -> Result<Box<[u8]>, Reason> {
        let digest = Some(self.digest).filter(|it| is_digest(it));
        digest.map(Box::from).ok_or(Reason::ResponseNotLowercaseHex)
    }

    pub(super) fn authorization_id(&self) -> Result<Option<AuthorizationId>, Reason> {
        let text = self.authorization_id.map(utf8).transpose()?;
        // There is no NUL in the message.
        text.map(|it| AuthorizationId::new(it).map_err(|_| Reason::EmptyAuthzid)).transpose()
    }
}

impl Writer {
    /// Adds a `maxbuf`.
    pub(super) fn number(self, max_buffer: u32) -> Self {
        self.token("maxbuf", &alloc::format!("{max_buffer}"))
    }
}

/// A `maxbuf-value`, or what it is where there is none.
pub(super) fn buffer_size(value: Option<&[u8]>) -> Result<u32, Reason> {
    let Some(value) = value else { return Ok(DEFAULT_BUFFER) };
    let digits = value.len() <= 10 && value.iter().all(u8::is_ascii_digit);
    let text = core::str::from_utf8(value).ok().filter(|_| digits);
    let size = text.and_then(|it| it.parse().ok());
    size.filter(|it| BUFFERS.contains(it)).ok_or(Reason::BadMaxbuf)
}

/// The nearest size that can be said.
pub(super) fn sayable_buffer(size: u32) -> u32 {
    size.clamp(*BUFFERS.start(), *BUFFERS.end())
}

/// Whether these are 32 lower-case hexadecimal digits.
pub(super) fn is_digest(octets: &[u8]) -> bool {
    octets.len() == 32 && octets.iter().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}
