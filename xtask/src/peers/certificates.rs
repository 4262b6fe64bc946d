//! A throw-away authority, the servers' certificate and a client's, made anew for each run.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, OtherNameValue, PKCS_ECDSA_P256_SHA256, SanType,
};
use sha2::{Digest, Sha256};

/// `id-on-xmppAddr` (RFC 6120 section 13.7.1.4).
const XMPP_ADDRESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 8, 5];

/// Where the PEM files are.
pub(crate) struct Certificates {
    pub(crate) ca: PathBuf,
    pub(crate) server: PathBuf,
    pub(crate) server_key: PathBuf,
    pub(crate) client: PathBuf,
    pub(crate) client_key: PathBuf,
    /// The server certificate's tls-server-end-point (RFC 5929), in hexadecimal.
    pub(crate) end_point: String,
    /// The client certificate's SHA-256, in hexadecimal.
    pub(crate) client_fingerprint: String,
}

impl Certificates {
    /// Makes all of them in `folder`. The keys are readable by everyone: they live as long as the
    /// run, and the servers run under users of their own.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let ca_key = key()?;
        let ca_params = authority();
        let ca = ca_params.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca_params, ca_key);

        let server_key = key()?;
        let server = server_params()?.signed_by(&server_key, &issuer)?;
        let client_key = key()?;
        let client = client_params().signed_by(&client_key, &issuer)?;

        let made = Self {
            ca: folder.join("ca.pem"),
            server: folder.join("server.pem"),
            server_key: folder.join("server.key"),
            client: folder.join("client.pem"),
            client_key: folder.join("client.key"),
            end_point: hex(&Sha256::digest(server.der())),
            client_fingerprint: hex(&Sha256::digest(client.der())),
        };
        fs::create_dir_all(folder)?;
        fs::write(&made.ca, ca.pem())?;
        fs::write(&made.server, server.pem())?;
        fs::write(&made.server_key, server_key.serialize_pem())?;
        fs::write(&made.client, client.pem())?;
        fs::write(&made.client_key, client_key.serialize_pem())?;
        Ok(made)
    }
}

fn key() -> Result<KeyPair> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?)
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "aiosasl test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn server_params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn client_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "user");
    params.subject_alt_names = vec![SanType::OtherName((
        XMPP_ADDRESS.to_vec(),
        OtherNameValue::Utf8String("user@localhost".to_owned()),
    ))];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_written_and_the_end_point_is_a_sha_256() {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path()).unwrap();
        for file in [&made.ca, &made.server, &made.client] {
            assert!(fs::read_to_string(file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        }
        for file in [&made.server_key, &made.client_key] {
            assert!(fs::read_to_string(file).unwrap().contains("PRIVATE KEY"));
        }
        assert_eq!(made.end_point.len(), 64);
    }
}
