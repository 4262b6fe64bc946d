//! The server's certificate: from files, which may change while it runs, or from an authority of its own.

use std::{fs, path::PathBuf};

use aiosasl::secret::Secret;
use aiosasl_profiles::net::server::ServerTls;
use clap::Args;

use crate::{
    connection::{read, unusable},
    papers::Authority,
    status::Failure,
};

/// Where the server's certificate comes from.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsOptions {
    /// The server's certificate, and those above it (PEM); read again on SIGHUP
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Without --cert: where to write the certificate of the authority that is made for this run, for clients to trust
    #[arg(long, value_name = "FILE", conflicts_with = "cert")]
    ca_out: Option<PathBuf>,
    /// Ask clients for certificates that these have signed (PEM), and offer EXTERNAL to those that show one
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
}

/// Where the server's certificate comes from, and how to get it again.
pub(super) struct Certificate {
    source: Source,
    client_ca: Option<PathBuf>,
}

enum Source {
    Files { chain: PathBuf, key: PathBuf },
    Made { chain: Vec<u8>, key: Secret },
}

impl TlsOptions {
    /// A source of certificates for a server with these names; writes the authority's own where that is asked for.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 where a file can't be written.
    pub(super) fn certificate(&self, names: &[String]) -> Result<Certificate, Failure> {
        let source = if let (Some(chain), Some(key)) = (&self.cert, &self.key) {
            Source::Files { chain: chain.clone(), key: key.clone() }
        } else {
            let authority = Authority::new("aiosasl serve: an authority for one run")?;
            if let Some(path) = &self.ca_out {
                fs::write(path, authority.certificate()).map_err(|error| {
                    Failure::usage(format!("can't write {}: {error}", path.display()))
                })?;
            } else {
                tracing::warn!(
                    "nobody can verify the certificate: expected --cert and --key, or --ca-out"
                );
            }
            let (chain, key) = authority.server(names)?;
            Source::Made { chain, key }
        };
        Ok(Certificate { source, client_ca: self.client_ca.clone() })
    }
}

impl Certificate {
    /// Reads it; now, which may be otherwise than before.
    ///
    /// # Errors
    ///
    /// A [`Failure`] of status 2 that names the file.
    pub(super) fn load(&self) -> Result<ServerTls, Failure> {
        let roots = self.client_ca.as_ref().map(read).transpose()?;
        if let (Some(path), Some(pem)) = (&self.client_ca, &roots) {
            aiosasl_profiles::net::Trust::Ca(pem.clone())
                .check()
                .map_err(|error| unusable(path, &error))?;
        }
        let roots = roots.as_deref();
        match &self.source {
            Source::Files { chain: path, key } => {
                let (chain, key) = (read(path)?, Secret::new(read(key)?));
                ServerTls::from_pem(&chain, &key, roots).map_err(|error| unusable(path, &error))
            }
            Source::Made { chain, key } => ServerTls::from_pem(chain, key, roots)
                .map_err(|error| Failure::usage(error.to_string())),
        }
    }
}
