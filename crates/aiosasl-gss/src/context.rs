//! A security context of the library's.

use std::{ptr, sync::Arc};

use aiosasl::{
    query::{GssContext, GssError, GssErrorKind, GssProperties, GssRequest, GssStep, Protection},
    secret::Secret,
};

use crate::{
    api::{
        self, Api, Bindings, Buffer, BufferSet, COMPLETE, CONTINUE_NEEDED, Identifier, Opaque,
        is_error,
    },
    handles::{Credential, Name},
};

/// Flags of contexts (RFC 2744 section 5.19).
const MUTUAL: u32 = 2;
const REPLAY: u32 = 4;
const SEQUENCE: u32 = 8;
const CONFIDENTIALITY: u32 = 16;
const INTEGRITY: u32 = 32;
const ANONYMOUS: u32 = 64;
/// The initiator is bound to the same channel (MIT 1.19 and later).
const CHANNEL_BOUND: u32 = 2048;

/// 1.2.840.113554.1.2.2.5.15: a context's strength, four octets (MIT's `GSS_C_SEC_CONTEXT_SASL_SSF`).
const STRENGTH: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x05, 0x0f];

/// Which end of a context.
pub(crate) enum Role {
    /// The client's, which names the service.
    Initiator {
        /// The service.
        target: Name,
    },
    /// The server's.
    Acceptor,
}

/// What came of a call.
struct Called {
    major: u32,
    minor: u32,
    flags: u32,
    token: Vec<u8>,
}

/// A context, one end of it.
pub(crate) struct Context {
    api: Arc<Api>,
    handle: Opaque,
    credential: Credential,
    role: Role,
    mechanism: &'static [u8],
    flags: u32,
    channel_binding: Option<Secret>,
    is_established: bool,
}

// SAFETY: the library's objects belong to no thread, and nobody else has these: a context, its credentials and its target are
// used through `&mut self`, or released, by one thread at a time. What `&self` does is nothing that changes them.
unsafe impl Send for Context {}

impl Context {
    pub(crate) fn new(
        api: &Arc<Api>,
        request: &GssRequest,
        credential: Credential,
        role: Role,
    ) -> Self {
        let flag = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
        let flags = flag(request.mutual, MUTUAL)
            | flag(request.integrity, INTEGRITY | REPLAY | SEQUENCE)
            | flag(request.confidentiality, CONFIDENTIALITY);
        Self {
            api: Arc::clone(api),
            handle: ptr::null_mut(),
            credential,
            role,
            mechanism: request.mechanism,
            flags,
            channel_binding: request.channel_binding.clone(),
            is_established: false,
        }
    }

    /// One call of `GSS_Init_sec_context` or `GSS_Accept_sec_context`.
    fn call(&mut self, token: Option<&[u8]>) -> Called {
        let mut input = token.map_or(Buffer::EMPTY, Buffer::of);
        let mut output = Buffer::EMPTY;
        let (mut minor, mut flags) = (0, 0);
        let mut bindings = Bindings {
            initiator_addrtype: 0,
            initiator_address: Buffer::EMPTY,
            acceptor_addrtype: 0,
            acceptor_address: Buffer::EMPTY,
            application_data: self
                .channel_binding
                .as_ref()
                .map_or(Buffer::EMPTY, |it| Buffer::of(it.expose())),
        };
        let bindings: *mut Bindings =
            if self.channel_binding.is_some() { &raw mut bindings } else { ptr::null_mut() };
        let credential = self.credential.handle();
        let major = match &self.role {
            Role::Initiator { target } => {
                let mut mechanism = Identifier::of(self.mechanism);
                // SAFETY: token, bindings, target and credentials outlive the call; the context is null at first, and what
                // the library has made of it later; null stands for what is not told (RFC 2744 section 5.19).
                unsafe {
                    (self.api.init_sec_context)(
                        &raw mut minor,
                        credential,
                        &raw mut self.handle,
                        target.handle(),
                        &raw mut mechanism,
                        self.flags,
                        0,
                        bindings,
                        &raw mut input,
                        ptr::null_mut(),
                        &raw mut output,
                        &raw mut flags,
                        ptr::null_mut(),
                    )
                }
            }
            // SAFETY: as above (RFC 2744 section 5.1); names and delegated credentials are not asked for.
            Role::Acceptor => unsafe {
                (self.api.accept_sec_context)(
                    &raw mut minor,
                    &raw mut self.handle,
                    credential,
                    &raw mut input,
                    bindings,
                    ptr::null_mut(),
                    ptr::null_mut(),
                    &raw mut output,
                    &raw mut flags,
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            },
        };
        Called { major, minor, flags, token: self.api.take(output) }
    }

    /// Whether the peer's binding is ours to check.
    fn should_be_bound(&self) -> bool {
        self.channel_binding.is_some() && matches!(self.role, Role::Acceptor)
    }

    fn error(&self, major: u32, minor: u32, failure: GssErrorKind) -> GssError {
        self.api.error(major, minor, self.mechanism, failure)
    }

    /// What is known of the context; an error where the library does not say.
    fn inquire(&self) -> Result<GssProperties, GssError> {
        let (mut minor, mut flags) = (0, 0);
        let (mut initiator, mut acceptor) = (ptr::null_mut(), ptr::null_mut());
        let mut mechanism: *mut Identifier = ptr::null_mut();
        // SAFETY: the context is established; what comes back are names of ours to release, and an identifier of the
        // library's to look at (RFC 2744 section 5.21).
        let (major, initiator, acceptor, mechanism) = unsafe {
            let major = (self.api.inquire_context)(
                &raw mut minor,
                self.handle,
                &raw mut initiator,
                &raw mut acceptor,
                ptr::null_mut(),
                &raw mut mechanism,
                &raw mut flags,
                ptr::null_mut(),
                ptr::null_mut(),
            );
            let names = (Name::owned(&self.api, initiator), Name::owned(&self.api, acceptor));
            (major, names.0, names.1, api::contents(mechanism))
        };
        if is_error(major) {
            return Err(self.error(major, minor, GssErrorKind::Other));
        }
        Ok(GssProperties {
            initiator: initiator.text()?.into(),
            acceptor: acceptor.text()?.into(),
            mechanism: mechanism.into(),
            mutual: flags & MUTUAL != 0,
            integrity: flags & INTEGRITY != 0,
            confidentiality: flags & CONFIDENTIALITY != 0,
            anonymous: flags & ANONYMOUS != 0,
            strength: self.strength(),
        })
    }

    /// The strength in bits; 0 where the library does not know.
    fn strength(&self) -> u16 {
        let mut identifier = Identifier::of(STRENGTH);
        let (mut minor, mut set) = (0, ptr::null_mut::<BufferSet>());
        // SAFETY: the context is established; the set is null or the library's, read once and released once.
        unsafe {
            let major = (self.api.inquire_sec_context_by_oid)(
                &raw mut minor,
                self.handle,
                &raw mut identifier,
                &raw mut set,
            );
            let mut strength = 0;
            if !is_error(major) && !set.is_null() && (*set).count > 0 {
                if let [0, 0, high, low] = api::octets(&*(*set).elements) {
                    strength = u16::from_be_bytes([*high, *low]);
                }
            }
            (self.api.release_buffer_set)(&raw mut minor, &raw mut set);
            strength
        }
    }

    fn established(&self) -> Result<(), GssError> {
        if self.is_established {
            Ok(())
        } else {
            Err(GssError::new(GssErrorKind::Other, "the security context is not established"))
        }
    }
}

impl GssContext for Context {
    fn step(&mut self, token: Option<&[u8]>) -> Result<GssStep, GssError> {
        if self.is_established {
            return Err(GssError::new(
                GssErrorKind::BadToken,
                "the security context stands already",
            ));
        }
        let Called { major, minor, flags, token: output } = self.call(token);
        if is_error(major) || major & !CONTINUE_NEEDED != COMPLETE {
            // Of a failure at an answer to the peer, the peer is taken to be the reason.
            let failure =
                if token.is_some() { GssErrorKind::BadToken } else { GssErrorKind::Other };
            return Err(self.error(major, minor, failure));
        }
        self.is_established = major == COMPLETE;
        if self.is_established && self.should_be_bound() && flags & CHANNEL_BOUND == 0 {
            // The library lets initiators in that are bound to nothing; what they say beside is not theirs then.
            self.is_established = false;
            let text = "the peer's security context is bound to no channel";
            return Err(GssError::new(GssErrorKind::BadBindings, text));
        }
        let token = (!output.is_empty()).then(|| Secret::new(output));
        Ok(GssStep { token, established: self.is_established })
    }

