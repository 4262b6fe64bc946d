//! The page of who logs in where is what its record says, and what worked is still in the tables.

use super::Violation;
use super::tree::Tree;
use crate::peers;
use crate::peers::interop::{PAGE, RECORD, Record};

/// The page is made of the record, and nobody writes into it by hand.
pub(crate) fn page_is_the_records(tree: &Tree) -> Vec<Violation> {
    let Some(record) = tree.text(RECORD) else { return Vec::new() };
    let what = match Record::parse(record) {
        Ok(record) if tree.text(PAGE) == Some(&*record.to_page()) => return Vec::new(),
        Ok(_) => format!("is not what {RECORD} comes to: cargo xtask peers --interop writes both"),
        Err(error) => format!("{error:#}"),
    };
    vec![violation(what)]
}

/// A row that worked when the record was written is still in the tables, and expected to work.
pub(crate) fn rows_stay(tree: &Tree) -> Vec<Violation> {
    if !tree.has(RECORD) {
        return Vec::new();
    }
    match peers::vanished() {
        Ok(vanished) => vanished.into_iter().map(violation).collect(),
        Err(error) => vec![violation(format!("{error:#}"))],
    }
}

fn violation(what: String) -> Violation {
    Violation { file: PAGE.to_owned(), line: 1, rule: "interop", what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn a_page_that_was_written_by_hand_is_reported() {
        let record = r#"{"servers": {}, "logins": [], "clients": {}, "visits": []}"#;
        let page = Record::parse(record).unwrap().to_page();
        good(page_is_the_records, &[(RECORD, record), (PAGE, &page)]);
        let other = page.clone() + "Everything works.\n";
        bad(page_is_the_records, &[(RECORD, record), (PAGE, &other)], PAGE, "interop");
        bad(page_is_the_records, &[(RECORD, record)], PAGE, "interop");
        bad(page_is_the_records, &[(RECORD, "{}"), (PAGE, &page)], PAGE, "interop");
    }
}
