//! Files as texts: first lines, leftovers, and what every repository has.

use super::Violation;
use super::source::{Source, find};
use super::tree::Tree;

/// What a reader looks for first.
const REPOSITORY: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "deny.toml",
];

/// Every file's first sentence names the room.
pub(crate) fn first_line(tree: &Tree) -> Vec<Violation> {
    ours(tree)
        .filter(|source| source.path.contains("/src/"))
        .filter(|source| !tree.text(&source.path).unwrap_or_default().starts_with("//!"))
        .map(|source| {
            source.violation(1, "first-line", "the first line is `//!` and names the room".into())
        })
        .collect()
}

/// Nothing is left for later, silenced or skipped without a reason.
pub(crate) fn no_leftovers(tree: &Tree) -> Vec<Violation> {
    const LEFTOVERS: [(&[&str], &str); 6] = [
        (&["todo", "!", "("], "nothing is left to do in what is committed"),
        (&["unimplemented", "!", "("], "nothing is left to do in what is committed"),
        (&["dbg", "!", "("], "dbg! is for the moment"),
        (&["#", "[", "allow", "("], "use `#[expect(lint, reason = \"...\")]`"),
        (&["#", "!", "[", "allow", "("], "use `#![expect(lint, reason = \"...\")]`"),
        (&["#", "[", "ignore", "]"], "a test that is skipped says why: `#[ignore = \"...\"]`"),
    ];
    let mut found = Vec::new();
    for source in ours(tree) {
        for (words, what) in LEFTOVERS {
            for line in find(&source.all, words) {
                found.push(source.violation(line, "no-leftovers", what.to_owned()));
            }
        }
    }
    found
}

/// The repository's own texts are there.
pub(crate) fn repository(tree: &Tree) -> Vec<Violation> {
    REPOSITORY
        .iter()
        .filter(|file| !tree.has(file))
        .map(|file| Violation {
            file: (*file).to_owned(),
            line: 1,
            rule: "repository",
            what: "is missing".to_owned(),
        })
        .collect()
}

fn ours(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.sources("crates/").chain(tree.sources("xtask/")).chain(tree.sources("fuzz/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    const FILE: &str = "crates/aiosasl/src/name.rs";

    #[test]
    fn a_room_without_a_name_is_reported() {
        bad(first_line, &[(FILE, "use a::b;\n//! Late.")], FILE, "first-line");
        good(first_line, &[(FILE, "//! Names."), ("crates/aiosasl/tests/a.rs", "use a::b;")]);
    }

    #[test]
    fn leftovers_are_reported_in_tests_too() {
        for text in [
            "fn a() { todo!() }",
            "fn a() { unimplemented!(\"b\") }",
            "#[cfg(test)]\nmod tests { fn a() { dbg!(b); } }",
            "#[allow(dead_code)]\nfn a() {}",
            "#![allow(dead_code)]\nfn a() {}",
            "#[test]\n#[ignore]\nfn a() {}",
        ] {
            bad(no_leftovers, &[(FILE, text)], FILE, "no-leftovers");
        }
    }

    #[test]
    fn reasons_texts_and_comments_are_fine() {
        let text = "// todo!()\n#[ignore = \"slow\"]\nfn a() { b(\"dbg!(x)\"); }\n#[expect(dead_code, reason = \"c\")] fn d() {}";
        good(no_leftovers, &[(FILE, text)]);
    }

    #[test]
    fn a_missing_text_is_reported() {
        let all = REPOSITORY.map(|file| (file, ""));
        bad(repository, &all[1..], all[0].0, "repository");
        good(repository, &all);
    }
}
