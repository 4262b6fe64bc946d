//! HT-*, both halves, in both forms, tied to the channel and not.
#![no_main]

use aiosasl::{
    mechanism::Mechanism,
    mechanisms::ht::{self, Form, HtClient, Member, Pairs},
};

const KEY_VALUE: Mechanism = Mechanism {
    client: |context| {
        let form = Form::KeyValue(Pairs::default());
        Ok(Box::new(HtClient::new(&Member::SHA_256_EXPR, &form, context)?))
    },
    ..ht::HT_SHA_256_EXPR
};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    for mechanism in [ht::HT_SHA_256_EXPR, KEY_VALUE, ht::HT_SHA_512_NONE] {
        aiosasl_fuzz::both(&mechanism, octets);
    }
});
