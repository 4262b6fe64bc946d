//! PostgreSQL's frames, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    frame::FrameBuffer,
    postgres::{Awaited, Backend, Frontend, MAX_FRAME, Startup, client, measure},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = Startup::parse(octets) {
        let written = message.to_frame().expect("it fits, as it came");
        assert_eq!(Startup::parse(&written), Ok(message));
    }
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    let mut listener = client::Listener::default();
    if buffer.push(octets).is_err() {
        return;
    }
    while let Ok(Some(frame)) = buffer.next_frame(measure) {
        for awaited in [Awaited::Password, Awaited::SaslInitialResponse, Awaited::SaslResponse] {
            let Ok(message) = Frontend::parse(&frame, awaited) else { continue };
            let written = message.to_frame().expect("it fits, as it came");
            assert_eq!(Frontend::parse(&written, awaited), Ok(message));
        }
        let Ok(message) = Backend::parse(&frame) else { continue };
        let _ = listener.hear(&message, Said::Response);
        if let Ok(written) = message.to_frame() {
            assert_eq!(Backend::parse(&written), Ok(message));
        }
    }
});
