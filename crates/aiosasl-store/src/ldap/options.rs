//! What there is to say about a directory.

use std::{net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::ClientConfig;
use url::Url;

use crate::{
    error::{StoreError, StoreErrorKind},
    name::NameRule,
};

/// Where a directory is, and how its entries are accounts.
#[derive(Debug, Clone)]
pub struct Options {
    /// `ldap://host[:port]`, `ldaps://host[:port]` or `ldapi://` and a socket's path with `%2F` for each slash.
    pub url: Box<str>,
    /// How what is said there is protected.
    pub security: Security,
    /// As whom we look for entries.
    pub login: Login,
    /// Below which entry the accounts are.
    pub base: Box<str>,
    /// How far below.
    pub scope: Scope,
    /// Which entry is asked for (RFC 4515): `%u` becomes the name, with all that a filter would understand escaped; `%%`
    /// is a percent sign.
    pub filter: Box<str>,
    /// How names are spelled.
    pub names: NameRule,
    /// Who checks passwords.
    pub passwords: Passwords,
    /// What is called how in the entries.
    pub attributes: Attributes,
    /// How many connections there are at most for looking up, and as many for binding.
    pub connections: usize,
    /// How long an answer may take, all told.
    pub time_limit: Duration,
}

/// How what is said to a directory is protected. A certificate is needed for a name, not for an IPv6 address.
#[derive(Debug, Clone, Default)]
pub enum Security {
    /// Not at all: passwords and hashes can be read on the way.
    Clear,
    /// Not at all, for it does not leave this machine: a loopback address, `localhost`, `ldapi`; else refused.
    #[default]
    Local,
    /// By TLS that begins with the StartTLS operation (`ldap`), or else nothing is said.
    StartTls(Arc<ClientConfig>),
    /// By TLS from the first octet (`ldaps`).
    Tls(Arc<ClientConfig>),
}

/// As whom we look for entries.
#[derive(Debug, Clone, Default)]
pub enum Login {
    /// As nobody.
    #[default]
    Anonymous,
    /// By a simple bind as a service.
    Service {
        /// The service's entry.
        dn: Box<str>,
        /// The file that holds its password, of which one newline at the end is dropped; it is read for each connection.
        password_file: PathBuf,
    },
}

/// How far below the base entries are looked for (RFC 4511 section 4.5.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// The base itself.
    Base,
    /// Its children.
    Children,
    /// It, and all below.
    #[default]
    Subtree,
}

/// Who checks passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Passwords {
    /// The directory: we bind as the entry. For PLAIN and LOGIN alone.
    Bind,
    /// We, against the hashes and verifiers that the directory shows to us.
    #[default]
    Fetch,
}

/// What is called how in the entries. Whoever may write these attributes decides who gets in, and as whom.
#[derive(Debug, Clone)]
pub struct Attributes {
    /// What an account is called; one of the values has to be the name that was asked for. By itself `uid`.
    pub names: Vec<Box<str>>,
    /// Hashes and verifiers with their scheme in braces (RFC 2307 section 5.3). By itself `userPassword`.
    pub passwords: Vec<Box<str>>,
    /// SCRAM verifiers (RFC 5803). By itself `authPassword`.
    pub verifiers: Vec<Box<str>>,
    /// Whether passwords that are not hashed at all count.
    pub cleartext: Cleartext,
    /// By what an account is disabled.
    pub disabled: Option<Flag>,
    /// When it ends.
    pub expires: Option<Expiry>,
    /// The names that its TLS certificates say.
    pub certificates: Option<Box<str>>,
    /// As whom it may act: an identity, or `*` for anyone.
    pub acts_as: Option<Box<str>>,
}

/// Whether passwords that are not hashed at all count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cleartext {
    /// A value without a scheme, or `{CLEARTEXT}`, is the password.
    Accept,
    /// It is no credential.
    #[default]
    Ignore,
}

/// An attribute that disables an account.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Its name.
    pub attribute: Box<str>,
    /// The values that do so, in any case of letters; none for any value.
    pub values: Vec<Box<str>>,
}

