//! A client's questions to the person, or to whoever keeps what the person knows.

use alloc::{boxed::Box, vec::Vec};

use super::ClientAnswer;
use crate::secret::Secret;

/// Asks for a text.
#[derive(Debug)]
pub struct Question {
    subject: Subject,
}

/// What a [`Question`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// Which of these realms (RFC 2831 section 2.1.1); one of them is the answer.
    Realm {
        /// What the server offers, in its order.
        offered: Vec<Box<str>>,
    },
    /// The one-time password to this challenge (RFC 2289 section 6.0): `otp-md5 499 ke1234`. The answer is six words, or
    /// sixteen hexadecimal digits.
    OneTimePassword {
        /// Algorithm, sequence number and seed.
        challenge: Box<str>,
    },
    /// The code that the device shows (RFC 2808).
    Passcode,
    /// The code that the device shows after the one that was said.
    NextPasscode,
    /// A new PIN, 4 to 32 characters.
    NewPin {
        /// What the server proposes.
        suggested: Option<Box<str>>,
    },
    /// Open this URL in a browser, and answer, with no text, once its last page is there (RFC 6595, RFC 6616).
    Visit {
        /// An `https` or `http` URL.
        url: Box<str>,
    },
    /// What a mechanism from elsewhere needs.
    Foreign {
        /// A name of the mechanism's own.
        what: &'static str,
        /// More of it: a key's identifier, say.
        details: Box<str>,
    },
}

impl Question {
    /// A question about this.
    pub fn new(subject: Subject) -> Self {
        Self { subject }
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The text.
    pub fn answer(self, text: impl Into<Secret>) -> ClientAnswer {
        ClientAnswer::from_text(Some(text.into()))
    }

    /// Nobody can or wants to answer: the mechanism gives up.
    pub fn decline(self) -> ClientAnswer {
        ClientAnswer::from_text(None)
    }
}
