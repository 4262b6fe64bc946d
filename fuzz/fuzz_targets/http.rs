//! HTTP's heads and the fields of its authentication, from either end: no octets do harm, and no message has two lengths.
#![no_main]

use aiosasl_profiles::http::{
    Framing, MAX_HEAD, RequestHead, ResponseHead, client, measure, parse_trailer, server,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(Some(length)) = measure(octets) {
        assert!(length <= octets.len() && length <= MAX_HEAD, "a head of octets that are not there");
    }
    if let Ok(request) = RequestHead::parse(octets) {
        let _ = Framing::of_request(&request);
    }
    if let Ok(response) = ResponseHead::parse(octets) {
        let _ = Framing::of_response(&response);
        let _ = client::offered(&response);
        for challenge in response.challenges() {
            let _ = server::hear(&challenge);
        }
    }
    let _ = parse_trailer(octets);
    let _ = Framing::chunk(octets);
    if let Ok(value) = std::str::from_utf8(octets) {
        let fields = aiosasl_profiles::http::AuthField::parse_list(value).unwrap_or_default();
        for field in fields {
            let _ = server::hear(&field);
        }
    }
});
