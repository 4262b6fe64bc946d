//! MongoDB's messages, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    frame::FrameBuffer,
    mongodb::{
        MAX_FRAME, Message,
        client::{self, Exchange},
        measure,
        server::Command,
    },
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        let Ok(message) = Message::parse(&frame) else { continue };
        let _ = Command::of(&message.body);
        let _ = client::mechanisms(&message.body);
        let mut exchange = Exchange::new("admin", message.response_to.wrapping_add(1));
        let _ = exchange.hear(&message);
        let _ = exchange.hear_speculation(&message.body);
        let written = message.to_frame().expect("it fits, as it came");
        assert_eq!(Message::parse(&written), Ok(message));
    }
});
