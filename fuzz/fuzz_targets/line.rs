//! What all protocols of lines share: lines come out as they went in, however they were cut, and none is too long.
#![no_main]

use aiosasl_profiles::line::{Ending, LineBuffer};

const LIMIT: usize = 64;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some((&size, octets)) = octets.split_first() else { return };
    let mut buffer = LineBuffer::new(LIMIT, Ending::CrLfOrLf);
    let mut out = 0;
    for chunk in octets.chunks(usize::from(size).max(1)) {
        if buffer.push(chunk).is_err() {
            return;
        }
        loop {
            match buffer.next_line() {
                Ok(Some(line)) => {
                    assert!(line.len() <= LIMIT && !line.contains(&b'\n'));
                    out += line.len() + 1;
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert!(out + buffer.len() <= octets.len(), "octets from nowhere");
});
