//! Who answers a mechanism's questions: at once and in slices, or wherever the caller likes.

use alloc::boxed::Box;

use super::{BoxFuture, SaslError};
#[cfg(feature = "hash")]
use crate::query::DeriveKeys;
use crate::{
    credentials::Credentials,
    error::{Error, Reason},
    query::{ClientAnswer, ClientQuery},
};

/// Answers what a client's mechanism has to ask: a key derivation, mostly, which is expensive.
///
/// [`InSlices`] is what is taken where nobody says otherwise. Others hand the work to another thread, or look into a
/// cache of keys first.
///
/// # Example: key derivation on another thread
///
/// ```
/// use aiosasl::{
///     credentials::Credentials,
///     driver::{BoxFuture, QueryProvider, SaslError, SaslFailure},
///     query::{ClientAnswer, ClientQuery},
/// };
///
/// struct OffThread;
///
/// impl QueryProvider for OffThread {
///     fn answer<'a>(
///         &'a self,
///         query: ClientQuery,
///         _: &'a Credentials,
///     ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
///         Box::pin(async {
///             tokio::task::spawn_blocking(|| query.answer_by_itself())
///                 .await
///                 .map_err(|error| SaslFailure::with_opaque("the derivation was lost", error))?
///                 .map_err(|_| SaslFailure::new("nobody can answer this").into())
///         })
///     }
/// }
/// ```
pub trait QueryProvider: Send + Sync {
    /// The answer. `credentials` are those of this attempt: a cache of keys needs the name and the password in its key,
    /// beside the server, and the job's hash, salt and iteration count.
    ///
    /// # Errors
    ///
    /// [`SaslError`]: the exchange is aborted, and this is what the caller hears.
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>>;
}

/// Answers in place, and lets other tasks have their turn between slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InSlices {
    rounds: u32,
}

impl InSlices {
    /// Slices of that many iterations; at least one.
    pub fn of(rounds: u32) -> Self {
        Self { rounds: rounds.max(1) }
    }

    #[cfg(feature = "hash")]
    async fn derive(self, mut job: DeriveKeys) -> ClientAnswer {
        while job.run(self.rounds) > 0 {
            yield_now().await;
        }
        job.finish()
    }
}

impl Default for InSlices {
    /// Slices of 2048 iterations, around a millisecond of work.
    fn default() -> Self {
        Self { rounds: 2048 }
    }
}

impl QueryProvider for InSlices {
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        _: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
        Box::pin(async move {
            match query {
                #[cfg(feature = "hash")]
                ClientQuery::DeriveKeys(job) => Ok(self.derive(job).await),
                other => other
                    .answer_by_itself()
                    .map_err(|_| Error::Credentials(Reason::NobodyToAsk).into()),
            }
        })
    }
}

/// Lets the executor do something else, and asks it to come back.
#[cfg(feature = "hash")]
async fn yield_now() {
    use core::{future::poll_fn, mem, task::Poll};

    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}
