//! NNTP's lines, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    nntp::{Reply, capability::Capabilities, client, listed, server},
};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    let _ = server::Command::parse(line);
    let _ = server::parse_response(line);
    for said in [Said::Abort, Said::Request, Said::Response] {
        let _ = client::hear(line, said);
    }
    let mut list = Capabilities::default();
    if let Some(entry) = listed(line) {
        list.push(entry);
    }
    assert!(list.mechanisms().len() + list.unreadable().len() <= 512);
    if let Ok(reply) = Reply::parse(line) {
        let written = reply.to_line();
        let written = written.strip_suffix(b"\r\n").expect("a line has its ending");
        assert_eq!(Reply::parse(written), Ok(reply));
    }
});
