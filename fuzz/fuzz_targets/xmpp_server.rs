//! XMPP's streams as a server reads them: events or a fault that can be told, and nothing piles up.
#![no_main]

use aiosasl_profiles::xmpp::{MAX_ELEMENT, StreamFault, server::StreamReader};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Err(fault) = read(octets) {
        let said = fault.spell();
        assert!(said.ends_with("</stream:error></stream:stream>"));
    }
});

fn read(octets: &[u8]) -> Result<(), StreamFault> {
    let mut reader = StreamReader::new();
    for chunk in octets.chunks(1024) {
        reader.push(chunk)?;
        while reader.next_event()?.is_some() {}
        assert!(reader.pending().len() <= 2 * MAX_ELEMENT);
    }
    Ok(())
}
