//! XMPP's extensible SASL (XEP-0388), from either end: what a client says and what a server answers, inside a stream.
#![no_main]

use aiosasl_profiles::xmpp::{
    MAX_ELEMENT, StreamEvent, StreamReader,
    server::{self, sasl2},
    sasl2::Answer,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    heard_by_a_client(octets);
    heard_by_a_server(octets);
});

fn heard_by_a_client(octets: &[u8]) {
    let mut reader = StreamReader::new();
    let opening = server::open("example.org", "1");
    if reader.push(opening.as_bytes()).and_then(|()| reader.push(octets)).is_err() {
        return;
    }
    while let Ok(Some(event)) = reader.next_event() {
        let StreamEvent::Sasl2(answer) = event else { continue };
        let _ = answer.message();
        if let Answer::Success(success) = &answer {
            let written = sasl2::success(success);
            let mut again = StreamReader::new();
            again.push(opening.as_bytes()).expect("our opening");
            again.push(written.as_bytes()).expect("a success of ours");
            let found = std::iter::from_fn(|| again.next_event().expect("a success of ours"));
            assert!(found.into_iter().any(|event| matches!(event, StreamEvent::Sasl2(Answer::Success(_)))));
        }
    }
    assert!(reader.pending().len() <= 2 * MAX_ELEMENT);
}

fn heard_by_a_server(octets: &[u8]) {
    const OPENING: &[u8] = b"<stream:stream xmlns='jabber:client' to='example.org' \
        xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
    let mut reader = server::StreamReader::new();
    if reader.push(OPENING).and_then(|()| reader.push(octets)).is_err() {
        return;
    }
    while let Ok(Some(_)) = reader.next_event() {}
    assert!(reader.pending().len() <= 2 * MAX_ELEMENT);
}
