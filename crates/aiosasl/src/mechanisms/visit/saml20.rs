//! What SAML20 has of its own: a provider is a domain (RFC 6595 section 3.1).

use super::grammar::Form;
use crate::{error::Reason, name::MechanismName};

pub(super) const FORM: Form = Form {
    name: MechanismName::new("SAML20"),
    provider: domain,
    check,
    hear: |_| Err(Reason::UnexpectedChallenge),
    tell: |_| Ok(None),
    refuse: None,
};

/// A name is a domain, or an address in it.
fn domain(name: &str) -> &str {
    name.rsplit_once('@').map_or(name, |(_, domain)| domain)
}

/// Labels of letters, digits and hyphens (RFC 1035 section 2.3.1, RFC 1123 section 2.1).
fn check(domain: &str) -> Result<(), Reason> {
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() <= 253 && domain.split('.').all(fits) {
        Ok(())
    } else {
        Err(Reason::BadProvider)
    }
}
