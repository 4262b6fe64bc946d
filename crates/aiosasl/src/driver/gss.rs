//! A GSS-API provider beside whoever answers everything else: for clients and servers.

use alloc::{boxed::Box, string::ToString, sync::Arc};
use core::{fmt, future::Future};

use super::{BoxFuture, InSlices, QueryProvider, SaslError, SaslFailure, Settled, Store};
use crate::{
    credentials::Credentials,
    error::Error,
    query::{Answer, ClientAnswer, ClientQuery, GssErrorKind, GssProvider, GssReply, Query},
};

/// Answers what mechanisms over the GSS-API ask with a provider, and leaves all other questions to somebody else: a
/// client's [`QueryProvider`], or a server's [`Store`].
///
/// The provider is called in place, and may take as long as a key distribution centre does; a program with other things
/// to do in the meantime runs it on another thread, as [`QueryProvider`] shows.
///
/// # Example: a client with whatever provider
///
/// ```
/// use std::sync::Arc;
///
/// use aiosasl::{
///     credentials::Credentials,
///     driver::{FromMechanism, WithGss},
///     mechanism::{Mechanism, Rules, Service},
///     query::GssProvider,
/// };
///
/// fn log_in_by(mechanism: Mechanism, provider: Arc<dyn GssProvider>) -> FromMechanism {
///     let service = Service::new("svc", "host.example.org");
///     FromMechanism::new(mechanism, Credentials::none())
///         .rules(Rules { service: Some(service), ..Rules::default() })
///         .queries(WithGss::new(provider))
/// }
/// ```
#[derive(Clone)]
pub struct WithGss<T = InSlices> {
    provider: Arc<dyn GssProvider>,
    others: T,
}

impl WithGss {
    /// A client's provider; key derivations are done in place and in slices.
    pub fn new(provider: Arc<dyn GssProvider>) -> Self {
        Self::beside(provider, InSlices::default())
    }
}

impl<T> WithGss<T> {
    /// A provider, and who answers everything else.
    pub fn beside(provider: Arc<dyn GssProvider>, others: T) -> Self {
        Self { provider, others }
    }
}

impl<T: QueryProvider> QueryProvider for WithGss<T> {
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
        let ClientQuery::Gss(gss) = query else { return self.others.answer(query, credentials) };
        Box::pin(async move { answer_of(gss.initiate_with(&*self.provider)) })
    }
}

/// What a provider's reply is to a client's mechanism; a failure that the peer has no part in ends the attempt in the
/// provider's own words.
///
/// For a [`QueryProvider`] that runs a provider elsewhere than in place.
///
/// # Errors
///
/// [`SaslError`], with what the mechanism would have said in [`SaslError::exchange_error`].
pub fn answer_of(reply: GssReply) -> Result<ClientAnswer, SaslError> {
    match reply.error() {
        // What the peer has done wrong is the mechanism's to judge.
        Some(error)
            if !matches!(error.kind, GssErrorKind::BadBindings | GssErrorKind::BadToken) =>
        {
            let text = error.text.escape_debug().to_string();
            let failure = SaslError::from(SaslFailure::with_opaque(text, error.clone()));
            Err(failure.because(Error::from(error)))
        }
        _ => Ok(reply.into_client_answer()),
    }
}

impl<T: Store> Store for WithGss<T> {
    async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Gss(gss) => gss.accept_with(&*self.provider).into_answer(),
            other => self.others.answer(other).await,
        }
    }

    fn settle(&self, end: Settled<'_>) -> impl Future<Output = ()> + Send {
        self.others.settle(end)
    }
}

impl<T: fmt::Debug> fmt::Debug for WithGss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithGss").field("others", &self.others).finish_non_exhaustive()
    }
}
