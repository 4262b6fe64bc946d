//! `cargo xtask tidy`: the invariants of the house, each a rule that names file, line and what is wrong.

mod codecs;
mod floors;
mod interop;
mod mechanisms;
mod names;
mod secrets;
mod size;
mod source;
mod states;
mod strip;
mod success;
mod texts;
mod tree;
mod world;

use std::fmt;

use anyhow::Result;

use self::tree::Tree;
use crate::run;

/// Something that the house does not allow.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) rule: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.what)
    }
}

/// Looks at the whole tree, and tells what it does not like.
type Rule = fn(&Tree) -> Vec<Violation>;

/// Every rule, in the order of design's invariants.
const RULES: [Rule; 20] = [
    source::parses,
    names::library_names_no_protocol,
    names::profiles_name_no_mechanism,
    mechanisms::apart,
    success::made_in_one_place,
    world::stays_outside,
    floors::within_the_library,
    floors::no_circle,
    floors::between_crates,
    secrets::compared_in_one_place,
    secrets::silent,
    mechanisms::complete,
    mechanisms::vectors_played,
    states::dead_by_default,
    texts::first_line,
    texts::no_leftovers,
    texts::repository,
    codecs::fuzzed,
    interop::page_is_the_records,
    interop::rows_stay,
];

/// What the rules found.
pub(crate) struct Report {
    pub(crate) violations: Vec<Violation>,
    /// Lines that are printed and fail nothing.
    pub(crate) remarks: Vec<String>,
    pub(crate) files: usize,
}

impl Report {
    pub(crate) fn print(&self) {
        for remark in &self.remarks {
            println!("{remark}");
        }
        for violation in &self.violations {
            println!("{violation}");
        }
        match self.violations.len() {
            0 => println!("tidy: {} files, {} rules, nothing wrong", self.files, RULES.len()),
            count => println!("tidy: {count} violations in {} files", self.files),
        }
    }
}

/// Applies every rule to the working tree.
pub(crate) fn check() -> Result<Report> {
    Ok(check_tree(&Tree::read(&run::root())?))
}

fn check_tree(tree: &Tree) -> Report {
    let mut violations: Vec<Violation> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    violations.sort();
    violations.dedup();
    Report { violations, remarks: size::remarks(tree), files: tree.files().count() }
}

#[cfg(test)]
mod testing {
    //! What the rules' own tests share.

    use super::tree::Tree;
    use super::{Rule, Violation};

    /// A rule must report `file` in a tree of these files.
    #[track_caller]
    pub(super) fn bad(rule: Rule, files: &[(&str, &str)], file: &str, name: &str) -> Violation {
        let mut found = rule(&Tree::of(files));
        assert_eq!(found.len(), 1, "expected one violation, found {found:?}");
        let violation = found.remove(0);
        assert_eq!((&*violation.file, violation.rule), (file, name));
        violation
    }

    /// A rule must have nothing to say about a tree of these files.
    #[track_caller]
    pub(super) fn good(rule: Rule, files: &[(&str, &str)]) {
        let found = rule(&Tree::of(files));
        assert!(found.is_empty(), "{found:?}");
    }
}
