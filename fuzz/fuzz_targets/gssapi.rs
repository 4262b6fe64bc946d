//! GSSAPI, GS2 and GSS-SPNEGO, both halves.
#![no_main]

use aiosasl::mechanisms::gssapi::{
    GS2_KRB5, GS2_KRB5_PLUS, GSS_SPNEGO, GSSAPI, KERBEROS, restore_header, strip_header,
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    for mechanism in [&GSSAPI, &GS2_KRB5, &GS2_KRB5_PLUS, &GSS_SPNEGO] {
        aiosasl_fuzz::gss(mechanism, octets);
    }
    if let Some(inner) = strip_header(KERBEROS, octets) {
        assert_eq!(restore_header(KERBEROS, inner), octets);
    }
});
