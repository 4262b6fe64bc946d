//! tls-server-end-point from anything that says it is a certificate.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = aiosasl::binding::ChannelBinding::tls_server_end_point(octets);
});
