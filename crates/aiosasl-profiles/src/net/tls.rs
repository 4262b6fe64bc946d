//! TLS as far as SASL cares: whom to trust, and what an exchange can be tied to.

use std::{fmt, sync::Arc};

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    secret::Secret,
};
use rustls::{
    CertificateError, ClientConfig, ConnectionCommon, DigitallySignedStruct, ProtocolVersion,
    RootCertStore, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::{ClientCertificate, Trust};
use crate::{WireClass, WireError};

/// What is known of a TLS connection.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsInfo {
    /// The version in figures: `1.3`.
    pub version: &'static str,
    /// The version as on the wire: 0x0304 is 1.3.
    pub version_code: u16,
    /// The cipher suite's registered name.
    pub cipher: String,
    /// The peer's certificates, its own first (DER).
    pub peer_certificates: Vec<Vec<u8>>,
    /// The channel bindings that this connection lacks, and why.
    pub missing_bindings: Vec<(BindingKind, String)>,
    /// Whether the peer's certificate was verified.
    pub verified: bool,
}

impl TlsInfo {
    /// How strong its cipher is, in the bits of the key: 128 or 256.
    pub fn strength(&self) -> u16 {
        if self.cipher.contains("AES_128") { 128 } else { 256 }
    }
}

/// Certificates are many numbers that say nothing to a reader: they are counted.
impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("version", &self.version)
            .field("cipher", &self.cipher)
            .field("peer_certificates", &self.peer_certificates.len())
            .field("missing_bindings", &self.missing_bindings)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

impl Trust {
    /// Whether the certificates, where some are given, can be read: better known before connecting.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls).
    pub fn check(&self) -> Result<(), WireError> {
        match self {
            Self::Ca(pem) => roots(pem).map(drop),
            Self::Platform | Self::Insecure => Ok(()),
        }
    }
}

impl ClientCertificate {
    /// Whether certificate and key can be read, and belong together: better known before connecting.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls).
    pub fn check(&self) -> Result<(), WireError> {
        client_config(&Trust::Insecure, Some(self)).map(drop)
    }
}

/// A client's configuration.
///
/// # Errors
///
/// Class [`Tls`](WireClass::Tls) where roots, certificate or key can't be used.
pub(super) fn client_config(
    trust: &Trust,
    certificate: Option<&ClientCertificate>,
) -> Result<ClientConfig, WireError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failure(&error))?;
    let builder = match trust {
        Trust::Platform => builder.with_platform_verifier().map_err(|error| failure(&error))?,
        Trust::Ca(pem) => builder.with_root_certificates(roots(pem)?),
        Trust::Insecure => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody::new(&provider)))
        }
    };
    match certificate {
        None => Ok(builder.with_no_client_auth()),
        Some(ClientCertificate { chain, key }) => builder
            .with_client_auth_cert(certificates(chain)?, private_key(key)?)
            .map_err(|error| failure(&error)),
    }
}

/// A server's configuration, and its own certificate (DER). With `client_roots` (PEM), clients are asked for a
/// certificate that these have signed, and may have none.
///
/// # Errors
///
/// Class [`Tls`](WireClass::Tls) where certificates or key can't be used.
pub(super) fn server_config(
    chain: &[u8],
    key: &Secret,
    client_roots: Option<&[u8]>,
) -> Result<(ServerConfig, Vec<u8>), WireError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failure(&error))?;
    let builder = match client_roots {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let roots = Arc::new(roots(pem)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider)
                .allow_unauthenticated()
                .build()
                .map_err(|error| WireError::new(WireClass::Tls, error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = certificates(chain)?;
    let leaf = chain.first().map(|leaf| leaf.to_vec()).unwrap_or_default();
    let config =
        builder.with_single_cert(chain, private_key(key)?).map_err(|error| failure(&error))?;
    Ok((config, leaf))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, WireError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| failure(&error))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, WireError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(WireError::new(WireClass::Tls, "expected a certificate in PEM, found none")),
        Err(error) => {
            Err(WireError::new(WireClass::Tls, format!("expected certificates in PEM: {error}")))
        }
    }
}

fn private_key(pem: &Secret) -> Result<PrivateKeyDer<'static>, WireError> {
    PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| {
        WireError::new(WireClass::Tls, "expected a private key in PEM (PKCS #8, PKCS #1 or SEC 1)")
    })
}

/// The name that the server's certificate must have.
pub(super) fn server_name(name: &str) -> Result<ServerName<'static>, WireError> {
    ServerName::try_from(name.to_owned()).map_err(|_| {
        WireError::new(WireClass::Tls, format!("expected a host's name or address, found {name:?}"))
    })
}

/// A TLS error in our words.
pub(super) fn failure(error: &rustls::Error) -> WireError {
    let text = match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the certificate's issuer is not trusted".to_owned()
        }
        rustls::Error::InvalidMessage(_) => "the peer does not speak TLS here".to_owned(),
        other => other.to_string(),
    };
    WireError::new(WireClass::Tls, text)
}

/// What is known of a connection whose handshake is done, and what an exchange can be tied to. `leaf` is the
/// *server's* own certificate, whichever end this is.
pub(super) fn describe<Side>(
    connection: &ConnectionCommon<Side>,
    leaf: Option<&[u8]>,
    verified: bool,
) -> (TlsInfo, Vec<ChannelBinding>) {
    let version = connection.protocol_version();
    let mut bindings = Vec::new();
    let mut missing = Vec::new();
    for (kind, binding) in [
        (BindingKind::TlsExporter, exporter(connection)),
        (BindingKind::TlsUnique, Err(no_tls_unique(version).to_owned())),
        (BindingKind::TlsServerEndPoint, end_point(leaf)),
    ] {
        match binding {
            Ok(binding) => bindings.push(binding),
            Err(why) => missing.push((kind, why)),
        }
    }
    let cipher = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    let info = TlsInfo {
        version: match version {
            Some(ProtocolVersion::TLSv1_3) => "1.3",
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "unknown",
        },
        version_code: version.map_or(0, u16::from),
        // The TLS library writes TLS13_AES_..., the registry TLS_AES_....
        cipher: cipher
            .and_then(|cipher| cipher.as_str())
            .unwrap_or("unknown")
            .replacen("TLS13_", "TLS_", 1),
        peer_certificates: connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|certificate| certificate.to_vec())
            .collect(),
        missing_bindings: missing,
        verified,
    };
    (info, bindings)
}

/// RFC 9266: with an empty context, which is not the same as none. In TLS 1.2 peers disagree on that, and it would
/// need the extended master secret: there we have none.
fn exporter<Side>(connection: &ConnectionCommon<Side>) -> Result<ChannelBinding, String> {
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return Err("used with TLS 1.3 alone".to_owned());
    }
    let data = connection
        .export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b""))
        .map_err(|error| error.to_string())?;
    ChannelBinding::new(BindingKind::TlsExporter, data).map_err(|error| error.to_string())
}

fn end_point(leaf: Option<&[u8]>) -> Result<ChannelBinding, String> {
    let leaf = leaf.ok_or("the server has shown no certificate")?;
    ChannelBinding::tls_server_end_point(leaf).map_err(|error| error.to_string())
}

fn no_tls_unique(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "undefined in TLS 1.3 (RFC 9266)",
        _ => "the TLS library does not give it out",
    }
}

/// Believes anybody's name; the signatures of the handshake are still checked.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl Anybody {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
