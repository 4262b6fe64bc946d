//! MONGODB-X509, both halves.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::vendor("MONGODB-X509", octets));
