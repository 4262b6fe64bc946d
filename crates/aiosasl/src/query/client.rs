//! A client's questions: only what it could not have been told at the start.

#[cfg(feature = "hash")]
use super::{DeriveKeys, DerivedKeys};
use super::{Gss, GssReply, Question};
use crate::{
    error::{Error, Misuse, Reason},
    secret::Secret,
};

/// What a client's exchange needs from its caller now.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientQuery {
    /// The keys that belong to a password, a salt and an iteration count: the expensive part of SCRAM.
    #[cfg(feature = "hash")]
    DeriveKeys(DeriveKeys),
    /// A security context, or a call on it (RFC 2743).
    Gss(Gss),
    /// Something that the user, or whoever stands in for them, has to say.
    Question(Question),
}

impl ClientQuery {
    /// The answer that needs nobody's help, computed here and now; `Err` gives the query back.
    ///
    /// # Errors
    ///
    /// The query itself, where only the caller can know.
    pub fn answer_by_itself(self) -> Result<ClientAnswer, Self> {
        match self {
            #[cfg(feature = "hash")]
            Self::DeriveKeys(job) => Ok(job.finish()),
            Self::Gss(gss) => gss.run().map(GssReply::into_client_answer).map_err(Self::Gss),
            Self::Question(_) => Err(self),
        }
    }
}

/// The answer to a [`ClientQuery`]; made by the query alone.
#[derive(Debug)]
pub struct ClientAnswer(ClientAnswerKind);

#[derive(Debug)]
enum ClientAnswerKind {
    #[cfg(feature = "hash")]
    Keys(DerivedKeys),
    Gss(GssReply),
    Text(Option<Secret>),
}

impl ClientAnswer {
    #[cfg(feature = "hash")]
    pub(super) fn from_keys(keys: DerivedKeys) -> Self {
        Self(ClientAnswerKind::Keys(keys))
    }

    pub(super) fn from_gss(reply: GssReply) -> Self {
        Self(ClientAnswerKind::Gss(reply))
    }

    pub(super) fn from_text(text: Option<Secret>) -> Self {
        Self(ClientAnswerKind::Text(text))
    }

    /// The answer to [`ClientQuery::DeriveKeys`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where it answers something else.
    #[cfg(feature = "hash")]
    pub fn keys(self) -> Result<DerivedKeys, Error> {
        let ClientAnswerKind::Keys(keys) = self.0 else { return Err(Misuse::OutOfTurn.into()) };
        Ok(keys)
    }

    /// The answer to [`ClientQuery::Gss`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`] where it answers something else.
    pub fn gss(self) -> Result<GssReply, Error> {
        let ClientAnswerKind::Gss(reply) = self.0 else { return Err(Misuse::OutOfTurn.into()) };
        Ok(reply)
    }

    /// The answer to [`ClientQuery::Question`].
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] with [`Reason::NoCredentials`] where nobody would answer; [`Misuse::OutOfTurn`] where it
    /// answers something else.
    pub fn text(self) -> Result<Secret, Error> {
        let ClientAnswerKind::Text(text) = self.0 else { return Err(Misuse::OutOfTurn.into()) };
        text.ok_or(Error::Credentials(Reason::NoCredentials))
    }
}
