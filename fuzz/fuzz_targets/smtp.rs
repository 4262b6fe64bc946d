//! SMTP's commands and replies: no octets do harm, and a reply that is read is written again as it was.
#![no_main]

use aiosasl_fuzz::lines;
use aiosasl_profiles::{
    Said,
    smtp::{Reply, ReplyReader, client, server},
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let mut reader = ReplyReader::new();
    for line in lines(octets) {
        let _ = server::Command::parse(line);
        let _ = server::hear(line);
        match reader.line(line) {
            Ok(Some(reply)) => look(&reply),
            Ok(None) => {}
            Err(_) => return,
        }
    }
});

fn look(reply: &Reply) {
    for said in [Said::Abort, Said::Request, Said::Response] {
        let _ = client::hear(reply, said);
    }
    if let Ok(capabilities) = client::Capabilities::read(reply) {
        assert!(capabilities.lines.len() < reply.lines.len());
    }
    let mut again = ReplyReader::new();
    let mut read = None;
    for line in lines(&reply.encode()).filter(|line| !line.is_empty()) {
        read = again.line(line).expect("a reply of ours");
    }
    assert_eq!(read.map(|it| (it.code, it.enhanced)), Some((reply.code, reply.enhanced)));
}
