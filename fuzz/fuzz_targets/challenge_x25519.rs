//! ECDH-X25519-CHALLENGE, both halves, and keys as text.
#![no_main]

use aiosasl::mechanisms::challenge::{ECDH_X25519_CHALLENGE, x25519};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    aiosasl_fuzz::both(&ECDH_X25519_CHALLENGE, octets);
    if let Ok(text) = core::str::from_utf8(octets) {
        let _ = x25519::private_key_from_text(text);
    }
});
