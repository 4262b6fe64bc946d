//! `base64.json`, `mechname.json`.

use aiosasl::{
    encoding::{decode, encode},
    name::MechanismName,
};

use crate::ledger::{Vectors, hex, text};

pub(crate) fn base64(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        assert_eq!(decode(text(&vector["text"])).expect("valid"), hex(&vector["hex"]));
        assert_eq!(encode(&hex(&vector["hex"])), text(&vector["text"]));
        vectors.played("valid", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let error = decode(text(&vector["text"])).expect_err("malformed");
        assert_eq!(error.as_str(), text(&vector["expect"]), "{vector}");
        vectors.played("malformed", at);
    }
}

pub(crate) fn mechanism_names(vectors: &mut Vectors) {
    for (at, vector) in vectors.section("valid").iter().enumerate() {
        assert_eq!(MechanismName::parse(text(vector)).expect("valid"), text(vector));
        vectors.played("valid", at);
    }
    for (at, vector) in vectors.section("malformed").iter().enumerate() {
        let name = text(&vector["name"]);
        let error = MechanismName::parse(name).expect_err("malformed");
        assert_eq!(error.as_str(), text(&vector["expect"]), "{vector}");
        let is_relaxed = name.ends_with("-CHALLENGE");
        assert_eq!(
            MechanismName::parse_relaxed(name).is_ok(),
            is_relaxed || name.len() == 21 && error.as_str() == "too-long"
        );
        vectors.played("malformed", at);
    }
}
