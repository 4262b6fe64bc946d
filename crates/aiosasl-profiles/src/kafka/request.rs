//! What a client asks a broker before it is in.

use aiosasl::{message::Response, secret::Secret};

use super::{close, content, field::Spelling};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "one of them is called so")]
pub enum Api {
    /// Which versions of what are spoken?
    ApiVersions,
    /// Something else: of this number.
    Other(i16),
    /// A token.
    SaslAuthenticate,
    /// A mechanism.
    SaslHandshake,
}

impl Api {
    /// Its number.
    pub fn key(self) -> i16 {
        match self {
            Self::ApiVersions => 18,
            Self::Other(key) => key,
            Self::SaslAuthenticate => 36,
            Self::SaslHandshake => 17,
        }
    }

    fn of(key: i16) -> Self {
        let known = [Self::ApiVersions, Self::SaslAuthenticate, Self::SaslHandshake];
        known.into_iter().find(|api| api.key() == key).unwrap_or(Self::Other(key))
    }

    /// The newest version that is known here.
    pub fn newest(self) -> i16 {
        match self {
            Self::ApiVersions => 3,
            Self::Other(_) => -1,
            Self::SaslAuthenticate => 2,
            Self::SaslHandshake => 1,
        }
    }

    /// How this version spells its fields.
    pub(super) fn spelling(self, version: i16) -> Spelling {
        match (self, version) {
            (Self::ApiVersions, 3..) | (Self::SaslAuthenticate, 2..) => Spelling::Flexible,
            _ => Spelling::Classic,
        }
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// In which version.
    pub version: i16,
    /// The number that its answer repeats.
    pub correlation: i32,
    /// As what the client calls itself.
    pub client_id: Option<String>,
    /// What it is about.
    pub body: RequestBody,
}

/// What a request is about, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// Which versions of what are spoken?
    ApiVersions {
        /// The client's program and its version; empty before version 3.
        software: [String; 2],
    },
    /// Something else, or in a version that is not known here: of this number, with these octets.
    Other(i16, Secret),
    /// A token.
    SaslAuthenticate(Response),
    /// A mechanism, whatever its name is.
    SaslHandshake(String),
}

impl Request {
    /// What it is about.
    pub fn api(&self) -> Api {
        match &self.body {
            RequestBody::ApiVersions { .. } => Api::ApiVersions,
            RequestBody::Other(key, _) => Api::of(*key),
            RequestBody::SaslAuthenticate(_) => Api::SaslAuthenticate,
            RequestBody::SaslHandshake(_) => Api::SaslHandshake,
        }
    }

    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is no request.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        let api = Api::of(from.i16()?);
        let version = from.i16()?;
        let correlation = from.i32()?;
        let spelling = api.spelling(version);
        // A classic text, whatever the version is.
        let client_id = Spelling::Classic.text(&mut from)?;
        if !(0..=api.newest()).contains(&version) {
            let body = RequestBody::Other(api.key(), Secret::new(from.rest()));
            return Ok(Self { version, correlation, client_id, body });
        }
        spelling.tags(&mut from)?;
        let body = RequestBody::read(api, version, &mut from)?;
        spelling.tags(&mut from)?;
        from.end()?;
        Ok(Self { version, correlation, client_id, body })
    }

    /// The request as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let api = self.api();
        let spelling = api.spelling(self.version);
        close(|to| {
            to.put(&api.key().to_be_bytes()).put(&self.version.to_be_bytes());
            to.put(&self.correlation.to_be_bytes());
            Spelling::Classic.put_text(to, self.client_id.as_deref());
            if let RequestBody::Other(_, octets) = &self.body {
                to.put(octets.expose());
                return;
            }
            spelling.put_tags(to);
            self.body.write(spelling, to);
            spelling.put_tags(to);
        })
    }
}

impl RequestBody {
    fn read(api: Api, version: i16, from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let spelling = api.spelling(version);
        let mut text = || {
            let text = spelling.text(from)?;
            text.ok_or_else(|| WireError::protocol("expected a text, found null"))
        };
        Ok(match api {
            Api::ApiVersions if spelling == Spelling::Classic => {
                Self::ApiVersions { software: Default::default() }
            }
            Api::ApiVersions => Self::ApiVersions { software: [text()?, text()?] },
            Api::Other(key) => Self::Other(key, Secret::new(from.rest())),
            Api::SaslAuthenticate => Self::SaslAuthenticate(Response::new(spelling.octets(from)?)),
            Api::SaslHandshake => Self::SaslHandshake(text()?),
        })
    }

    fn write(&self, spelling: Spelling, to: &mut Writer) {
        match self {
            Self::ApiVersions { software } if spelling == Spelling::Flexible => {
                for text in software {
                    spelling.put_text(to, Some(text));
                }
            }
            Self::ApiVersions { .. } | Self::Other(..) => {}
            Self::SaslAuthenticate(token) => spelling.put_octets(to, token.as_bytes()),
            Self::SaslHandshake(name) => spelling.put_text(to, Some(name)),
        }
    }
}
