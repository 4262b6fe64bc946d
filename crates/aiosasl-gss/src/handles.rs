//! What the library has made and wants back: names and credentials.

use std::{
    ffi::{CStr, CString},
    ptr,
    sync::Arc,
};

use aiosasl::query::{GssError, GssErrorKind};

use crate::api::{Api, Buffer, Identifier, IdentifierSet, KeyValue, KeyValueSet, Opaque, is_error};

/// As long as there is no reason to end earlier (RFC 2744, `GSS_C_INDEFINITE`).
const INDEFINITE: u32 = u32::MAX;

/// A name in the library's form.
pub(crate) struct Name {
    api: Arc<Api>,
    handle: Opaque,
}

/// How a name's text is read.
#[derive(Clone, Copy)]
pub(crate) enum NameType {
    /// `GSS_C_NT_USER_NAME`
    User,
    /// `GSS_KRB5_NT_PRINCIPAL_NAME`
    Principal,
}

impl NameType {
    fn identifier(self) -> &'static [u8] {
        match self {
            Self::User => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x01],
            Self::Principal => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01],
        }
    }
}

impl Name {
    pub(crate) fn import(api: &Arc<Api>, text: &str, kind: NameType) -> Result<Self, GssError> {
        let mut buffer = Buffer::of(text.as_bytes());
        let mut identifier = Identifier::of(kind.identifier());
        let (mut minor, mut handle) = (0, ptr::null_mut());
        // SAFETY: text and identifier outlive the call, which copies them (RFC 2744 section 5.16).
        let major = unsafe {
            (api.import_name)(&raw mut minor, &raw mut buffer, &raw mut identifier, &raw mut handle)
        };
        if is_error(major) {
            return Err(api.error(major, minor, &[], GssErrorKind::Other));
        }
        Ok(Self { api: Arc::clone(api), handle })
    }

    /// A name that the library has made for us.
    ///
    /// # Safety
    ///
    /// It is the library's, ours to release, and nobody else's.
    pub(crate) unsafe fn owned(api: &Arc<Api>, handle: Opaque) -> Self {
        Self { api: Arc::clone(api), handle }
    }

    pub(crate) fn handle(&self) -> Opaque {
        self.handle
    }

    /// The name as text; empty where there is none.
    pub(crate) fn text(&self) -> Result<String, GssError> {
        if self.handle.is_null() {
            return Ok(String::new());
        }
        let (mut minor, mut buffer) = (0, Buffer::EMPTY);
        // SAFETY: the name is the library's; a null identifier says that its type is not asked for.
        let major = unsafe {
            (self.api.display_name)(&raw mut minor, self.handle, &raw mut buffer, ptr::null_mut())
        };
        let text = self.api.take(buffer);
        if is_error(major) {
            return Err(self.api.error(major, minor, &[], GssErrorKind::Other));
        }
        String::from_utf8(text)
            .map_err(|_| GssError::new(GssErrorKind::BadToken, "a principal is not UTF-8"))
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the name is the library's (or null, which is nothing to release), and it is released once.
        unsafe { (self.api.release_name)(&raw mut minor, &raw mut self.handle) };
    }
}

/// Credentials in the library's form; none is whatever it has by default.
pub(crate) struct Credential {
    api: Arc<Api>,
    handle: Opaque,
}

/// What credentials are for (RFC 2744 section 5.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    /// A client's.
    Initiate = 1,
    /// A server's.
    Accept = 2,
}

impl Credential {
    /// Those of the library's default places.
    pub(crate) fn default_of(api: &Arc<Api>) -> Self {
        Self { api: Arc::clone(api), handle: ptr::null_mut() }
    }

    /// Those of this name, or of any, from these places: `ccache`, `client_keytab`, `keytab`.
    pub(crate) fn acquire(
        api: &Arc<Api>,
        mechanism: &[u8],
        name: Option<&Name>,
        usage: Usage,
        places: &[(&CStr, CString)],
    ) -> Result<Self, GssError> {
        let mut identifier = Identifier::of(mechanism);
        let mut set = IdentifierSet { count: 1, elements: &raw mut identifier };
        let elements: Vec<KeyValue> = places
            .iter()
            .map(|(key, value)| KeyValue {
                key: crate::api::pointer(key),
                value: crate::api::pointer(value),
            })
            .collect();
        let count = u32::try_from(elements.len()).unwrap_or_default();
        let store = KeyValueSet { count, elements: elements.as_ptr() };
        let store: *const KeyValueSet = if count == 0 { ptr::null() } else { &raw const store };
        let name = name.map_or(ptr::null_mut(), Name::handle);
        let (mut minor, mut handle) = (0, ptr::null_mut());
        // SAFETY: name, set and places outlive the call; null stands for what is not asked for, and not told.
        let major = unsafe {
            (api.acquire_cred_from)(
                &raw mut minor,
                name,
                INDEFINITE,
                &raw mut set,
                usage as i32,
                store,
                &raw mut handle,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        Self::checked(api, major, minor, mechanism, handle)
    }

    /// A ticket for this name, by its password; it is kept in memory.
    pub(crate) fn by_password(
        api: &Arc<Api>,
        mechanism: &[u8],
        name: &Name,
        password: &[u8],
    ) -> Result<Self, GssError> {
        let mut identifier = Identifier::of(mechanism);
        let mut set = IdentifierSet { count: 1, elements: &raw mut identifier };
        let mut password = Buffer::of(password);
        let (mut minor, mut handle) = (0, ptr::null_mut());
        // SAFETY: name, password and set outlive the call; null stands for what is not told.
        let major = unsafe {
            (api.acquire_cred_with_password)(
                &raw mut minor,
                name.handle(),
                &raw mut password,
                INDEFINITE,
                &raw mut set,
                Usage::Initiate as i32,
                &raw mut handle,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        Self::checked(api, major, minor, mechanism, handle)
    }

    pub(crate) fn handle(&self) -> Opaque {
        self.handle
    }

    fn checked(
        api: &Arc<Api>,
        major: u32,
        minor: u32,
        mechanism: &[u8],
        handle: Opaque,
    ) -> Result<Self, GssError> {
        if is_error(major) {
            // Whatever it is that fails: there are none.
            return Err(api.error(major, minor, mechanism, GssErrorKind::NoCredentials));
        }
        Ok(Self { api: Arc::clone(api), handle })
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the credentials are the library's (or null, which is nothing to release), and are released once.
        unsafe { (self.api.release_cred)(&raw mut minor, &raw mut self.handle) };
    }
}
