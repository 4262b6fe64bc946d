//! ZooKeeper's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    frame::FrameBuffer,
    zookeeper::{ConnectRequest, ConnectResponse, MAX_FRAME, Reply, Request, client, measure},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        let _ = ConnectRequest::parse(&frame);
        let _ = ConnectResponse::parse(&frame);
        let _ = client::hear(&frame, 1);
        if let Ok(request) = Request::parse(&frame) {
            if let Ok(written) = request.to_frame() {
                assert_eq!(Request::parse(&written), Ok(request));
            }
        }
        if let Ok(reply) = Reply::parse(&frame) {
            let written = reply.to_frame().expect("it fits, as it came");
            assert_eq!(Reply::parse(&written), Ok(reply));
        }
    }
});
