//! String preparation, held against its vectors and its laws.

use std::borrow::Cow;

use aiosasl::prep::{PrepError, Strings, saslprep, trace};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn saslprep_vectors() {
    let played = play(include_str!("../../../vectors/saslprep.json"), |entry, input| {
        let strings = match text(entry, "mode") {
            "stored" => Strings::Stored,
            "query" => Strings::Query,
            other => panic!("unknown mode {other}"),
        };
        saslprep(input, strings)
    });
    assert_eq!(played, (53, 36));
}

#[cfg(feature = "precis")]
#[test]
fn precis_vectors() {
    use aiosasl::prep::{opaque_string, username_case_mapped, username_case_preserved};

    let played = play(include_str!("../../../vectors/precis.json"), |entry, input| {
        match text(entry, "profile") {
            "OpaqueString" => opaque_string(input),
            "UsernameCaseMapped" => username_case_mapped(input),
            "UsernameCasePreserved" => username_case_preserved(input),
            other => panic!("unknown profile {other}"),
        }
    });
    assert_eq!(played, (31, 19));
}

/// Plays every entry of a file of vectors, and counts the valid and the malformed.
fn play(
    file: &str,
    prepare: impl for<'a> Fn(&Value, &'a str) -> Result<Cow<'a, str>, PrepError>,
) -> (usize, usize) {
    let vectors: Value = serde_json::from_str(file).expect("JSON");
    let entries = |kind: &str| vectors[kind].as_array().expect(kind).clone();
    for entry in entries("valid") {
        let (id, input, output) =
            (text(&entry, "id"), text(&entry, "input"), text(&entry, "output"));
        let prepared = prepare(&entry, input).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(prepared, output, "{id}");
        assert_eq!(matches!(prepared, Cow::Borrowed(_)), input == output, "{id} copies needlessly");
    }
    for entry in entries("malformed") {
        let (id, input) = (text(&entry, "id"), text(&entry, "input"));
        let error = prepare(&entry, input).expect_err(id);
        assert_eq!(error.as_str(), text(&entry, "expect"), "{id}");
    }
    (entries("valid").len(), entries("malformed").len())
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or_else(|| panic!("no {key} in {entry}"))
}

#[test]
fn trace_maps_nothing_and_allows_what_saslprep_maps_or_refuses() {
    for allowed in
        ["", "sirhc", "e\u{301}", "a\u{A0}b", "\u{2FF0}", "\u{AD}", "😀", "\u{5D0}\u{5D1}"]
    {
        assert_eq!(trace(allowed), Ok(allowed));
    }
    for prohibited in
        ["\0", "a\tb", "\u{7F}", "\u{85}", "\u{200E}", "\u{E000}", "\u{FFFD}", "\u{E0041}"]
    {
        assert_eq!(trace(prohibited), Err(PrepError::Prohibited), "{prohibited:?}");
    }
    for mixed in ["\u{5D0}a", "\u{5D0}1", "1\u{5D0}"] {
        assert_eq!(trace(mixed), Err(PrepError::Bidi), "{mixed:?}");
    }
}

/// What normalization looks at only after Unicode 3.2 takes no part in that of a query string.
#[test]
fn saslprep_leaves_later_characters_alone() {
    for later in [
        "\u{1F100}",          // Unicode 5.2; "0." by today's NFKC
        "a\u{358}\u{301}",    // U+0358 is a mark since Unicode 4.1
        "\u{11099}\u{110BA}", // one character by today's NFKC
        "\u{1F16A}\u{2C7C}a", // Unicode 6.1 and 5.1
    ] {
        assert_eq!(saslprep(later, Strings::Query).unwrap(), later, "{later:?}");
        assert_eq!(saslprep(later, Strings::Stored), Err(PrepError::Unassigned), "{later:?}");
    }
}

#[test]
fn normalization_orders_blocks_and_composes() {
    for (input, output) in [
        ("\u{AC00}\u{11A7}", "\u{AC00}\u{11A7}"), // no trailing consonant
        ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"), // the syllable is closed
        ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
        ("\u{1100}\u{301}\u{1161}", "\u{1100}\u{301}\u{1161}"),
        ("o\u{302}\u{323}\u{301}", "\u{1ED9}\u{301}"),
        ("a\u{30A}\u{301}", "\u{1FB}"),
        ("a\u{5AE}\u{300}", "\u{E0}\u{5AE}"),
        ("a\u{315}\u{300}\u{5AE}\u{300}b", "\u{E0}\u{5AE}\u{300}\u{315}b"),
        ("\u{301}a\u{301}", "\u{301}\u{E1}"),
        ("\u{B47}\u{300}\u{B3E}", "\u{B47}\u{300}\u{B3E}"), // Corrigendum 5
        ("\u{344}", "\u{308}\u{301}"),
        ("\u{958}", "\u{915}\u{93C}"), // excluded from composition
        (
            "\u{FDFA}\u{20}\u{635}",
            "\u{635}\u{644}\u{649} \u{627}\u{644}\u{644}\u{647} \u{639}\u{644}\u{64A}\u{647} \
             \u{648}\u{633}\u{644}\u{645} \u{635}",
        ),
    ] {
        assert_eq!(saslprep(input, Strings::Query).unwrap(), output, "{input:?}");
    }
}

