//! Accounts in the format `json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::format(
    aiosasl_store::formats::Format::Json,
    octets
));
