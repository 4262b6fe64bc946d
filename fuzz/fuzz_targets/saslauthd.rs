//! saslauthd's requests and replies: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::saslauthd::{
    ClientAddress, Reply, Request, measure_reply, measure_request, measure_request_with_address,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    for (client_address, measure) in [
        (ClientAddress::Absent, measure_request as aiosasl_profiles::frame::Measure),
        (ClientAddress::Present, measure_request_with_address),
    ] {
        if let Ok(request) = Request::parse(octets, client_address) {
            assert_eq!(measure(octets), Ok(Some(octets.len())));
            assert_eq!(*request.to_frame().expect("it fits, as it came"), octets);
        }
    }
    let _ = measure_reply(octets);
    if let Ok(reply) = Reply::parse(octets) {
        let _ = reply.into_result();
    }
});
