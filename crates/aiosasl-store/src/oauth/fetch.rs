//! Asking an issuer over HTTP: bounded in time and size, to where it was told and nowhere else.

use std::{
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aiosasl::secret::Secret;
use tokio::{sync::Semaphore, task::spawn_blocking};
use ureq::{
    Agent,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::error::{StoreError, StoreErrorKind};

/// The longest answer, or file, in octets.
const MAX_ANSWER: u64 = 512 * 1024;
/// How long one question may take, from the name's resolution to the last octet.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most questions at a time.
const AT_A_TIME: usize = 32;

/// Whose word is taken for who an issuer is.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Trust {
    /// The authorities of this system.
    #[default]
    System,
    /// The authorities of this file alone (PEM).
    Authorities(PathBuf),
}

/// A URL that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url(Box<str>);

impl Url {
    /// `https`, or `http` on this machine.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let is_secure = url.strip_prefix("https://").is_some_and(|rest| !host(rest).is_empty());
        let is_local = url
            .strip_prefix("http://")
            .is_some_and(|rest| ["127.0.0.1", "[::1]", "localhost"].contains(&host(rest)));
        if (is_secure || is_local) && url.bytes().all(|octet| octet.is_ascii_graphic()) {
            Ok(Self(url.into()))
        } else {
            let text = format!("expected an https URL, found {url:?}");
            Err(StoreError::new(StoreErrorKind::Invalid, text))
        }
    }
}

/// The host of what follows a URL's scheme; a user's name there makes it no host.
fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    turns: Arc<Semaphore>,
}

impl Client {
    pub(super) fn new(trust: Trust) -> Result<Self, StoreError> {
        let roots = match trust {
            Trust::System => RootCerts::PlatformVerifier,
            Trust::Authorities(path) => RootCerts::from(authorities(&path)?.into_iter()),
        };
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .max_response_header_size(64 * 1024)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Ok(Self { agent: config.new_agent(), turns: Arc::new(Semaphore::new(AT_A_TIME)) })
    }

    /// The content of a URL.
    pub(super) async fn get(&self, url: &Url) -> Result<Vec<u8>, StoreError> {
        let (agent, url) = (self.agent.clone(), url.clone());
        self.ask(move || agent.get(&*url.0).header("accept", "application/json").call()).await
    }

    /// The answer to a form (`application/x-www-form-urlencoded`).
    pub(super) async fn post(
        &self,
        url: &Url,
        authorization: Secret,
        form: Secret,
    ) -> Result<Vec<u8>, StoreError> {
        let (agent, url) = (self.agent.clone(), url.clone());
        self.ask(move || {
            agent
                .post(&*url.0)
                .header("accept", "application/json")
                .header("authorization", authorization.expose())
                .content_type("application/x-www-form-urlencoded")
                .send(form.expose())
        })
        .await
    }

    async fn ask(
        &self,
        call: impl FnOnce() -> Result<ureq::http::Response<ureq::Body>, ureq::Error> + Send + 'static,
    ) -> Result<Vec<u8>, StoreError> {
        let unavailable = |text: String| StoreError::new(StoreErrorKind::Unavailable, text);
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| unavailable("nobody asks".into()).because(error))?;
        let asked = spawn_blocking(move || {
            let _turn = turn;
            let mut answer = call()?;
            let octets = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
            Ok::<_, ureq::Error>((answer.status(), octets))
        });
        let asked =
            asked.await.map_err(|error| unavailable("nobody asks".into()).because(error))?;
        let (status, octets) = asked
            .map_err(|error| unavailable("the issuer can't be asked".into()).because(error))?;
        if status == ureq::http::StatusCode::OK {
            Ok(octets)
        } else {
            Err(unavailable(format!("the issuer answers {}", status.as_u16())))
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// The content of a file.
pub(super) async fn read_file(path: PathBuf) -> Result<Vec<u8>, StoreError> {
    spawn_blocking(move || read(&path)).await.map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, "nobody reads").because(error)
    })?
}

/// The content of a file; waits for the disk.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let failure = |text: &str| {
        let text = format!("{}: {text}", path.display());
        StoreError::new(StoreErrorKind::Unavailable, text)
    };
    let mut octets = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_ANSWER + 1).read_to_end(&mut octets))
        .map_err(|error| failure("can't be read").because(error))?;
    if octets.len() as u64 > MAX_ANSWER {
        return Err(failure("longer than 512 KiB"));
    }
    Ok(octets)
}

fn authorities(path: &Path) -> Result<Vec<Certificate<'static>>, StoreError> {
    let invalid = || {
        let text = format!("{}: expected certificates (PEM)", path.display());
        StoreError::new(StoreErrorKind::Invalid, text)
    };
    let mut found = Vec::new();
    for item in parse_pem(&read(path)?) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| invalid().because(error))? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(invalid()) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_can_read_along_is_asked() {
        for url in ["https://issuer.example.com/keys", "http://127.0.0.1:8080/x", "http://[::1]/"] {
            assert!(Url::parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://issuer.example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
            "http://localhost:x@example.com/",
            "http://localhost:1@example.com/",
            "https://",
            "https:///x",
            "https://a b/",
            "file:///etc/passwd",
            "issuer",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }
}