    fn properties(&self) -> Option<GssProperties> {
        self.established().and_then(|()| self.inquire()).ok()
    }

    fn wrap(&mut self, protection: Protection, octets: &[u8]) -> Result<Vec<u8>, GssError> {
        self.established()?;
        let wanted = i32::from(protection == Protection::Confidentiality);
        let (mut input, mut output) = (Buffer::of(octets), Buffer::EMPTY);
        let (mut minor, mut done) = (0, 0);
        // SAFETY: the context is established, the octets outlive the call, the output is taken below.
        let major = unsafe {
            (self.api.wrap)(
                &raw mut minor,
                self.handle,
                wanted,
                0,
                &raw mut input,
                &raw mut done,
                &raw mut output,
            )
        };
        let output = self.api.take(output);
        if major != COMPLETE {
            return Err(self.error(major, minor, GssErrorKind::Other));
        }
        if wanted != 0 && done == 0 {
            let text = "the security context has no confidentiality";
            return Err(GssError::new(GssErrorKind::Unavailable, text));
        }
        Ok(output)
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<(Vec<u8>, Protection), GssError> {
        self.established()?;
        let (mut input, mut output) = (Buffer::of(token), Buffer::EMPTY);
        let (mut minor, mut hidden) = (0, 0);
        // SAFETY: the context is established, the token outlives the call, the output is taken below; the quality of
        // protection is not asked for.
        let major = unsafe {
            (self.api.unwrap)(
                &raw mut minor,
                self.handle,
                &raw mut input,
                &raw mut output,
                &raw mut hidden,
                ptr::null_mut(),
            )
        };
        let output = self.api.take(output);
        if major != COMPLETE {
            return Err(self.error(major, minor, GssErrorKind::BadToken));
        }
        let protection =
            if hidden == 0 { Protection::Integrity } else { Protection::Confidentiality };
        Ok((output, protection))
    }

    fn wrap_size_limit(&mut self, protection: Protection, max_token: u32) -> Result<u32, GssError> {
        self.established()?;
        let wanted = i32::from(protection == Protection::Confidentiality);
        let (mut minor, mut limit) = (0, 0);
        // SAFETY: the context is established; the limit is a number of ours.
        let major = unsafe {
            (self.api.wrap_size_limit)(
                &raw mut minor,
                self.handle,
                wanted,
                0,
                max_token,
                &raw mut limit,
            )
        };
        if major != COMPLETE {
            return Err(self.error(major, minor, GssErrorKind::Other));
        }
        Ok(limit)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the context is the library's (or null, which is nothing to delete), and is deleted once; no token for the
        // peer is asked for.
        unsafe {
            (self.api.delete_sec_context)(&raw mut minor, &raw mut self.handle, ptr::null_mut())
        };
    }
}
