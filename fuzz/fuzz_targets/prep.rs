//! String preparation: what is prepared stays as it is when it is prepared again.
#![no_main]

use aiosasl::prep::{self, Strings};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for strings in [Strings::Stored, Strings::Query] {
        if let Ok(once) = prep::saslprep(text, strings) {
            assert_eq!(prep::saslprep(&once, strings).expect("prepared"), once);
        }
    }
    for profile in [prep::opaque_string, prep::username_case_preserved, prep::username_case_mapped]
    {
        if let Ok(once) = profile(text) {
            assert_eq!(profile(&once).expect("prepared"), once);
        }
    }
    let _ = prep::trace(text);
});
