//! Mechanism names.
#![no_main]

use aiosasl::name::MechanismName;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(name) = MechanismName::parse(octets) {
        assert_eq!(name.as_str().as_bytes(), octets);
        assert!(name.is_plus() || name.without_plus() == name);
    }
    let _ = MechanismName::parse_any_case(octets);
    let _ = MechanismName::parse_relaxed(octets);
});
