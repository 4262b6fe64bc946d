//! IMAP's lines, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    imap::{Reply, capability::Capabilities, client, server},
};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    if let Some(tagged) = server::Tagged::parse(line) {
        assert!(line.starts_with(tagged.tag.as_bytes()), "an answer to somebody else");
    }
    let _ = server::parse_response(line);
    let _ = server::announces_literal(line);
    for said in [Said::Abort, Said::Request, Said::Response] {
        let _ = client::hear(line, "a", said);
    }
    let list = Capabilities::parse(line);
    assert!(list.mechanisms().len() + list.unreadable().len() <= list.words().len());
    if let Ok(reply) = Reply::parse(line) {
        let written = reply.to_line();
        let written = written.strip_suffix(b"\r\n").expect("a line has its ending");
        assert_eq!(Reply::parse(written), Ok(reply));
    }
});
