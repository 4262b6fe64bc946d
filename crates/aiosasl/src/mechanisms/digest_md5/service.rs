//! The service in a `digest-uri` (RFC 2831 section 2.1.2): said by a client, checked by a server.

use alloc::{format, string::String};

use crate::{error::Reason, mechanism::Service};

/// `serv-type "/" host [ "/" serv-name ]`; nothing, where no host is known.
pub(super) fn digest_uri(service: Option<&Service>) -> Result<String, Reason> {
    let service = service.filter(|it| !it.name.is_empty() && !it.host().is_empty());
    let service = service.ok_or(Reason::NoService)?;
    let (name, host) = (&*service.name, service.host());
    let shared = service.shared_name.as_deref();
    if !([name, host].into_iter().chain(shared).all(is_part)) {
        return Err(Reason::BadDigestUri);
    }
    Ok(match shared {
        Some(shared) => format!("{name}/{host}/{shared}"),
        None => format!("{name}/{host}"),
    })
}

/// Whether a client means this service.
pub(super) fn check(uri: &[u8], service: &Service) -> Result<(), Reason> {
    let uri = core::str::from_utf8(uri).map_err(|_| Reason::BadDigestUri)?;
    let mut parts = uri.split('/');
    let (name, host, shared, end) = (parts.next(), parts.next(), parts.next(), parts.next());
    let (Some(name), Some(host), None) = (name, host, end) else {
        return Err(Reason::BadDigestUri);
    };
    let is_ours = |host: &str| service.hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
    let fits = match (shared, &service.shared_name) {
        (Some(shared), Some(ours)) => ours.eq_ignore_ascii_case(shared) || is_ours(shared),
        (Some(shared), None) => is_part(shared),
        (None, _) => true,
    };
    if fits && service.name.eq_ignore_ascii_case(name) && is_ours(host) {
        Ok(())
    } else {
        Err(Reason::BadDigestUri)
    }
}

fn is_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_means_this_service_or_another_one() {
        let mut service = Service::new("smtp", "mx1.example.org");
        service.hosts.push("mx.example.org".into());
        for good in
            ["smtp/mx1.example.org", "SMTP/MX.example.org", "smtp/mx1.example.org/example.org"]
        {
            assert_eq!(check(good.as_bytes(), &service), Ok(()), "{good}");
        }
        service.shared_name = Some("example.org".into());
        for bad in [
            "smtp",
            "smtp/",
            "imap/mx1.example.org",
            "smtp/evil.example",
            "smtp/mx1.example.org/evil.example",
            "smtp/mx1.example.org/example.org/x",
        ] {
            assert_eq!(check(bad.as_bytes(), &service), Err(Reason::BadDigestUri), "{bad}");
        }
        let said = digest_uri(Some(&service));
        assert_eq!(said.as_deref(), Ok("smtp/mx1.example.org/example.org"));
        assert_eq!(digest_uri(None), Err(Reason::NoService));
        let odd = Service::new("smtp", "a/b");
        assert_eq!(digest_uri(Some(&odd)), Err(Reason::BadDigestUri));
    }
}
