//! The lines of Dovecot's authentication protocol, from either end: no octets do harm, and what is written is a line.
#![no_main]

use aiosasl_profiles::{
    Said,
    dovecot::{ClientLine, ServerLine, client},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut handshake = client::Handshake::default();
    for line in aiosasl_fuzz::lines(octets) {
        if let Ok(read) = ClientLine::parse(line) {
            if let Ok(written) = read.to_line() {
                assert_eq!(written.iter().position(|it| *it == b'\n'), Some(written.len() - 1));
            }
            let _ = read.into_message();
        }
        if let Ok(read) = ServerLine::parse(line) {
            for said in [Said::Abort, Said::Request, Said::Response] {
                let _ = client::hear(1, &read, said);
            }
            if let Ok(written) = read.to_line() {
                assert_eq!(written.iter().position(|it| *it == b'\n'), Some(written.len() - 1));
            }
            let _ = handshake.hear(read);
        }
    }
});
