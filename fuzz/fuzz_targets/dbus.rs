//! D-Bus's lines, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::dbus::{ClientLine, ServerLine, server};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    if let Ok(read) = ClientLine::parse(line) {
        let written = read.to_line();
        let written = written.strip_suffix(b"\r\n").expect("a line has its ending");
        let again = ClientLine::parse(written).expect("a line of ours");
        // What is printable may have been something else before.
        if !matches!(read, ClientLine::Error(_)) {
            assert_eq!(again, read);
        }
        let _ = server::hear(read);
    }
    if let Ok(read) = ServerLine::parse(line) {
        let written = read.to_line();
        let written = written.strip_suffix(b"\r\n").expect("a line has its ending");
        let _ = ServerLine::parse(written).expect("a line of ours");
    }
});
