//! ECDSA-NIST256P-CHALLENGE, both halves, keys in PEM, and signatures.
#![no_main]

use aiosasl::mechanisms::challenge::{ECDSA_NIST256P_CHALLENGE, ecdsa};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    aiosasl_fuzz::both(&ECDSA_NIST256P_CHALLENGE, octets);
    if let Ok(text) = core::str::from_utf8(octets) {
        let _ = ecdsa::private_key_from_pem(text);
    }
    if let Some((key, signature)) = octets.split_at_checked(33) {
        let _ = ecdsa::verify(key, &[7; 32], signature);
    }
});
