//! Cassandra's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    cassandra::{Frame, MAX_FRAME, Message, client, measure},
    frame::FrameBuffer,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(octets)) = buffer.next_frame(measure) {
        let Ok(frame) = Frame::parse(&octets) else { continue };
        let _ = client::hear(&frame.message);
        // An error's words were made printable, and may be longer than they were.
        if !matches!(frame.message, Message::Error { .. }) {
            let written = frame.to_octets().expect("it fits, as it came");
            assert_eq!(Frame::parse(&written), Ok(frame));
        }
    }
});