/// A megabyte of each, of what a careless walk would go over again and again: would take hours,
/// were anything here quadratic.
#[test]
fn long_strings_take_linear_time() {
    let long = |unit: &str| unit.repeat((1 << 20) / unit.len());
    for unit in ["\u{301}\u{323}", "\u{5D0}\u{5B0}", "a\u{301}", "\u{1100}\u{1161}", "\u{FDFA}"] {
        let _ = saslprep(&long(unit), Strings::Stored);
        let _ = trace(&long(unit));
    }
    #[cfg(feature = "precis")]
    for unit in [
        "\u{301}\u{323}",
        "\u{30FB}",
        "\u{660}",
        "l\u{B7}l",
        "\u{628}\u{64B}\u{200C}\u{64B}",
        "\u{30FB}\u{30A2}",
    ] {
        let _ = aiosasl::prep::opaque_string(&long(unit));
        let _ = aiosasl::prep::username_case_mapped(&long(unit));
        let _ = aiosasl::prep::username_case_preserved(&long(unit));
    }
}

#[cfg(feature = "precis")]
mod precis {
    use aiosasl::prep::{PrepError, opaque_string, username_case_mapped, username_case_preserved};

    /// RFC 5892 appendix A, rule by rule.
    #[test]
    fn contexts() {
        for (allowed, refused) in [
            // A.1: after a virama, or between letters that would join.
            ("\u{915}\u{94D}\u{200C}\u{937}", "\u{915}\u{200C}\u{937}"),
            ("\u{645}\u{6CC}\u{200C}\u{62E}", "\u{627}\u{200C}\u{62E}"),
            ("\u{628}\u{64B}\u{200C}\u{64B}\u{627}", "\u{628}\u{64B}\u{200C}\u{64B}"),
            // A.2
            ("\u{915}\u{94D}\u{200D}", "\u{628}\u{200D}\u{628}"),
            // A.3
            ("l\u{B7}l", "l\u{B7}L"),
            // A.4
            ("\u{375}\u{3B1}", "\u{3B1}\u{375}"),
            // A.5 and A.6
            ("\u{5D0}\u{5F3}", "\u{5F3}\u{5D0}"),
            ("\u{5D0}\u{5F4}\u{5D1}", "a\u{5F4}"),
            // A.7
            ("\u{30FB}\u{3042}", "a\u{30FB}"),
            ("\u{3005}\u{30FB}", "\u{30FB}"),
            // A.8 and A.9
            ("\u{660}\u{661}", "\u{660}\u{6F1}"),
            ("\u{6F0}\u{6F1}", "\u{6F0}a\u{661}"),
        ] {
            assert_eq!(opaque_string(allowed).as_deref(), Ok(allowed));
            assert_eq!(opaque_string(refused), Err(PrepError::Context), "{refused:?}");
        }
    }

    /// RFC 5893 section 2, condition by condition.
    #[test]
    fn directions() {
        for allowed in
            ["\u{5D0}", "\u{5D0}1", "\u{5D0}\u{5B0}", "\u{627}\u{661}", "\u{5D0}-\u{5D1}"]
        {
            assert_eq!(username_case_preserved(allowed).as_deref(), Ok(allowed));
        }
        for refused in
            ["1\u{5D0}", "a\u{5D0}", "\u{5D0}a\u{5D1}", "\u{627}1\u{661}", "\u{5D0}-", "\u{661}"]
        {
            assert_eq!(username_case_preserved(refused), Err(PrepError::Bidi), "{refused:?}");
        }
    }

    #[test]
    fn widths() {
        assert_eq!(username_case_preserved("\u{FF76}\u{FF9E}").unwrap(), "\u{30AC}");
        assert_eq!(username_case_mapped("ＪＵＬＩＥＴ").unwrap(), "juliet");
        assert_eq!(username_case_preserved("a\u{3000}b"), Err(PrepError::Disallowed));
        assert_eq!(username_case_preserved("\u{FF65}"), Err(PrepError::Context));
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let awkward = proptest::sample::select(vec![
        ' ', 'a', '1', '\u{AD}', '\u{A0}', '\u{301}', '\u{323}', '\u{345}', '\u{1100}', '\u{1161}',
        '\u{11A8}', '\u{AC00}', '\u{200C}', '\u{200D}', '\u{5D0}', '\u{627}', '\u{661}',
        '\u{FF76}', '\u{FF9E}', '\u{FDFA}', '\u{B7}', 'l', '\u{30FB}', '\u{3042}', '\u{94D}',
        '\u{2126}', '\u{130}',
    ]);
    proptest::collection::vec(prop_oneof![3 => awkward, 1 => any::<char>()], 0..24)
        .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn printable_ascii_is_its_own_prepared_form(text in "[ -~]*") {
        for strings in [Strings::Stored, Strings::Query] {
            prop_assert!(matches!(saslprep(&text, strings), Ok(Cow::Borrowed(it)) if it == text));
        }
        prop_assert_eq!(trace(&text), Ok(text.as_str()));
    }

    #[test]
    fn what_is_prepared_stays_as_it_is(text in any_text()) {
        for strings in [Strings::Stored, Strings::Query] {
            if let Ok(once) = saslprep(&text, strings) {
                prop_assert!(matches!(saslprep(&once, strings), Ok(Cow::Borrowed(_))));
            }
        }
        prop_assert!(trace(&text).map_or(true, |it| it == text));
    }

    #[test]
    fn a_stored_string_equals_its_query(text in any_text()) {
        if let Ok(stored) = saslprep(&text, Strings::Stored) {
            prop_assert_eq!(saslprep(&text, Strings::Query), Ok(stored));
        }
    }

    #[cfg(feature = "precis")]
    #[test]
    fn precis_profiles_are_stable(text in any_text()) {
        use aiosasl::prep::{opaque_string, username_case_mapped, username_case_preserved};

        for profile in [opaque_string, username_case_mapped, username_case_preserved] {
            if let Ok(once) = profile(&text) {
                prop_assert!(matches!(profile(&once), Ok(Cow::Borrowed(_))));
            }
        }
    }
}
