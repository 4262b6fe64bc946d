//! IRC's lines, both halves: whatever they say, a message is written as it was read, and chunks are bounded.
#![no_main]

use aiosasl_fuzz::lines;
use aiosasl_profiles::{
    Said,
    irc::{
        Message,
        capability::{CapReply, Capabilities, MAX_WORDS, Mechanisms},
        chunks::{Chunks, Heard, MAX_BASE64},
        client::Listener,
        server::{self, Command},
    },
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut capabilities = Capabilities::default();
    let mut listener = Listener::new(Said::Response);
    let mut chunks = Chunks::default();
    for line in lines(octets) {
        if let Command::Authenticate(parameter) = Command::parse(line) {
            let _ = server::mechanism(parameter.expose());
            if let Ok(Heard::Message(message)) = chunks.push(parameter.expose()) {
                assert!(message.expose().len() <= MAX_BASE64);
                chunks = Chunks::default();
            }
        }
        let Ok(message) = Message::parse(line) else { continue };
        let written = message.to_line();
        let written = written.strip_suffix(b"\r\n").expect("a line has an ending");
        assert_eq!(Message::parse(written), Ok(message.clone()));
        if let Some(CapReply::Ls { list, .. }) = CapReply::of(&message) {
            capabilities.extend(list);
            assert!(capabilities.words().len() <= MAX_WORDS);
        }
        let _ = Mechanisms::parse(message.text());
        let _ = listener.hear(&message);
    }
});
