//! Accounts in the format `postgresql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::format(
    aiosasl_store::formats::Format::Postgresql,
    octets
));
