//! A client's questions: only what it could not have been told at the start.

#[cfg(feature = "hash")]
use super::{DeriveKeys, DerivedKeys};
#[cfg(feature = "hash")]
use crate::error::Error;

/// What a client's exchange needs from its caller now.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientQuery {
    /// The keys that belong to a password, a salt and an iteration count: the expensive part of SCRAM.
    #[cfg(feature = "hash")]
    DeriveKeys(DeriveKeys),
}

impl ClientQuery {
    /// The answer that needs nobody's help, computed here and now; `Err` gives the query back.
    ///
    /// # Errors
    ///
    /// The query itself, where only the caller can know.
    #[cfg_attr(
        feature = "hash",
        expect(
            clippy::unnecessary_wraps,
            reason = "there will be queries that only the caller can answer"
        )
    )]
    pub fn answer_by_itself(self) -> Result<ClientAnswer, Self> {
        match self {
            #[cfg(feature = "hash")]
            Self::DeriveKeys(job) => Ok(job.finish()),
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
}

impl ClientAnswer {
    #[cfg(feature = "hash")]
    pub(super) fn from_keys(keys: DerivedKeys) -> Self {
        Self(ClientAnswerKind::Keys(keys))
    }

    /// The answer to [`ClientQuery::DeriveKeys`].
    ///
    /// # Errors
    ///
    /// [`Misuse::OutOfTurn`](crate::error::Misuse::OutOfTurn) where it answers something else.
    #[cfg(feature = "hash")]
    #[cfg_attr(
        feature = "hash",
        expect(clippy::unnecessary_wraps, reason = "there will be other answers")
    )]
    pub fn keys(self) -> Result<DerivedKeys, Error> {
        match self.0 {
            ClientAnswerKind::Keys(keys) => Ok(keys),
        }
    }
}
