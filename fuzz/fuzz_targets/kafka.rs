//! Kafka's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    frame::FrameBuffer,
    kafka::{Api, MAX_FRAME, Reply, Request, measure},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        if let Ok(request) = Request::parse(&frame) {
            let written = request.to_frame().expect("it fits, as it came");
            assert_eq!(Request::parse(&written), Ok(request));
        }
        for api in [Api::ApiVersions, Api::SaslAuthenticate, Api::SaslHandshake] {
            for version in 0..=api.newest() {
                let Ok(reply) = Reply::parse(&frame, api, version) else { continue };
                let written = reply.to_frame(version).expect("it fits, as it came");
                assert_eq!(Reply::parse(&written, api, version), Ok(reply));
            }
        }
    }
});
