//! ACAP's messages, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    acap::{Reply, client, server},
};

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    let _ = server::Tagged::parse(message);
    let _ = server::parse_response(message);
    if let Ok(reply) = Reply::parse(message) {
        for said in [Said::Abort, Said::Request, Said::Response] {
            let _ = client::hear("a", &reply, said);
        }
        // The words of capabilities were made printable, and may be longer than they were.
        if !matches!(reply, Reply::Acap(_)) {
            let written = reply.to_message();
            let written = written.strip_suffix(b"\r\n").expect("a message has its ending");
            assert_eq!(Reply::parse(written), Ok(reply));
        }
    }
});
