//! OPENID20, both halves, and what is told of a user.
#![no_main]

use aiosasl::mechanisms::visit::{OPENID20, parse_attributes, spell_attributes};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    aiosasl_fuzz::both(&OPENID20, octets);
    let Ok(text) = core::str::from_utf8(octets) else { return };
    if let Ok(pairs) = parse_attributes(text) {
        let again = spell_attributes(pairs.iter().map(|(name, value)| (&**name, &**value)));
        // Spelled by us it may be longer than it may be: then it is refused.
        if let Ok(read) = parse_attributes(&again) {
            assert_eq!(read, pairs);
        }
    }
});
