//! Password hashes as text: what is read is written again as it was, and never asks for more than it may.
#![no_main]

use aiosasl_store::{HashPolicy, PasswordHash};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(hash) = PasswordHash::parse(text) {
        let written = hash.to_text();
        let again = PasswordHash::parse(&written).expect("our own text");
        assert_eq!(again, hash);
        assert_eq!(again.to_text(), written);
        let policy = HashPolicy::new(hash.scheme()).and_then(|it| it.with_cost(hash.cost()));
        assert!(policy.is_ok() || !hash.scheme().can_make(), "costs out of bounds");
    }
    if let Ok(policy) = text.parse::<HashPolicy>() {
        assert_eq!(policy.to_string().parse::<HashPolicy>().expect("our own text"), policy);
    }
});
