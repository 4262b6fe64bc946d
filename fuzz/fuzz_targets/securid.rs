//! SECURID, both halves.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::both(
    &aiosasl::mechanisms::securid::MECHANISM,
    octets
));
