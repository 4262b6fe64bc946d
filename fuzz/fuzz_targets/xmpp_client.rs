//! XMPP's streams as a client reads them, extensible SASL included: events or an error, and nothing piles up.
#![no_main]

use aiosasl_profiles::{
    WireError,
    xmpp::{MAX_ELEMENT, StreamEvent, StreamReader},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let _ = read(octets);
});

fn read(octets: &[u8]) -> Result<(), WireError> {
    let mut reader = StreamReader::new();
    for chunk in octets.chunks(1024) {
        reader.push(chunk)?;
        while let Some(event) = reader.next_event()? {
            match event {
                StreamEvent::Answer(answer) => _ = answer.message(),
                StreamEvent::Sasl2(answer) => _ = answer.message(),
                _ => {}
            }
        }
        assert!(reader.pending().len() <= 2 * MAX_ELEMENT);
    }
    Ok(())
}
