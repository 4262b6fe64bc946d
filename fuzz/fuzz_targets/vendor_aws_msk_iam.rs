//! AWS_MSK_IAM, both halves.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::vendor("AWS_MSK_IAM", octets));
