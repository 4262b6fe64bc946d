//! The steps that the profiles of stringprep share (RFC 3454).

use super::error::PrepError;
use super::{lookup, tables};

/// Prohibited by SASLprep and "trace" alike (RFC 4013 section 2.3, RFC 4505 section 3).
pub(super) static ALWAYS_PROHIBITED: [&[(u32, u32)]; 8] = [
    tables::C_2_1,
    tables::C_2_2,
    tables::C_3,
    tables::C_4,
    tables::C_5,
    tables::C_6,
    tables::C_8,
    tables::C_9,
];

/// Section 5: none of `tables` may hold a character of the output.
pub(super) fn check_prohibited(text: &str, tables: &[&[(u32, u32)]]) -> Result<(), PrepError> {
    let prohibited = |c: char| tables.iter().any(|table| lookup::contains(table, c));
    if text.chars().any(prohibited) { Err(PrepError::Prohibited) } else { Ok(()) }
}

/// Section 6: right-to-left text allows no left-to-right character beside it, and stands at both
/// ends.
pub(super) fn check_bidi(text: &str) -> Result<(), PrepError> {
    let right_to_left = |c: char| lookup::contains(tables::D_1, c);
    let left_to_right = |c: char| lookup::contains(tables::D_2, c);
    let fits = !text.chars().any(right_to_left)
        || (text.starts_with(right_to_left)
            && text.ends_with(right_to_left)
            && !text.chars().any(left_to_right));
    if fits { Ok(()) } else { Err(PrepError::Bidi) }
}

/// Section 7: stored strings hold no code point that Unicode 3.2 had not assigned.
pub(super) fn check_assigned(text: &str) -> Result<(), PrepError> {
    let unassigned = |c: char| lookup::contains(tables::A_1, c);
    if text.chars().any(unassigned) { Err(PrepError::Unassigned) } else { Ok(()) }
}

/// Printable ASCII and SPACE: its own prepared form in every profile of stringprep.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::{lookup, tables};

    /// Every table, at every code point, says what RFC 3454 says.
    #[test]
    fn tables_equal_those_of_the_rfc() {
        let text = include_str!("../../../../vectors/stringprep_tables.json");
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut rfc = json["tables"].as_object().unwrap().clone();
        // C.1.1 is SPACE alone, which no profile here prohibits.
        assert!(rfc.remove("C.1.1").is_some());
        for (name, ours) in [
            ("A.1", tables::A_1),
            ("B.1", tables::B_1),
            ("C.1.2", tables::C_1_2),
            ("C.2.1", tables::C_2_1),
            ("C.2.2", tables::C_2_2),
            ("C.3", tables::C_3),
            ("C.4", tables::C_4),
            ("C.5", tables::C_5),
            ("C.6", tables::C_6),
            ("C.7", tables::C_7),
            ("C.8", tables::C_8),
            ("C.9", tables::C_9),
            ("D.1", tables::D_1),
            ("D.2", tables::D_2),
        ] {
            let ranges: alloc::vec::Vec<(u32, u32)> =
                serde_json::from_value(rfc.remove(name).unwrap()).unwrap();
            for code in 0..0x11_0000_u32 {
                let expected = ranges.iter().any(|&(start, end)| (start..=end).contains(&code));
                assert_eq!(lookup::contains(ours, code), expected, "{name} at U+{code:04X}");
            }
        }
        assert!(rfc.is_empty(), "tables that were not compared: {rfc:?}");
    }
}
