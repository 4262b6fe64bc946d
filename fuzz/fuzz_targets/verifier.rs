//! SCRAM verifiers as text: what is read is written again as it was.
#![no_main]

use aiosasl::{hash::Hash, mechanisms::scram::VerifierFormat, query::ScramVerifier};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for format in VerifierFormat::ALL {
        if let Ok(verifier) = ScramVerifier::parse(format, text, Some(Hash::Sha256)) {
            let written = verifier.to_text(format);
            let again = ScramVerifier::parse(format, &written, Some(Hash::Sha256));
            assert_eq!(again.expect("our own text"), verifier);
        }
    }
});
