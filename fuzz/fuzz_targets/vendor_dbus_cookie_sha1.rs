//! DBUS_COOKIE_SHA1, both halves.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| aiosasl_fuzz::vendor("DBUS_COOKIE_SHA1", octets));