/// An attribute that says when an account ends; what can't be read ends it at once.
#[derive(Debug, Clone)]
pub struct Expiry {
    /// Its name.
    pub attribute: Box<str>,
    /// How the moment is written.
    pub form: ExpiryForm,
}

/// How a directory writes a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpiryForm {
    /// Days since 1970-01-01, negative for never: `shadowExpire` (RFC 2307).
    Days,
    /// Tenths of a microsecond since 1601-01-01, 0 and the highest number for never: Active Directory's
    /// `accountExpires`.
    FileTime,
    /// `20261124113000Z` (RFC 4517 section 3.3.13).
    GeneralizedTime,
}

impl Options {
    /// A directory on this machine, asked anonymously by `uid`, whose hashes we read.
    pub fn new(url: &str, base: &str) -> Self {
        Self {
            url: url.into(),
            security: Security::default(),
            login: Login::default(),
            base: base.into(),
            scope: Scope::default(),
            filter: "(uid=%u)".into(),
            names: NameRule::default(),
            passwords: Passwords::default(),
            attributes: Attributes::default(),
            connections: 4,
            time_limit: Duration::from_secs(5),
        }
    }

    /// The address, where it and the protection fit.
    pub(super) fn checked_url(&self) -> Result<Url, StoreError> {
        let invalid = |text: &str| StoreError::new(StoreErrorKind::Invalid, text);
        let expected = "expected the URL of a directory: ldap, ldaps or ldapi, and where";
        let url = Url::parse(&self.url).map_err(|error| invalid(expected).because(error))?;
        let host = url.host_str().filter(|it| !it.is_empty()).ok_or_else(|| invalid(expected))?;
        match (url.scheme(), &self.security) {
            ("ldap" | "ldaps", Security::StartTls(_) | Security::Tls(_))
                if host.starts_with('[') =>
            {
                Err(invalid("expected a name or an IPv4 address of the directory, for TLS"))
            }
            ("ldap", Security::Local) if !is_local(host) => {
                Err(invalid("expected TLS, or a directory on this machine"))
            }
            ("ldap", Security::Clear | Security::Local | Security::StartTls(_))
            | ("ldaps", Security::Tls(_))
            | ("ldapi", Security::Clear | Security::Local) => Ok(url),
            ("ldap" | "ldaps" | "ldapi", _) => Err(invalid(
                "expected TLS for ldaps, and for nothing else; StartTLS for ldap alone",
            )),
            _ => Err(invalid(expected)),
        }
    }
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            names: vec!["uid".into()],
            passwords: vec!["userPassword".into()],
            verifiers: vec!["authPassword".into()],
            cleartext: Cleartext::default(),
            disabled: None,
            expires: None,
            certificates: None,
            acts_as: None,
        }
    }
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use rustls::{RootCertStore, crypto::ring};

    use super::*;

    fn tls() -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    }

    #[test]
    fn an_address_has_to_fit_its_protection() {
        let accepts = |url: &str, security: Security| {
            Options { security, ..Options::new(url, "dc=test") }.checked_url().is_ok()
        };
        for url in
            ["ldap://127.0.0.1:389", "ldap://[::1]", "ldap://localhost", "ldapi://%2Frun%2Fldapi"]
        {
            assert!(accepts(url, Security::Local), "{url}");
            assert!(accepts(url, Security::Clear), "{url}");
            assert!(!accepts(url, Security::Tls(tls())), "{url}");
        }
        for url in
            ["ldap://directory.example.org", "ldap://192.0.2.1", "ldap://localhost.example.org"]
        {
            assert!(!accepts(url, Security::Local), "{url}");
            assert!(accepts(url, Security::Clear), "{url}");
            assert!(accepts(url, Security::StartTls(tls())), "{url}");
        }
        assert!(accepts("ldaps://directory.example.org", Security::Tls(tls())));
        assert!(!accepts("ldaps://[2001:db8::1]", Security::Tls(tls())));
        for url in
            ["ldaps://localhost", "ldap:localhost", "ldap://", "http://localhost", "localhost"]
        {
            assert!(!accepts(url, Security::Local), "{url}");
        }
    }
}
