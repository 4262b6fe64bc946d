//! Base64: one text for each octets, and no other.
#![no_main]

use aiosasl::encoding::{decode, encode};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    assert_eq!(decode(encode(octets)).expect("our own text"), octets);
    if let Ok(decoded) = decode(octets) {
        assert_eq!(encode(&decoded).as_bytes(), octets);
    }
});
