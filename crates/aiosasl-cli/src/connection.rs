//! How to connect, as options that `login` and `probe` share.

use std::{
    fs,
    io::Read as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use aiosasl::secret::Secret;
use aiosasl_profiles::{
    WireError,
    net::{ClientCertificate, Observer, Options, TlsMode, Trust},
};
use clap::{Args, ValueEnum};

use crate::{
    status::Failure,
    url::{self, Url},
};

/// The longest file of certificates or keys, in octets.
const MAX_FILE: u64 = 16 << 20;

/// Where to go, and how to get there.
#[derive(Debug, Args)]
pub(crate) struct ConnectionOptions {
    /// scheme://[user@]host[:port][/path], or scheme:///path/to/socket, percent-encoded
    // As text: an error of the parser of arguments would repeat it, with a password that does not belong there.
    #[arg(value_name = "URL", long_help = url::help())]
    url: String,
    /// When TLS begins; auto: as the scheme says, else with STARTTLS where the server offers it
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Tls::Auto)]
    tls: Tls,
    /// Trust these certificates (PEM) instead of the platform's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// The name that the server's certificate must have, where it is not the URL's host
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Trust anybody's certificate; the connection then counts as open
    #[arg(long)]
    insecure: bool,
    /// TLS client certificate, and those above it (PEM)
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// Ask this name server, and not the platform's, for addresses and SRV records
    #[arg(long, value_name = "IP:PORT", env = "AIOSASL_NAMESERVER", hide_env_values = true)]
    name_server: Option<SocketAddr>,
    /// How long the whole may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tls {
    Implicit,
    #[value(name = "starttls")]
    Upgrade,
    Off,
    Auto,
}

impl ConnectionOptions {
    /// Where to go.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 that does not repeat a password.
    pub(crate) fn url(&self) -> Result<Url, Failure> {
        url::parse(&self.url).map_err(|error| Failure::usage(format!("URL: {error}")))
    }

    /// What the shell needs to know; warns where nobody's certificate is checked.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where a file can't be read, or is not what it should be.
    pub(crate) fn options(&self, url: &Url, observer: Observer) -> Result<Options, Failure> {
        let trust = match &self.ca {
            Some(path) => {
                let trust = Trust::Ca(read(path)?);
                trust.check().map_err(|error| unusable(path, &error))?;
                trust
            }
            None if self.insecure => {
                anstream::eprintln!(
                    "aiosasl: warning: --insecure: anybody can pretend to be this server"
                );
                Trust::Insecure
            }
            None => Trust::Platform,
        };
        let client_certificate = match (&self.client_cert, &self.client_key) {
            (Some(path), Some(key)) => {
                let certificate =
                    ClientCertificate { chain: read(path)?, key: Secret::new(read(key)?) };
                certificate.check().map_err(|error| unusable(path, &error))?;
                Some(certificate)
            }
            _ => None,
        };
        Ok(Options {
            tls: match self.tls {
                Tls::Implicit => TlsMode::Implicit,
                Tls::Upgrade => TlsMode::StartTls,
                Tls::Off => TlsMode::Off,
                Tls::Auto => TlsMode::Auto,
            },
            implicit_by_scheme: url.implicit_tls,
            trust,
            server_name: self.server_name.clone(),
            client_certificate,
            speculation: None,
            name_server: self.name_server,
            observer: Some(observer),
            ..Options::default()
        })
    }

    /// Whether there is a certificate to show.
    pub(crate) fn has_client_certificate(&self) -> bool {
        self.client_cert.is_some()
    }

    /// How long the whole may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// A file that is there, and is not what it should be.
pub(crate) fn unusable(path: &Path, error: &WireError) -> Failure {
    Failure::usage(format!("can't use {}: {}", path.display(), error.text))
}

/// The content of a file of certificates or keys.
///
/// # Errors
///
/// A [`Failure`] of status 2 where it can't be read, or is too long.
pub(crate) fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
    let path = path.as_ref();
    let failure = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("can't read {}: {error}", path.display()))
    };
    let mut octets = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut octets))
        .map_err(|error| failure(&error))?;
    if octets.len() as u64 > MAX_FILE {
        return Err(failure(&"longer than 16 MiB"));
    }
    Ok(octets)
}

/// A number of seconds, as an option's value.
///
/// # Errors
///
/// What was expected.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() && limit <= Duration::from_secs(86_400) => Ok(limit),
        _ => Err("expected more than 0 seconds, and at most a day".into()),
    }
}

/// Runs something to its end, at most for so long; `None` where it took longer.
///
/// # Errors
///
/// A [`Failure`] where the machine gives no threads.
pub(crate) fn run<T>(limit: Duration, work: impl Future<Output = T>) -> Result<Option<T>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("can't start a runtime: {error}")))?;
    let done = runtime.block_on(async { tokio::time::timeout(limit, work).await.ok() });
    // Somebody may still be looking a name up, for as long as that takes: nobody waits for it.
    runtime.shutdown_background();
    Ok(done)
}
