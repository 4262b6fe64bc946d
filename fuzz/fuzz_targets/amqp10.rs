//! AMQP 1.0's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    amqp10::{MAX_FRAME, Message, client, measure},
    frame::FrameBuffer,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        let Ok(message) = Message::parse(&frame) else { continue };
        let _ = client::hear(&message);
        // What was not UTF-8 has become longer.
        if let Ok(written) = message.to_frame() {
            assert_eq!(Message::parse(&written), Ok(message));
        }
    }
});
