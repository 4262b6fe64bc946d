//! DIGEST-MD5, the server's half.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::server(
    &aiosasl::mechanisms::digest_md5::MECHANISM,
    octets
));
