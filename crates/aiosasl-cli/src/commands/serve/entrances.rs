//! Where to listen: the URLs of `--listen`, and what becomes of them.

use aiosasl_profiles::net::server::{Entrance, SERVED};
use tokio::net::lookup_host;

use crate::{
    status::{Failure, Status},
    url::{self, Url},
};

/// A URL to listen on, and its entrance.
pub(super) struct Listening {
    /// The host as it was given, for the URL that clients take, and for the certificate.
    pub(super) host: String,
    pub(super) entrance: Entrance,
}

impl Listening {
    /// Reads the URLs, and looks their hosts up.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where one is no URL of a protocol that has a server here, of status 4 where a host is
    /// not found.
    pub(super) async fn all(urls: &[String]) -> Result<Vec<Self>, Failure> {
        let mut all = Vec::new();
        for url in urls {
            all.push(Self::new(url).await?);
        }
        Ok(all)
    }

    async fn new(url: &str) -> Result<Self, Failure> {
        let Url { target, implicit_tls } = url::parse_listening(url)
            .map_err(|error| Failure::usage(format!("--listen: {error}")))?;
        let protocol = target.protocol;
        if !SERVED.contains(&protocol) {
            let known: Vec<_> = SERVED.iter().map(|protocol| protocol.name()).collect();
            let (name, known) = (protocol.name(), known.join(", "));
            return Err(Failure::usage(format!(
                "--listen: there is no server for {name}, expected one of {known}"
            )));
        }
        let host = target.host;
        let found = lookup_host((host.as_str(), target.port)).await;
        let address = found.map(|mut all| all.next()).map_err(|error| {
            Failure::new(Status::Unreachable, format!("--listen: can't find {host:?}: {error}"))
        })?;
        let address = address.ok_or_else(|| {
            Failure::new(Status::Unreachable, format!("--listen: {host:?} has no address"))
        })?;
        Ok(Self { host, entrance: Entrance { protocol, implicit_tls, address } })
    }

    /// The URL that a client takes.
    pub(super) fn url(&self) -> String {
        let Self { host, entrance } = self;
        let (scheme, port) = (entrance.scheme(), entrance.address.port());
        if host.contains(':') {
            format!("{scheme}://[{host}]:{port}")
        } else {
            format!("{scheme}://{host}:{port}")
        }
    }
}
