//! The mechanisms' rooms: none knows another, and each comes with all that belongs to one.

use std::collections::BTreeSet;

use super::Violation;
use super::source::Path;
use super::tree::Tree;

const ROOMS: &str = "crates/aiosasl/src/mechanisms/";

/// Invariant 1: no mechanism imports another.
pub(crate) fn apart(tree: &Tree) -> Vec<Violation> {
    let rooms = rooms(tree);
    let mut found = Vec::new();
    for source in tree.sources(ROOMS) {
        let Some(own) = room(&source.path) else { continue };
        let inside = source.path.trim_start_matches(ROOMS).split('/').count()
            - usize::from(source.path.ends_with("/mod.rs"));
        for path in source.paths() {
            if let Some(other) = neighbour(&path, inside).filter(|it| *it != own) {
                if rooms.contains(other) {
                    let what = format!("{own} imports {other}; no mechanism knows another");
                    found.push(source.violation(path.line, "mechanisms-apart", what));
                }
            }
        }
    }
    found
}

/// The room below `mechanisms` that a path enters; `inside` is how many steps up lead there.
fn neighbour(path: &Path, inside: usize) -> Option<&str> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    if let ["crate", "mechanisms", other, ..] = segments[..] {
        return Some(other);
    }
    let up = segments.iter().take_while(|it| **it == "super").count();
    (up == inside + path.inline).then(|| segments.get(up).copied()).flatten()
}

/// Rooms of several mechanisms, each with vectors of its own name.
const VECTORS: [(&str, &[&str]); 1] = [("visit", &["openid20", "saml20"])];

/// Invariant 6: vectors, a fuzz target, a page, and a row in the table of them all.
pub(crate) fn complete(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for name in rooms(tree) {
        let file = [format!("{ROOMS}{name}.rs"), format!("{ROOMS}{name}/mod.rs")];
        let file = file.into_iter().find(|it| tree.has(it)).unwrap_or(format!("{ROOMS}{name}"));
        let mut missing = |what: String| {
            found.push(Violation { file: file.clone(), line: 1, rule: "mechanism-complete", what });
        };
        let own = [name];
        let vectors = VECTORS.iter().find(|(room, _)| *room == name).map_or(&own[..], |(_, it)| it);
        let vectors = vectors.iter().map(|it| format!("vectors/{it}.json"));
        for path in vectors.chain([format!("docs/mechanisms/{name}.md")]) {
            if !tree.has(&path) {
                missing(format!("{name} has no {path}"));
            }
        }
        let target = format!("fuzz/fuzz_targets/{name}");
        if !tree.below(&target).any(|(path, _)| path.to_lowercase().ends_with(".rs")) {
            missing(format!("{name} has no {target}*.rs"));
        }
        let table = tree.text("docs/mechanisms.md").unwrap_or_default();
        let page = format!("mechanisms/{name}.md");
        if !table.lines().any(|line| line.starts_with('|') && line.contains(&page)) {
            missing(format!("no row of docs/mechanisms.md leads to {page}"));
        }
    }
    found
}

/// Invariant 6: every vector file is played, and so is named by the player.
pub(crate) fn vectors_played(tree: &Tree) -> Vec<Violation> {
    let players: Vec<&str> = tree.below("crates/aiosasl-testkit/").map(|(_, text)| text).collect();
    tree.below("vectors/")
        .filter_map(|(path, _)| Some((path, path.strip_prefix("vectors/")?.strip_suffix(".json")?)))
        .filter(|(_, name)| {
            let forms = [format!("{name}.json"), format!("\"{name}\"")];
            !players.iter().any(|text| forms.iter().any(|form| text.contains(form)))
        })
        .map(|(path, name)| Violation {
            file: path.to_owned(),
            line: 1,
            rule: "vectors-played",
            what: format!("nothing in crates/aiosasl-testkit names {name}"),
        })
        .collect()
}

fn rooms(tree: &Tree) -> BTreeSet<&str> {
    tree.sources(ROOMS).filter_map(|source| room(&source.path)).collect()
}

/// The mechanism whose room a file is in; none for the list of them.
fn room(file: &str) -> Option<&str> {
    let inner = file.strip_prefix(ROOMS)?;
    let first = inner.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "mod").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    const LIST: (&str, &str) =
        ("crates/aiosasl/src/mechanisms/mod.rs", "mod plain; mod scram; use plain::P;");

    #[test]
    fn a_mechanism_that_imports_another_is_reported() {
        let plain = ("crates/aiosasl/src/mechanisms/plain.rs", "");
        let file = "crates/aiosasl/src/mechanisms/scram/client.rs";
        let root = ("crates/aiosasl/src/mechanisms/scram/mod.rs", "");
        for text in ["use crate::mechanisms::plain::P;", "use super::super::plain;"] {
            bad(apart, &[LIST, plain, root, (file, text)], file, "mechanisms-apart");
        }
        let file = "crates/aiosasl/src/mechanisms/plain.rs";
        bad(apart, &[LIST, root, (file, "use super::scram;")], file, "mechanisms-apart");
    }

    #[test]
    fn a_mechanism_may_import_from_its_own_room() {
        good(
            apart,
            &[
                LIST,
                ("crates/aiosasl/src/mechanisms/plain.rs", "use crate::error;"),
                ("crates/aiosasl/src/mechanisms/scram/mod.rs", "mod client;"),
                (
                    "crates/aiosasl/src/mechanisms/scram/client.rs",
                    "use super::message; use crate::mechanisms::scram::keys;",
                ),
            ],
        );
    }

    const WHOLE: [(&str, &str); 5] = [
        ("crates/aiosasl/src/mechanisms/plain.rs", ""),
        ("vectors/plain.json", "{}"),
        ("fuzz/fuzz_targets/plain_server.rs", ""),
        ("docs/mechanisms/plain.md", ""),
        ("docs/mechanisms.md", "| PLAIN | [page](mechanisms/plain.md) |"),
    ];

    #[test]
    fn what_a_mechanism_lacks_is_reported() {
        for lacking in 1..WHOLE.len() {
            let mut files = WHOLE.to_vec();
            files.remove(lacking);
            bad(complete, &files, WHOLE[0].0, "mechanism-complete");
        }
    }

    #[test]
    fn a_mechanism_with_all_that_belongs_to_it_is_fine() {
        good(complete, &WHOLE);
    }

    #[test]
    fn a_vector_file_that_nothing_plays_is_reported() {
        let player = ("crates/aiosasl-testkit/src/vectors.rs", "const A: &str = \"plain.json\";");
        let files = [player, ("vectors/plain.json", "{}"), ("vectors/scram.json", "{}")];
        bad(vectors_played, &files, "vectors/scram.json", "vectors-played");
        good(vectors_played, &files[..2]);
    }
}
