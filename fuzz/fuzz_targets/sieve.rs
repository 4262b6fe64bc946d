//! ManageSieve's messages, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::{
    Said,
    sieve::{MAX_STRING, Reply, Scanned, Sender, capability::Capabilities, client, scan, server},
};

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    let _ = server::Command::parse(message);
    let _ = server::parse_response(message);
    for by in [Sender::AnyClient, Sender::Client, Sender::Server] {
        if let Ok(Scanned::Wants(count)) = scan(message, by) {
            assert!(count <= MAX_STRING && message.ends_with(b"}"), "octets behind no literal");
        }
    }
    let Ok(reply) = Reply::parse(message) else { return };
    for said in [Said::Abort, Said::Request, Said::Response] {
        let _ = client::hear(&reply, said);
    }
    if let Reply::Strings(strings) = &reply {
        let mut list = Capabilities::default();
        let _ = list.push(strings);
        assert!(list.mechanisms().len() + list.unreadable().len() <= 512);
    }
    let written = reply.to_message();
    let written = written.strip_suffix(b"\r\n").expect("a message has its ending");
    assert_eq!(Reply::parse(written), Ok(reply));
});
