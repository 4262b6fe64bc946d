//! The functions of the library, as RFC 2744, RFC 5588 and MIT's extensions declare them, found at run time.

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    path::Path,
    ptr,
};

use aiosasl::query::{GssError, GssErrorKind};

/// Names, credentials and contexts are the library's own.
pub(crate) type Opaque = *mut c_void;

/// `gss_buffer_desc`
#[repr(C)]
pub(crate) struct Buffer {
    pub(crate) length: usize,
    pub(crate) value: *mut c_void,
}

/// `gss_OID_desc`
#[repr(C)]
pub(crate) struct Identifier {
    pub(crate) length: u32,
    pub(crate) elements: *mut c_void,
}

/// `gss_OID_set_desc`
#[repr(C)]
pub(crate) struct IdentifierSet {
    pub(crate) count: usize,
    pub(crate) elements: *mut Identifier,
}

/// `gss_buffer_set_desc`
#[repr(C)]
pub(crate) struct BufferSet {
    pub(crate) count: usize,
    pub(crate) elements: *mut Buffer,
}

/// `struct gss_channel_bindings_struct`
#[repr(C)]
pub(crate) struct Bindings {
    pub(crate) initiator_addrtype: u32,
    pub(crate) initiator_address: Buffer,
    pub(crate) acceptor_addrtype: u32,
    pub(crate) acceptor_address: Buffer,
    pub(crate) application_data: Buffer,
}

/// `gss_key_value_element_desc`
#[repr(C)]
pub(crate) struct KeyValue {
    pub(crate) key: *const c_char,
    pub(crate) value: *const c_char,
}

/// `gss_key_value_set_desc`
#[repr(C)]
pub(crate) struct KeyValueSet {
    pub(crate) count: u32,
    pub(crate) elements: *const KeyValue,
}

impl Buffer {
    /// Nothing, for the library to fill in.
    pub(crate) const EMPTY: Self = Self { length: 0, value: ptr::null_mut() };

    /// Octets that the library reads; they have to outlive the call.
    pub(crate) fn of(octets: &[u8]) -> Self {
        Self { length: octets.len(), value: octets.as_ptr().cast_mut().cast() }
    }
}

impl Identifier {
    /// The contents of a DER identifier; they have to outlive the call.
    pub(crate) fn of(contents: &[u8]) -> Self {
        let length = u32::try_from(contents.len()).unwrap_or_default();
        Self { length, elements: contents.as_ptr().cast_mut().cast() }
    }
}

macro_rules! api {
    ($($field:ident = $symbol:literal: fn($($argument:ty),*);)+) => {
        /// The functions, which stay where they are as long as the value lives.
        pub(crate) struct Api {
            $(pub(crate) $field: unsafe extern "C" fn($($argument),*) -> u32,)+
            _library: libloading::Library,
        }

        impl Api {
            /// Loads the library at this path, or of this name.
            pub(crate) fn load(path: &Path) -> Result<Self, GssError> {
                let unavailable = |error: libloading::Error| {
                    let text = format!("{}: {error}", path.display());
                    GssError::new(GssErrorKind::Unavailable, text)
                };
                // SAFETY: loading runs the library's initialisers; that it is a GSS-API library is the caller's promise, and
                // true of the names that are looked for by default.
                let library = unsafe { libloading::Library::new(path) }.map_err(unavailable)?;
                Ok(Self {
                    $($field: {
                        // SAFETY: the symbol is a function of this type, as RFC 2744 and its extensions declare it.
                        *unsafe { library.get::<unsafe extern "C" fn($($argument),*) -> u32>($symbol) }
                            .map_err(unavailable)?
                    },)+
                    _library: library,
                })
            }
        }
    };
}

api! {
    import_name = b"gss_import_name\0": fn(*mut u32, *mut Buffer, *mut Identifier, *mut Opaque);
    display_name = b"gss_display_name\0": fn(*mut u32, Opaque, *mut Buffer, *mut *mut Identifier);
    release_name = b"gss_release_name\0": fn(*mut u32, *mut Opaque);
    display_status =
        b"gss_display_status\0": fn(*mut u32, u32, c_int, *mut Identifier, *mut u32, *mut Buffer);
    acquire_cred_from = b"gss_acquire_cred_from\0": fn(
        *mut u32, Opaque, u32, *mut IdentifierSet, c_int, *const KeyValueSet, *mut Opaque, *mut *mut IdentifierSet, *mut u32
    );
    acquire_cred_with_password = b"gss_acquire_cred_with_password\0": fn(
        *mut u32, Opaque, *mut Buffer, u32, *mut IdentifierSet, c_int, *mut Opaque, *mut *mut IdentifierSet, *mut u32
    );
    release_cred = b"gss_release_cred\0": fn(*mut u32, *mut Opaque);
    init_sec_context = b"gss_init_sec_context\0": fn(
        *mut u32, Opaque, *mut Opaque, Opaque, *mut Identifier, u32, u32, *mut Bindings, *mut Buffer, *mut *mut Identifier,
        *mut Buffer, *mut u32, *mut u32
    );
    accept_sec_context = b"gss_accept_sec_context\0": fn(
        *mut u32, *mut Opaque, Opaque, *mut Buffer, *mut Bindings, *mut Opaque, *mut *mut Identifier, *mut Buffer, *mut u32,
        *mut u32, *mut Opaque
    );
    inquire_context = b"gss_inquire_context\0": fn(
        *mut u32, Opaque, *mut Opaque, *mut Opaque, *mut u32, *mut *mut Identifier, *mut u32, *mut c_int, *mut c_int
    );
    inquire_sec_context_by_oid =
        b"gss_inquire_sec_context_by_oid\0": fn(*mut u32, Opaque, *mut Identifier, *mut *mut BufferSet);
    delete_sec_context = b"gss_delete_sec_context\0": fn(*mut u32, *mut Opaque, *mut Buffer);
    wrap = b"gss_wrap\0": fn(*mut u32, Opaque, c_int, u32, *mut Buffer, *mut c_int, *mut Buffer);
    unwrap = b"gss_unwrap\0": fn(*mut u32, Opaque, *mut Buffer, *mut Buffer, *mut c_int, *mut u32);
    wrap_size_limit = b"gss_wrap_size_limit\0": fn(*mut u32, Opaque, c_int, u32, u32, *mut u32);
    release_buffer = b"gss_release_buffer\0": fn(*mut u32, *mut Buffer);
    release_buffer_set = b"gss_release_buffer_set\0": fn(*mut u32, *mut *mut BufferSet);
}

