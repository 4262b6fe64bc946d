//! What a server says of a token that it refuses, and OAUTH10A's message.
#![no_main]

use aiosasl::mechanisms::oauth;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = oauth::parse_refusal(octets);
    let _ = oauth::parse_oauth10a(octets);
});
