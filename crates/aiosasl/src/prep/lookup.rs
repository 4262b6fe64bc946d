//! Searches in sorted tables.

use core::cmp::Ordering;

/// Whether one of `ranges` (inclusive) holds `code`.
pub(super) fn contains(ranges: &[(u32, u32)], code: impl Into<u32>) -> bool {
    let code = code.into();
    ranges.binary_search_by(|&(start, end)| side(start, end, code)).is_ok()
}

/// The value of the range (inclusive) that holds `code`.
pub(super) fn in_ranges<T: Copy>(ranges: &[(u32, u32, T)], code: impl Into<u32>) -> Option<T> {
    let code = code.into();
    let found = ranges.binary_search_by(|&(start, end, _)| side(start, end, code)).ok()?;
    ranges.get(found).map(|&(_, _, value)| value)
}

/// The value of the last run that starts at or before `code`.
#[cfg(feature = "precis")]
pub(super) fn in_runs<T: Copy>(starts: &[(u32, T)], code: impl Into<u32>) -> Option<T> {
    let code = code.into();
    let after = starts.partition_point(|&(start, _)| start <= code);
    starts.get(after.checked_sub(1)?).map(|&(_, value)| value)
}

/// Where the range from `start` to `end` lies, seen from `code`.
fn side(start: u32, end: u32, code: u32) -> Ordering {
    if end < code {
        Ordering::Less
    } else if code < start {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}
