//! Mechanism names.
#![no_main]

use aiosasl::name::MechanismName;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(name) = MechanismName::parse(octets) {
        assert_eq!(name.as_str().as_bytes(), octets);
        assert!(!name.without_plus().is_plus() || name.as_str() == "-PLUS");
    }
    let _ = MechanismName::parse_any_case(octets);
    let _ = MechanismName::parse_relaxed(octets);
});
