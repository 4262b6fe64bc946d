//! The Bidi Rule (RFC 5893 section 2): a name reads the same way wherever it stands.

use super::error::PrepError;
use super::lookup;
use super::tables_precis::{self, Direction};

/// Checks the six conditions, if any character is written from right to left.
pub(super) fn check(text: &str) -> Result<(), PrepError> {
    let directions = text.chars().map(direction);
    if !directions.clone().any(|it| matches!(it, Direction::Right | Direction::Arabic)) {
        return Ok(());
    }
    // A text that starts from the left fails condition 5 here: it has something from the right in
    // it.
    let fits = directions.clone().next() == Some(Direction::Right) && is_right_to_left(directions);
    if fits { Ok(()) } else { Err(PrepError::Bidi) }
}

/// Conditions 2 to 4.
fn is_right_to_left(mut directions: impl DoubleEndedIterator<Item = Direction> + Clone) -> bool {
    let has = |sought| directions.clone().any(|it| it == sought);
    let foreign = has(Direction::Left) || has(Direction::Other);
    let mixed = has(Direction::European) && has(Direction::Arabic);
    let last = directions.rfind(|&it| it != Direction::Mark);
    let ends = matches!(last, Some(Direction::Right | Direction::European | Direction::Arabic));
    !foreign && !mixed && ends
}

fn direction(c: char) -> Direction {
    lookup::in_runs(tables_precis::DIRECTIONS, c).unwrap_or(Direction::Other)
}
