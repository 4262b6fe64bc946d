//! DIGEST-MD5, the client's half.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::client(
    &aiosasl::mechanisms::digest_md5::MECHANISM,
    octets
));