/// Statuses (RFC 2744 section 3.9.1).
pub(crate) const COMPLETE: u32 = 0;
pub(crate) const CONTINUE_NEEDED: u32 = 1;
const BAD_BINDINGS: u32 = 4;
const BAD_SIGNATURE: u32 = 6;
const NO_CREDENTIALS: u32 = 7;
const DEFECTIVE_TOKEN: u32 = 9;
const DEFECTIVE_CREDENTIAL: u32 = 10;
const CREDENTIALS_EXPIRED: u32 = 11;
const FAILURE: u32 = 13;
const BAD_MECHANISM: u32 = 1;
const UNAVAILABLE: u32 = 16;

/// Whether the status is an error: of the call, or of the routine.
pub(crate) fn is_error(major: u32) -> bool {
    major & 0xffff_0000 != 0
}

impl Api {
    /// What a status means; `failure` is what one without a name of its own is taken for.
    pub(crate) fn error(
        &self,
        major: u32,
        minor: u32,
        mechanism: &[u8],
        failure: GssErrorKind,
    ) -> GssError {
        let kind = match major >> 16 & 0xff {
            BAD_BINDINGS => GssErrorKind::BadBindings,
            NO_CREDENTIALS | DEFECTIVE_CREDENTIAL | CREDENTIALS_EXPIRED => {
                GssErrorKind::NoCredentials
            }
            // 0: a duplicate, old or unexpected token is none that may be used (RFC 4752 section 3).
            DEFECTIVE_TOKEN | BAD_SIGNATURE | 0 => GssErrorKind::BadToken,
            BAD_MECHANISM | UNAVAILABLE => GssErrorKind::Unavailable,
            FAILURE => failure,
            _ => GssErrorKind::Other,
        };
        let mut text = self.status(major, 1, &[]);
        if minor != 0 {
            for more in self.status(minor, 2, mechanism) {
                if !text.contains(&more) {
                    text.push(more);
                }
            }
        }
        GssError::new(kind, text.join("; "))
    }

    /// The library's texts for a status, a few at most.
    fn status(&self, status: u32, of: c_int, mechanism: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        let mut identifier = Identifier::of(mechanism);
        let identifier: *mut Identifier =
            if mechanism.is_empty() { ptr::null_mut() } else { &raw mut identifier };
        let mut more = 0;
        while texts.len() < 4 {
            let (mut minor, mut buffer) = (0, Buffer::EMPTY);
            // SAFETY: all pointers are those of values that live here; `identifier` may be null (RFC 2744 section 5.11).
            let major = unsafe {
                (self.display_status)(
                    &raw mut minor,
                    status,
                    of,
                    identifier,
                    &raw mut more,
                    &raw mut buffer,
                )
            };
            let text = self.take(buffer);
            if is_error(major) {
                break;
            }
            texts.push(String::from_utf8_lossy(&text).into_owned());
            if more == 0 {
                break;
            }
        }
        texts
    }

    /// The octets that the library has filled in; its buffer is released.
    pub(crate) fn take(&self, mut buffer: Buffer) -> Vec<u8> {
        let octets = octets(&buffer).to_vec();
        let mut minor = 0;
        // SAFETY: the library has filled the buffer in (or left it empty), and it is released once: it is ours by value.
        unsafe { (self.release_buffer)(&raw mut minor, &raw mut buffer) };
        octets
    }
}

/// The octets of a buffer that the library has filled in, or left empty.
pub(crate) fn octets(buffer: &Buffer) -> &[u8] {
    if buffer.value.is_null() || buffer.length == 0 {
        return &[];
    }
    // SAFETY: the library says that so many octets are there, and the buffer is not released while it is borrowed.
    unsafe { std::slice::from_raw_parts(buffer.value.cast(), buffer.length) }
}

/// The contents of an identifier that the library has named.
///
/// # Safety
///
/// It is null, or the library's, which keeps such identifiers for ever.
pub(crate) unsafe fn contents(identifier: *const Identifier) -> Vec<u8> {
    if identifier.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's promise; an identifier has so many octets.
    unsafe {
        let Identifier { length, elements } = &*identifier;
        let length = usize::try_from(*length).unwrap_or_default();
        if elements.is_null() {
            return Vec::new();
        }
        std::slice::from_raw_parts(elements.cast::<u8>(), length).to_vec()
    }
}

/// A text for the library.
pub(crate) fn pointer(text: &CStr) -> *const c_char {
    text.as_ptr()
}
