//! Certificates that last as long as the process: an authority, and those that it signs. Nobody keeps its key.

use aiosasl::secret::Secret;
use aiosasl_profiles::net::ClientCertificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::status::{Failure, Status};

/// An authority that exists for this process alone.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, with a key of its own.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let made = || {
            let mut params = CertificateParams::new([])?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params.distinguished_name.push(DnType::CommonName, name);
            CertifiedIssuer::self_signed(params, KeyPair::generate()?)
        };
        Ok(Self { issuer: made().map_err(|error| failure(&error))? })
    }

    /// Its own certificate (PEM).
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    /// A certificate for a server with these names or addresses, the first of which is its common name; and its key
    /// (PEM).
    pub(crate) fn server(&self, names: &[String]) -> Result<(Vec<u8>, Secret), Failure> {
        let common_name = names.first().map_or("localhost", String::as_str);
        self.sign(names, common_name, ExtendedKeyUsagePurpose::ServerAuth)
            .map_err(|error| failure(&error))
    }

    /// A certificate for this user.
    pub(crate) fn client(&self, user: &str) -> Result<ClientCertificate, Failure> {
        self.sign(&[], user, ExtendedKeyUsagePurpose::ClientAuth)
            .map(|(chain, key)| ClientCertificate { chain, key })
            .map_err(|error| failure(&error))
    }

    fn sign(
        &self,
        names: &[String],
        common_name: &str,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Result<(Vec<u8>, Secret), rcgen::Error> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem().into_bytes(), Secret::new(key.serialize_pem())))
    }
}

fn failure(error: &rcgen::Error) -> Failure {
    Failure::new(Status::Unreachable, format!("can't make a certificate: {error}"))
}
