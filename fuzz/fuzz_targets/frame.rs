//! What all protocols share that count octets: frames come out as they went in, however they were cut, and what is
//! missing is an error.
#![no_main]

use aiosasl_profiles::{
    WireError,
    frame::{Cursor, FrameBuffer, Writer},
};

const LIMIT: usize = 64;

/// One octet that counts those behind it.
fn measure(head: &[u8]) -> Result<Option<usize>, WireError> {
    Ok(head.first().map(|count| usize::from(*count)))
}

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some((&size, octets)) = octets.split_first() else { return };
    let mut buffer = FrameBuffer::new(LIMIT);
    let mut out = Vec::new();
    for chunk in octets.chunks(usize::from(size).max(1)) {
        if buffer.push(chunk).is_err() {
            return;
        }
        loop {
            match buffer.next_frame(measure) {
                Ok(Some(frame)) => {
                    assert!((1..=LIMIT).contains(&frame.len()));
                    read(&frame);
                    out.extend_from_slice(&frame);
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    out.extend_from_slice(&buffer.take());
    assert_eq!(out, octets, "something was lost");
});

/// Each way to read counted octets gives what the writer made of them.
fn read(frame: &[u8]) {
    let mut cursor = Cursor::new(frame);
    while let Ok(part) = cursor.counted_u8() {
        let mut writer = Writer::new(LIMIT);
        writer.counted_u8(part).counted_u16(part).counted_u32(part);
        let Ok(written) = writer.finish() else { return };
        let mut again = Cursor::new(&written);
        assert_eq!(again.counted_u8(), Ok(part));
        assert_eq!(again.counted_u16(), Ok(part));
        assert_eq!(again.counted_u32(), Ok(part));
        assert_eq!(again.end(), Ok(()));
    }
    let _ = Cursor::new(frame).until_nul();
    let _ = Cursor::new(frame).counted_i16();
    let _ = Cursor::new(frame).counted_i32();
}
