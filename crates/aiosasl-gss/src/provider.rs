//! The provider: a loaded library, and where its tickets and keys are.

use std::{ffi::CString, fmt, path::Path, sync::Arc};

use aiosasl::query::{GssContext, GssError, GssErrorKind, GssProvider, GssRequest};

use crate::{
    api::Api,
    context::{Context, Role},
    handles::{Credential, Name, NameType, Usage},
};

/// Where the library is looked for, on the paths that the system's loader knows.
const NAMES: [&str; 2] = ["libgssapi_krb5.so.2", "libgssapi_krb5.so"];

/// Security contexts from a GSS-API library.
///
/// Tickets and keys are where the library looks for them (`KRB5CCNAME`, `KRB5_KTNAME`, `krb5.conf`), or where the methods below
/// say.
///
/// Services are called `service/host@` to it, with the host as it was given: no look-up in the DNS makes another one of it
/// (RFC 4752 section 3.1), whatever `krb5.conf` says. The realm is the key distribution centre's to find.
#[derive(Clone)]
pub struct Provider {
    api: Arc<Api>,
    ccache: Option<CString>,
    client_keytab: Option<CString>,
    keytab: Option<CString>,
    by_password: bool,
}

impl Provider {
    /// Loads the system's library.
    ///
    /// # Errors
    ///
    /// [`GssErrorKind::Unavailable`], with the loader's words, where there is none.
    pub fn load() -> Result<Self, GssError> {
        let mut first = None;
        for name in NAMES {
            match Self::open(name) {
                Ok(provider) => return Ok(provider),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| GssError::new(GssErrorKind::Unavailable, "no library")))
    }

    /// Loads this library, which has to be one of the GSS-API: its code runs.
    ///
    /// # Errors
    ///
    /// [`GssErrorKind::Unavailable`], with the loader's words, where there is none, or it lacks a function.
    pub fn open(library: impl AsRef<Path>) -> Result<Self, GssError> {
        if cfg!(target_vendor = "apple") {
            // MIT's header packs its structures there, and ours are not.
            let text = "the GSS-API's library can't be used on Apple's systems";
            return Err(GssError::new(GssErrorKind::Unavailable, text));
        }
        let api = Arc::new(Api::load(library.as_ref())?);
        Ok(Self { api, ccache: None, client_keytab: None, keytab: None, by_password: false })
    }

    /// With the tickets in this cache: `FILE:/run/krb5cc`, or a path.
    ///
    /// # Panics
    ///
    /// Where the name has a NUL; so do the other two.
    pub fn with_ccache(mut self, name: &str) -> Self {
        self.ccache = Some(text(name));
        self
    }

    /// With the keys in this file for clients, which get tickets by them.
    pub fn with_client_keytab(mut self, name: &str) -> Self {
        self.client_keytab = Some(text(name));
        self
    }

    /// With the keys in this file for servers.
    pub fn with_keytab(mut self, name: &str) -> Self {
        self.keytab = Some(text(name));
        self
    }

    /// Gets tickets by the password, where the caller has a name and one; else such passwords are not looked at.
    pub fn getting_tickets_by_password(mut self) -> Self {
        self.by_password = true;
        self
    }

    fn credential_of_initiator(&self, request: &GssRequest) -> Result<Credential, GssError> {
        let api = &self.api;
        let name =
            request.initiator.as_ref().map(|it| Name::import(api, it.as_str(), NameType::User));
        let name = name.transpose()?;
        if let (true, Some(name), Some(password)) = (self.by_password, &name, &request.password) {
            return Credential::by_password(api, request.mechanism, name, password.expose());
        }
        let places = [(c"ccache", &self.ccache), (c"client_keytab", &self.client_keytab)];
        let places: Vec<_> =
            places.into_iter().filter_map(|(key, it)| Some((key, it.clone()?))).collect();
        if name.is_none() && places.is_empty() {
            return Ok(Credential::default_of(api));
        }
        Credential::acquire(api, request.mechanism, name.as_ref(), Usage::Initiate, &places)
    }

    fn credential_of_acceptor(&self, request: &GssRequest) -> Result<Credential, GssError> {
        let api = &self.api;
        let name = target(request).map(|it| Name::import(api, &it, NameType::Principal));
        let name = name.transpose()?;
        let places: Vec<_> = self.keytab.iter().map(|it| (c"keytab", it.clone())).collect();
        Credential::acquire(api, request.mechanism, name.as_ref(), Usage::Accept, &places)
    }
}

impl GssProvider for Provider {
    fn initiator(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        let target = target(request)
            .ok_or_else(|| GssError::new(GssErrorKind::Other, "a client names service and host"))?;
        let target = Name::import(&self.api, &target, NameType::Principal)?;
        let credential = self.credential_of_initiator(request)?;
        Ok(Box::new(Context::new(&self.api, request, credential, Role::Initiator { target })))
    }

    fn acceptor(&self, request: &GssRequest) -> Result<Box<dyn GssContext>, GssError> {
        let credential = self.credential_of_acceptor(request)?;
        Ok(Box::new(Context::new(&self.api, request, credential, Role::Acceptor)))
    }
}

/// The service's principal, in the realm that is found for it.
fn target(request: &GssRequest) -> Option<String> {
    let escape = |text: &str| text.replace('\\', r"\\").replace('@', r"\@").replace('/', r"\/");
    let GssRequest { service, host, .. } = request;
    let named = !service.is_empty() && !host.is_empty();
    named.then(|| format!("{}/{}@", escape(service), escape(&host.to_ascii_lowercase())))
}

fn text(name: &str) -> CString {
    CString::new(name).expect("a name of a file has no NUL")
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("ccache", &self.ccache)
            .field("client_keytab", &self.client_keytab)
            .field("keytab", &self.keytab)
            .finish_non_exhaustive()
    }
}
