//! memcached's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    frame::FrameBuffer,
    memcached::{MAX_FRAME, Request, Response, client, measure},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        if let Ok(request) = Request::parse(&frame) {
            let written = request.to_frame().expect("it fits, as it came");
            assert_eq!(Request::parse(&written), Ok(request.clone()));
            let _ = request.into_message();
        }
        if let Ok(response) = Response::parse(&frame) {
            let written = response.to_frame().expect("it fits, as it came");
            assert_eq!(Response::parse(&written), Ok(response.clone()));
            let _ = client::hear(&response, response.opaque, Said::Response);
            let _ = client::mechanisms(&response);
        }
    }
});
