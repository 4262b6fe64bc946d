//! Why a server of ours ends a stream (RFC 6120 section 4.9).

use std::fmt;

use super::{NS_STREAM_ERROR, stream::escape};
use crate::WireError;

/// What a peer has done to a stream that cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFault {
    /// The condition, for the peer to hear.
    pub condition: Condition,
    /// What was expected, and what came.
    pub text: String,
}

impl StreamFault {
    /// A fault of this kind.
    pub fn new(condition: Condition, text: impl Into<String>) -> Self {
        Self { condition, text: text.into() }
    }

    /// The element that tells the peer, and the stream's end behind it.
    pub fn spell(&self) -> String {
        let condition = self.condition;
        format!(
            "<stream:error><{condition} xmlns='{NS_STREAM_ERROR}'/>\
             <text xmlns='{NS_STREAM_ERROR}' xml:lang='en'>{}</text></stream:error></stream:stream>",
            escape(&self.text)
        )
    }
}

impl From<StreamFault> for WireError {
    fn from(fault: StreamFault) -> Self {
        Self::protocol(fault.text)
    }
}

macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal,)+) => {
        /// The name of a condition (RFC 6120 section 4.9.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition {$($(#[doc = $doc])+ $name,)+}

        impl Condition {
            /// The element's name.
            pub fn as_str(self) -> &'static str {
                match self {$(Self::$name => $word,)+}
            }
        }
    };
}

conditions! {
    /// XML that is none of a stream's.
    BadFormat = "bad-format",
    /// The stream's element is of another namespace.
    InvalidNamespace = "invalid-namespace",
    /// Something that only those may say who have authenticated.
    NotAuthorized = "not-authorized",
    /// No XML.
    NotWellFormed = "not-well-formed",
    /// Too much of something.
    PolicyViolation = "policy-violation",
    /// XML that XMPP forbids: comments, processing instructions, DTDs.
    RestrictedXml = "restricted-xml",
    /// An element that is no stanza.
    UnsupportedStanzaType = "unsupported-stanza-type",
    /// A stream of before version 1.0.
    UnsupportedVersion = "unsupported-version",
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
