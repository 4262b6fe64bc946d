//! A server's certificate, as far as people ask about it.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use const_oid::db::DB;
use serde::Serialize;
use x509_cert::{
    Certificate as X509,
    der::Decode as _,
    ext::pkix::{SubjectAltName, name::GeneralName},
    time::Time,
};

use crate::decode::printable;

/// The most names that are shown.
const MAX_NAMES: usize = 100;

/// A server's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// The names that it is for, each with its kind: `DNS:mail.example.org`.
    pub(super) names: Vec<String>,
    pub(super) not_before: String,
    pub(super) not_after: String,
    /// Whole days until it expires; negative once it has.
    pub(super) days_left: i64,
    pub(super) signature_algorithm: String,
    pub(super) public_key: String,
}

impl Certificate {
    /// What a certificate (DER) says at this time; `None` where it can't be read.
    pub(super) fn parse(der: &[u8], now: SystemTime) -> Option<Self> {
        let certificate = X509::from_der(der).ok()?;
        let body = certificate.tbs_certificate();
        let validity = body.validity();
        let names = match body.get_extension::<SubjectAltName>() {
            Ok(Some((_, SubjectAltName(names)))) => {
                names.iter().take(MAX_NAMES).map(name).collect()
            }
            Ok(None) | Err(_) => Vec::new(),
        };
        Some(Self {
            subject: printable(&body.subject().to_string()),
            issuer: printable(&body.issuer().to_string()),
            names,
            not_before: validity.not_before.to_date_time().to_string(),
            not_after: validity.not_after.to_date_time().to_string(),
            days_left: days_left(validity.not_after, now),
            signature_algorithm: algorithm(certificate.signature_algorithm().oid),
            public_key: algorithm(body.subject_public_key_info().algorithm.oid),
        })
    }
}

fn name(name: &GeneralName) -> String {
    printable(&match name {
        GeneralName::DnsName(name) => format!("DNS:{name}"),
        GeneralName::IpAddress(octets) => format!("IP:{}", address(octets.as_bytes())),
        GeneralName::Rfc822Name(name) => format!("email:{name}"),
        GeneralName::UniformResourceIdentifier(name) => format!("URI:{name}"),
        GeneralName::DirectoryName(name) => format!("directory:{name}"),
        GeneralName::OtherName(name) => format!("other:{}", algorithm(name.type_id)),
        GeneralName::EdiPartyName(_) => "EDI party".to_owned(),
        GeneralName::RegisteredId(id) => format!("OID:{id}"),
    })
}

fn address(octets: &[u8]) -> String {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        Ipv4Addr::from(octets).to_string()
    } else if let Ok(octets) = <[u8; 16]>::try_from(octets) {
        Ipv6Addr::from(octets).to_string()
    } else {
        format!("{} octets", octets.len())
    }
}

fn algorithm(id: const_oid::ObjectIdentifier) -> String {
    DB.by_oid(&id).map_or_else(|| id.to_string(), ToOwned::to_owned)
}

fn days_left(end: Time, now: SystemTime) -> i64 {
    const DAY: Duration = Duration::from_secs(86_400);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let end = end.to_unix_duration();
    let days = |span: Duration| i64::try_from(span.as_secs() / DAY.as_secs()).unwrap_or(i64::MAX);
    match end.checked_sub(now) {
        Some(left) => days(left),
        None => -1 - days(now.saturating_sub(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Vec<u8> {
        let names = ["mail.example.org".to_owned(), "192.0.2.1".to_owned()];
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "mail\u{1b}.example");
        parameters.not_before = rcgen::date_time_ymd(2024, 2, 28);
        parameters.not_after = rcgen::date_time_ymd(2024, 3, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_is_read() {
        let day = |day: u64| UNIX_EPOCH + Duration::from_secs(86_400 * day);
        // 2024-02-28 is day 19781.
        let certificate = Certificate::parse(&made(), day(19_781)).unwrap();
        assert_eq!(certificate.names, ["DNS:mail.example.org", "IP:192.0.2.1"]);
        assert_eq!(certificate.not_before, "2024-02-28T00:00:00Z");
        assert_eq!(certificate.not_after, "2024-03-01T00:00:00Z");
        assert_eq!(certificate.signature_algorithm, "ecdsa-with-SHA256");
        assert_eq!(certificate.public_key, "id-ecPublicKey");
        assert_eq!(certificate.days_left, 2);
        assert!(!certificate.subject.contains('\u{1b}'), "{}", certificate.subject);
        let expired = Certificate::parse(&made(), day(19_783) + Duration::from_secs(1)).unwrap();
        assert_eq!(expired.days_left, -1);
    }

    #[test]
    fn octets_that_are_no_certificate_are_none() {
        let whole = made();
        for end in 0..whole.len() {
            assert_eq!(Certificate::parse(whole.get(..end).unwrap(), UNIX_EPOCH), None);
        }
    }
}
