//! The directory that is tested against, and what is in it.

use std::{
    collections::HashSet,
    env, fs,
    future::Future,
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aiosasl::{
    hash::Hash, identity::AuthenticationId, mechanisms::scram::VerifierFormat,
    query::ScramVerifier, secret::Secret,
};
use aiosasl_store::{
    NameRule,
    ldap::{
        Attributes, Cleartext, Expiry, ExpiryForm, Flag, Ldap, Login, Options, Passwords, Security,
    },
};
use ldap3::{LdapConnAsync, LdapResult};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A test under way.
pub(crate) type Test = Pin<Box<dyn Future<Output = ()>>>;

const ADMIN: (&str, &str) = ("cn=admin,dc=test", "admin-secret");
const READER: (&str, &str) = ("cn=reader,dc=test", "reader-secret");
pub(crate) const PEOPLE: &str = "ou=people,dc=test";

/// Where the directory is.
pub(crate) struct Site {
    pub(crate) ldap: String,
    pub(crate) ldaps: String,
    pub(crate) ca: PathBuf,
    passwords: TempDir,
}

impl Site {
    /// The directory of the environment, with our entries in it.
    pub(crate) fn get() -> Option<&'static Self> {
        static SITE: OnceLock<Option<Site>> = OnceLock::new();
        SITE.get_or_init(|| {
            let site = Self {
                ldap: env::var("AIOSASL_TEST_LDAP").ok()?,
                ldaps: env::var("AIOSASL_TEST_LDAPS").expect("AIOSASL_TEST_LDAPS"),
                ca: env::var_os("AIOSASL_TEST_LDAP_CA").expect("AIOSASL_TEST_LDAP_CA").into(),
                passwords: tempfile::tempdir().unwrap(),
            };
            let runtime = Runtime::new().unwrap();
            runtime.block_on(fill(&site.ldap));
            Some(site)
        })
        .as_ref()
    }

    /// What all tests have in common: a service that reads hashes.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(&self.ldap, "dc=test");
        options.login = self.login(READER.0, &format!("{}\n", READER.1));
        options.attributes = Attributes {
            cleartext: Cleartext::Accept,
            disabled: Some(Flag { attribute: "accountLocked".into(), values: vec!["TRUE".into()] }),
            expires: Some(Expiry {
                attribute: "accountExpires".into(),
                form: ExpiryForm::GeneralizedTime,
            }),
            certificates: Some("certificateName".into()),
            acts_as: Some("actsAs".into()),
            ..Attributes::default()
        };
        options
    }

    pub(crate) fn login(&self, dn: &str, file: &str) -> Login {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let password_file = self.passwords.path().join(number.to_string());
        fs::write(&password_file, file).unwrap();
        Login::Service { dn: dn.into(), password_file }
    }

    /// The directory whose hashes we read.
    pub(crate) fn fetching(&self) -> Ldap {
        Ldap::new(self.options()).unwrap()
    }

    /// The directory that checks passwords itself, and is asked anonymously.
    pub(crate) fn binding(&self) -> Ldap {
        let options = self.options();
        Ldap::new(Options { login: Login::Anonymous, passwords: Passwords::Bind, ..options })
            .unwrap()
    }

    pub(crate) fn trusting(&self) -> Arc<ClientConfig> {
        let certificates = CertificateDer::pem_file_iter(&self.ca).unwrap();
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate.unwrap()).unwrap();
        }
        config(roots)
    }

    /// A directory behind TLS.
    pub(crate) fn protected(&self, url: &str, security: Security) -> Ldap {
        Ldap::new(Options { url: url.into(), security, ..self.options() }).unwrap()
    }
}

pub(crate) fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

pub(crate) fn id(name: &str) -> AuthenticationId {
    NameRule::Raw.prepare(name).unwrap()
}

pub(crate) fn verifier() -> ScramVerifier {
    ScramVerifier::from_password(Hash::Sha256, Secret::new(*b"pencil"), *b"0123456789abcdef", 4096)
}

/// What is in the directory: name, and attributes.
fn entries() -> Vec<(String, Vec<(&'static str, String)>)> {
    let person = |rdn: &str, name: &str, more: &[(&'static str, &str)]| {
        let mut attributes = vec![
            ("objectClass", "account".to_owned()),
            ("objectClass", "simpleSecurityObject".to_owned()),
            ("objectClass", "saslAccount".to_owned()),
            ("uid", name.to_owned()),
        ];
        if !more.iter().any(|(name, _)| *name == "userPassword") {
            attributes.push(("userPassword", "pencil".to_owned()));
        }
        attributes.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        (format!("{rdn},{PEOPLE}"), attributes)
    };
    let scram = verifier().to_text(VerifierFormat::Rfc5803);
    vec![
        (PEOPLE.to_owned(), vec![("objectClass", "organizationalUnit".into())]),
        (
            READER.0.to_owned(),
            vec![
                ("objectClass", "organizationalRole".into()),
                ("objectClass", "simpleSecurityObject".into()),
                ("cn", "reader".into()),
                ("userPassword", READER.1.into()),
            ],
        ),
        person("uid=user", "user", &[("authPassword", &scram), ("actsAs", "team")]),
        person("uid=Mixed", "Mixed", &[]),
        person("uid=star", "star", &[("uid", "st*r(a)\\")]),
        person("uid=locked", "locked", &[("accountLocked", "TRUE")]),
        person("uid=open", "open", &[("accountLocked", "FALSE")]),
        person("uid=ended", "ended", &[("accountExpires", "20200101000000Z")]),
        person("uid=current", "current", &[("accountExpires", "99991231235959Z")]),
        person("uid=carded", "carded", &[("certificateName", "CN=carded")]),
        person(
            "uid=twin+description=1",
            "twin",
            &[("description", "1"), ("certificateName", "CN=twin")],
        ),
        person(
            "uid=twin+description=2",
            "twin",
            &[("description", "2"), ("certificateName", "CN=twin")],
        ),
        person(
            "uid=salted",
            "salted",
            &[("userPassword", "{SSHA}DpNn/RodO5mviMnoeLnsQESv+OZyMnNhbHQ=")],
        ),
        (
            format!("cn=away,{PEOPLE}"),
            vec![
                ("objectClass", "referral".into()),
                ("objectClass", "extensibleObject".into()),
                ("ref", "ldap://127.0.0.1:1/ou=people,dc=elsewhere".into()),
            ],
        ),
    ]
}

async fn fill(url: &str) {
    let (connection, mut ldap) = LdapConnAsync::new(url).await.unwrap();
    tokio::spawn(connection.drive());
    ldap.simple_bind(ADMIN.0, ADMIN.1).await.and_then(LdapResult::success).unwrap();
    for (dn, attributes) in entries() {
        let mut gathered: Vec<(&str, HashSet<&str>)> = Vec::new();
        for (name, value) in &attributes {
            match gathered.iter_mut().find(|(it, _)| it == name) {
                Some((_, values)) => drop(values.insert(value)),
                None => gathered.push((name, HashSet::from([value.as_str()]))),
            }
        }
        let added = ldap.add(&dn, gathered).await.unwrap();
        // 68 is entryAlreadyExists: of a run before.
        assert!([0, 68].contains(&added.rc), "{dn}: {added}");
    }
}
