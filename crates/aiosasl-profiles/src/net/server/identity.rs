//! Whose a client's certificate is.

use aiosasl::identity::AuthenticationId;
use x509_cert::{
    Certificate,
    der::Decode as _,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// The e-mail address among the alternative names of a certificate's subject, else its common name (RFC 5280
/// sections 4.2.1.6 and 4.1.2.6). `None` where there is neither, or more than one address.
///
/// The certificate must have been verified: anybody can write one.
pub fn certificate_identity(certificate: &[u8]) -> Option<AuthenticationId> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let subject = certificate.tbs_certificate();
    let addresses = match subject.get_extension::<SubjectAltName>().ok()? {
        Some((_, SubjectAltName(names))) => names.into_iter().filter_map(address).collect(),
        None => Vec::new(),
    };
    let name = match addresses.as_slice() {
        [] => subject.subject().common_name().ok()??.value().into_owned(),
        [address] => address.clone(),
        _ => return None,
    };
    if name.chars().any(char::is_control) { None } else { AuthenticationId::new(name).ok() }
}

fn address(name: GeneralName) -> Option<String> {
    match name {
        GeneralName::Rfc822Name(address) => Some(address.to_string()),
        _ => None,
    }
}
