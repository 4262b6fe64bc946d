//! Subversion's items, from either end: no octets do harm, and what is read is written again as it was.
#![no_main]

use aiosasl_profiles::svn::{Item, MAX_ITEM, client, measure, server};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(Some(length)) = measure(octets) {
        assert!(length <= octets.len() && length <= MAX_ITEM, "an item of octets that are not there");
    }
    let Ok(item) = Item::parse(octets) else { return };
    let _ = client::greeting(&item);
    let _ = client::auth_request(&item);
    let _ = server::url(&item);
    let _ = server::hear(&item, None);
    assert_eq!(Item::parse(&item.to_octets()), Ok(item));
});
