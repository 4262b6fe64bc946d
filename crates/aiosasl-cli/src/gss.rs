//! Tickets and keys: the options, and a provider that loads the system's GSS-API library when somebody asks it.

use std::{path::PathBuf, sync::Arc};

use aiosasl::{
    credentials::Credentials,
    driver::{BoxFuture, InSlices, QueryProvider, SaslError, SaslFailure, answer_of},
    query::{ClientAnswer, ClientQuery, GssContext, GssError, GssProvider, GssRequest},
};
use clap::Args;

use crate::keyrings;

/// Where tickets and keys are.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GssOptions {
    /// The ticket cache (GSSAPI, GS2-KRB5, GSS-SPNEGO), where it is not the system's choice: FILE:/path, or a path
    #[arg(long, value_name = "CACHE", value_parser = name)]
    ccache: Option<String>,
    /// The keys: a server's own, or a client's, who gets a ticket by them
    #[arg(long, value_name = "FILE", value_parser = name)]
    keytab: Option<String>,
    /// The GSS-API library, where it is not the system's libgssapi_krb5; its code runs
    #[arg(long, value_name = "FILE", env = "AIOSASL_GSS_LIBRARY", hide_env_values = true)]
    gss_library: Option<PathBuf>,
}

/// A provider for whoever asks; nothing is loaded before.
#[derive(Debug, Clone)]
pub(crate) struct Tickets {
    options: Arc<GssOptions>,
}

impl GssOptions {
    /// The provider.
    pub(crate) fn provider(&self) -> Tickets {
        Tickets { options: Arc::new(self.clone()) }
    }
}

#[cfg(feature = "gss")]
impl Tickets {
    fn library(&self) -> Result<aiosasl_gss::Provider, GssError> {
        match &self.options.gss_library {
            Some(path) => aiosasl_gss::Provider::open(path),
            None => aiosasl_gss::Provider::load(),
        }
    }

    fn for_client(&self) -> Result<aiosasl_gss::Provider, GssError> {
        let library = self.library()?.getting_tickets_by_password();
        Ok(match (&self.options.ccache, &self.options.keytab) {
            (Some(ccache), None) => library.with_ccache(ccache),
            (Some(ccache), Some(keytab)) => library.with_ccache(ccache).with_client_keytab(keytab),
            // What comes by the keys stays out of the user's own cache.
            (None, Some(keytab)) => {
                library.with_ccache("MEMORY:aiosasl").with_client_keytab(keytab)
            }
            (None, None) => library,
        })
    }

    fn for_server(&self) -> Result<aiosasl_gss::Provider, GssError> {
        let library = self.library()?;
        Ok(match &self.options.keytab {
            Some(keytab) => library.with_keytab(keytab),
            None => library,
        })
    }
}

#[cfg(feature = "gss")]
impl GssProvider for Tickets {
    fn initiator(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        self.for_client()?.initiator(request)
    }

    fn acceptor(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        self.for_server()?.acceptor(request)
    }
}

#[cfg(not(feature = "gss"))]
impl GssProvider for Tickets {
    fn initiator(&self, _: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Err(self.missing())
    }

    fn acceptor(&self, _: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        Err(self.missing())
    }
}

#[cfg(not(feature = "gss"))]
impl Tickets {
    fn missing(&self) -> GssError {
        let GssOptions { ccache, keytab, gss_library } = &*self.options;
        let asked = ccache.is_some() || keytab.is_some() || gss_library.is_some();
        let text = if asked { "this build can't load one" } else { "this build has none" };
        GssError::new(aiosasl::query::GssErrorKind::Unavailable, text)
    }
}

/// A key distribution centre may take its time: it is asked on a thread of its own.
impl QueryProvider for Tickets {
    fn answer<'a>(
        &'a self,
        query: ClientQuery,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<ClientAnswer, SaslError>> {
        Box::pin(async move {
            let gss = match query {
                ClientQuery::Gss(gss) => gss,
                ClientQuery::Question(question) => return Ok(keyrings::answer(question)),
                query => return InSlices::default().answer(query, credentials).await,
            };
            let provider = self.clone();
            let reply = tokio::task::spawn_blocking(move || gss.initiate_with(&provider)).await;
            answer_of(reply.map_err(|error| SaslFailure::with_opaque("no answer", error))?)
        })
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains('\0') {
        return Err("expected a name without NUL".into());
    }
    Ok(text.to_owned())
}
