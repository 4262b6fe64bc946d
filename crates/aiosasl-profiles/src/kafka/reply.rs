//! What a broker answers; only who asked can read it, since it does not say what it is.

use aiosasl::message::Challenge;

use super::{Api, close, content, field::Spelling};
use crate::{
    WireError,
    frame::{Cursor, Frame, MechanismList, Writer},
};

/// The most ranges of versions.
const MAX_APIS: usize = 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number of the request.
    pub correlation: i32,
    /// What became of it: [`error_code`](super::error_code).
    pub error: i16,
    /// What it says.
    pub body: ReplyBody,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody {
    /// The versions that are spoken.
    ApiVersions(Vec<ApiRange>),
    /// A challenge, or last words.
    SaslAuthenticate {
        /// For people, where it failed.
        message: Option<String>,
        /// A challenge, or last words; empty where there are none.
        token: Challenge,
        /// How long the session lasts, in milliseconds, from version 1 on: 0 is as long as it will. Before it ends,
        /// the client has to authenticate again (KIP-368).
        lifetime: Option<i64>,
    },
    /// The mechanisms that are enabled.
    SaslHandshake(MechanismList),
}

/// The versions of one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiRange {
    /// Its number.
    pub key: i16,
    /// The oldest that is spoken.
    pub oldest: i16,
    /// The newest that is spoken.
    pub newest: i16,
}

impl Reply {
    /// Reads a whole frame: the answer to a request of this kind and version.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8], api: Api, version: i16) -> Result<Self, WireError> {
        let mut from = Cursor::new(content(frame)?);
        let spelling = api.spelling(version);
        let correlation = from.i32()?;
        // The answer about versions must be readable for who does not know them yet.
        if api != Api::ApiVersions {
            spelling.tags(&mut from)?;
        }
        let error = from.i16()?;
        let body = match api {
            // That a version is unknown is said in version 0.
            Api::ApiVersions if error == super::error_code::UNSUPPORTED_VERSION => {
                ReplyBody::ApiVersions(ranges(&mut from, Spelling::Classic)?)
            }
            Api::ApiVersions => {
                let ranges = ranges(&mut from, spelling)?;
                if version >= 1 {
                    from.i32()?;
                }
                spelling.tags(&mut from)?;
                ReplyBody::ApiVersions(ranges)
            }
            Api::Other(_) => return Err(WireError::protocol("expected an answer about SASL")),
            Api::SaslAuthenticate => authenticate(&mut from, spelling, version)?,
            Api::SaslHandshake => ReplyBody::SaslHandshake(mechanisms(&mut from, spelling)?),
        };
        from.end()?;
        Ok(Self { correlation, error, body })
    }

    /// The answer to a request of this version, as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self, version: i16) -> Result<Frame, WireError> {
        close(|to| {
            to.put(&self.correlation.to_be_bytes());
            match &self.body {
                ReplyBody::ApiVersions(ranges) => self.write_ranges(ranges, version, to),
                ReplyBody::SaslAuthenticate { message, token, lifetime } => {
                    let spelling = Api::SaslAuthenticate.spelling(version);
                    spelling.put_tags(to);
                    to.put(&self.error.to_be_bytes());
                    spelling.put_text(to, message.as_deref());
                    spelling.put_octets(to, token.as_bytes());
                    if version >= 1 {
                        to.put(&lifetime.unwrap_or_default().to_be_bytes());
                    }
                    spelling.put_tags(to);
                }
                ReplyBody::SaslHandshake(names) => {
                    to.put(&self.error.to_be_bytes());
                    Spelling::Classic.put_count(to, names.len());
                    for name in names.iter() {
                        to.counted_u16(name);
                    }
                }
            }
        })
    }

    fn write_ranges(&self, ranges: &[ApiRange], version: i16, to: &mut Writer) {
        let refused = self.error == super::error_code::UNSUPPORTED_VERSION;
        let version = if refused { 0 } else { version };
        let spelling = Api::ApiVersions.spelling(version);
        to.put(&self.error.to_be_bytes());
        spelling.put_count(to, ranges.len());
        for range in ranges {
            for number in [range.key, range.oldest, range.newest] {
                to.put(&number.to_be_bytes());
            }
            spelling.put_tags(to);
        }
        if version >= 1 {
            to.put(&0_i32.to_be_bytes());
        }
        spelling.put_tags(to);
    }
}

fn ranges(from: &mut Cursor<'_>, spelling: Spelling) -> Result<Vec<ApiRange>, WireError> {
    let count = spelling.count(from)?;
    if count > MAX_APIS {
        return Err(WireError::protocol(format!("expected at most {MAX_APIS} kinds of requests")));
    }
    let mut ranges = Vec::new();
    for _ in 0..count {
        ranges.push(ApiRange { key: from.i16()?, oldest: from.i16()?, newest: from.i16()? });
        spelling.tags(from)?;
    }
    Ok(ranges)
}

fn authenticate(
    from: &mut Cursor<'_>,
    spelling: Spelling,
    version: i16,
) -> Result<ReplyBody, WireError> {
    let message = spelling.text(from)?;
    let token = Challenge::new(spelling.octets(from)?);
    let lifetime = if version >= 1 { Some(from.i64()?) } else { None };
    spelling.tags(from)?;
    Ok(ReplyBody::SaslAuthenticate { message, token, lifetime })
}

fn mechanisms(from: &mut Cursor<'_>, spelling: Spelling) -> Result<MechanismList, WireError> {
    let mut list = MechanismList::default();
    for _ in 0..spelling.count(from)? {
        list.push(from.counted_u16()?)?;
    }
    Ok(list)
}
