//! SCRAM's client half, with and without a channel binding.
#![no_main]

use aiosasl::mechanisms::scram;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    aiosasl_fuzz::client(&scram::SCRAM_SHA_256, octets);
    aiosasl_fuzz::client(&scram::SCRAM_SHA_1_PLUS, octets);
});
