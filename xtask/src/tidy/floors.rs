//! The floors: no import runs upward, and no files form a circle; the same between crates.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use super::source::{Path, Source};
use super::tree::Tree;

const LIBRARY: &str = "crates/aiosasl/src/";

/// The library's rooms, floor by floor from the ground. A folder's files live where the folder does.
const FLOORS: [(&str, &[&str]); 5] = [
    (
        "ground",
        &[
            "binding",
            "credentials",
            "encoding",
            "error",
            "hash",
            "identity",
            "layer",
            "md5",
            "name",
            "nonce",
            "profile",
            "reason",
            "secret",
            "token",
        ],
    ),
    (
        "first",
        &[
            "gs2",
            "mechanism",
            "message",
            "one_message",
            "own_login",
            "password_command",
            "prep",
            "preparation",
            "query",
        ],
    ),
    ("second", &["client", "mechanisms", "policy", "registry", "server"]),
    ("third", &["driver"]),
    ("roof", &["lib"]),
];

/// The crates, floor by floor; two of one floor do not know each other.
const CRATES: [(&str, usize); 9] = [
    ("aiosasl", 0),
    ("aiosasl-gss", 1),
    ("aiosasl-profiles", 1),
    ("aiosasl-store", 1),
    ("aiosasl-testkit", 1),
    ("aiosasl-vendor", 1),
    ("aiosasl-authd", 2),
    ("aiosasl-cli", 2),
    ("aiosasl-python", 2),
];

/// An import from one file of the library to another.
struct Import {
    from: String,
    to: String,
    line: usize,
    name: String,
}

/// Invariant 4: an import between the library's files runs downward, or along a floor.
pub(crate) fn within_the_library(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources(LIBRARY) {
        if floor(&source.path).is_none() {
            let what = "which floor? Give it one in xtask/src/tidy/floors.rs".to_owned();
            found.push(source.violation(1, "floors", what));
        }
    }
    for Import { from, to, line, name } in imports(tree) {
        let (Some(below), Some(above)) = (floor(&from), floor(&to)) else { continue };
        if above > below {
            let what = if to.ends_with("src/lib.rs") {
                format!("import {name} from its room, not through the roof")
            } else {
                let [above, below] = [above, below].map(|it| FLOORS[it].0);
                format!(
                    "an import runs upward: {name} is on the {above} floor, this file on the {below}"
                )
            };
            found.push(Violation { file: from, line, rule: "floors", what });
        }
    }
    found
}

/// Invariant 4: no files of the library form a circle.
pub(crate) fn no_circle(tree: &Tree) -> Vec<Violation> {
    let mut graph: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for import in imports(tree) {
        graph.entry(import.from).or_default().entry(import.to).or_insert(import.line);
    }
    // Files from which nothing leads into a circle go, until none is left that can.
    loop {
        let leaves: BTreeSet<String> = graph
            .iter()
            .filter(|(_, to)| to.keys().all(|it| !graph.contains_key(it)))
            .map(|(from, _)| from.clone())
            .collect();
        if leaves.is_empty() {
            break;
        }
        graph.retain(|from, _| !leaves.contains(from));
    }
    circle(&graph).into_iter().collect()
}

/// Walks along imports until a file comes again.
fn circle(graph: &BTreeMap<String, BTreeMap<String, usize>>) -> Option<Violation> {
    let mut walk: Vec<(&String, usize)> = Vec::new();
    let mut here = graph.keys().next()?;
    loop {
        if let Some(start) = walk.iter().position(|(file, _)| *file == here) {
            let mut files: Vec<&str> = walk[start..].iter().map(|(file, _)| &***file).collect();
            files.push(here);
            let line = walk[start].1;
            let what = format!("files form a circle: {}", files.join(" -> "));
            return Some(Violation { file: here.clone(), line, rule: "no-circle", what });
        }
        let (next, line) = graph.get(here)?.iter().find(|(to, _)| graph.contains_key(*to))?;
        walk.push((here, *line));
        here = next;
    }
}

/// Invariant 4: the crates' dependencies run downward; those of tests may run anywhere.
pub(crate) fn between_crates(tree: &Tree) -> Vec<Violation> {
    let rank = |name: &str| CRATES.iter().find(|(it, _)| *it == name).map(|(_, rank)| *rank);
    let mut found = Vec::new();
    for (path, text) in tree.below("crates/") {
        let Some((name, "Cargo.toml")) = path.trim_start_matches("crates/").split_once('/') else {
            continue;
        };
        let mut report = |line, what| {
            found.push(Violation { file: path.to_owned(), line, rule: "crate-floors", what });
        };
        let Some(own) = rank(name) else {
            report(1, "which floor? Give it one in xtask/src/tidy/floors.rs".to_owned());
            continue;
        };
        for (line, dependency) in dependencies(text) {
            if rank(dependency).is_some_and(|other| other >= own) {
                report(line, format!("{name} may not depend on {dependency}: it is not below"));
            }
        }
    }
    found
}

/// The names in the sections of what a crate itself needs, with their lines.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut within = false;
    for (line, text) in (1..).zip(manifest.lines()) {
        let text = text.trim();
        if let Some(section) = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            let section = section.trim();
            within = section == "dependencies" || section.ends_with(".dependencies");
            if let Some((_, name)) = section.split_once("dependencies.") {
                if !section.contains("dev-dependencies") {
                    found.push((line, name));
                }
            }
        } else if within && !text.starts_with('#') {
            let name = text.split(['=', '.', ' ']).next().unwrap_or_default();
            found.push((line, name));
        }
    }
    found
}

fn floor(file: &str) -> Option<usize> {
    let room = file.strip_prefix(LIBRARY)?;
    let room = room.split('/').next()?;
    let room = room.strip_suffix(".rs").unwrap_or(room);
    FLOORS.iter().position(|(_, rooms)| rooms.contains(&room))
}

/// All imports between the library's files.
fn imports(tree: &Tree) -> Vec<Import> {
    let modules: BTreeMap<Vec<String>, &str> =
        tree.sources(LIBRARY).map(|source| (module(&source.path), &*source.path)).collect();
    let mut found = Vec::new();
    for source in tree.sources(LIBRARY) {
        // The roof stands on all of them, and that is its work.
        if source.path.ends_with("src/lib.rs") {
            continue;
        }
        for path in source.paths() {
            if let Some(to) = resolve(source, &path, &modules) {
                let name = path.segments.join("::");
                found.push(Import { from: source.path.clone(), to, line: path.line, name });
            }
        }
    }
    found
}

/// The module that a file is: `mechanisms/scram/mod.rs` is `mechanisms::scram`.
fn module(file: &str) -> Vec<String> {
    let inner = file.strip_prefix(LIBRARY).unwrap_or(file);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|it| it == "mod" || it == "lib") {
        parts.pop();
    }
    parts
}

/// The file that a path leads to, if it is another one of the library's and this is no re-export of
/// a child's.
fn resolve(source: &Source, path: &Path, modules: &BTreeMap<Vec<String>, &str>) -> Option<String> {
    let own = module(&source.path);
    let mut inline = path.inline;
    let mut base = own.clone();
    let mut segments = &path.segments[..];
    match segments.first().map(String::as_str)? {
        "crate" => {
            base.clear();
            segments = &segments[1..];
        }
        "self" if inline > 0 => return None,
        "self" => segments = &segments[1..],
        "super" => {
            while let Some((first, rest)) = segments.split_first() {
                if first != "super" {
                    break;
                }
                if inline > 0 {
                    inline -= 1;
                } else {
                    base.pop();
                }
                segments = rest;
            }
            if inline > 0 {
                return None;
            }
        }
        // A path without a head leads to a child, or to something imported already.
        child => {
            let mut full = base.clone();
            full.push(child.to_owned());
            if !modules.contains_key(&full) {
                return None;
            }
        }
    }
    let mut target = base;
    for segment in segments {
        target.push(segment.clone());
        if !modules.contains_key(&target) {
            target.pop();
            break;
        }
    }
    let to = (*modules.get(&target)?).to_owned();
    let of_a_child = target.len() > own.len() && target.starts_with(&own);
    (to != source.path && !(path.re_export && of_a_child)).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    const LIB: (&str, &str) = ("crates/aiosasl/src/lib.rs", "pub mod error; pub use client::A;");

    #[test]
    fn an_import_that_runs_upward_is_reported() {
        let file = "crates/aiosasl/src/error.rs";
        let client = ("crates/aiosasl/src/client.rs", "pub struct A;");
        for text in [
            "use crate::client::A;",
            "use crate::{client::A};",
            "fn a() { crate::client::b() }",
            "use super::client;",
            "use crate::A;",
        ] {
            bad(within_the_library, &[LIB, client, (file, text)], file, "floors");
        }
    }

    #[test]
    fn a_file_without_a_floor_is_reported() {
        let file = "crates/aiosasl/src/garage.rs";
        bad(within_the_library, &[(file, "")], file, "floors");
    }

    #[test]
    fn downward_and_along_is_fine() {
        good(
            within_the_library,
            &[
                LIB,
                (
                    "crates/aiosasl/src/error.rs",
                    "use crate::name::N;\n#[cfg(test)] use crate::client;",
                ),
                ("crates/aiosasl/src/name.rs", "/// See [`crate::client::A`].\npub struct N;"),
                ("crates/aiosasl/src/client.rs", "use crate::{error, name::N};"),
                ("crates/aiosasl/src/driver/mod.rs", "use crate::client; use std::fmt;"),
            ],
        );
    }

    #[test]
    fn a_circle_is_reported_with_its_files() {
        let found = bad(
            no_circle,
            &[
                ("crates/aiosasl/src/error.rs", "use crate::name::N;"),
                ("crates/aiosasl/src/name.rs", "use crate::secret::S;"),
                ("crates/aiosasl/src/secret.rs", "\nuse crate::error::E;"),
                ("crates/aiosasl/src/client.rs", "use crate::error;"),
            ],
            "crates/aiosasl/src/error.rs",
            "no-circle",
        );
        assert!(found.what.contains("name.rs -> crates/aiosasl/src/secret.rs -> "), "{found}");
    }

    #[test]
    fn a_parent_that_imports_from_its_child_and_is_imported_by_it_is_a_circle() {
        let parent = "crates/aiosasl/src/mechanisms/scram/mod.rs";
        let child = ("crates/aiosasl/src/mechanisms/scram/client.rs", "use super::Hash;");
        bad(
            no_circle,
            &[(parent, "mod client; use client::C;"), child],
            "crates/aiosasl/src/mechanisms/scram/client.rs",
            "no-circle",
        );
        good(
            no_circle,
            &[(parent, "mod client; pub use client::C; pub(crate) use self::client::D;"), child],
        );
    }

    #[test]
    fn a_module_within_a_file_is_no_circle() {
        good(
            no_circle,
            &[("crates/aiosasl/src/error.rs", "mod inner { use super::A; } use inner::B;")],
        );
    }

    #[test]
    fn a_dependency_that_runs_upward_is_reported() {
        let file = "crates/aiosasl/Cargo.toml";
        let found = bad(
            between_crates,
            &[(file, "[dependencies]\naiosasl-profiles.workspace = true\n")],
            file,
            "crate-floors",
        );
        assert_eq!(found.line, 2);
        let file = "crates/aiosasl-profiles/Cargo.toml";
        let text = "[dependencies.aiosasl-testkit]\npath = \"x\"\n";
        bad(between_crates, &[(file, text)], file, "crate-floors");
    }

    #[test]
    fn dependencies_of_tests_may_run_anywhere() {
        good(
            between_crates,
            &[
                (
                    "crates/aiosasl/Cargo.toml",
                    "[dev-dependencies]\naiosasl-testkit = { path = \"x\" }\n",
                ),
                (
                    "crates/aiosasl-cli/Cargo.toml",
                    "[dependencies]\naiosasl = {}\naiosasl-profiles = {}\n",
                ),
            ],
        );
    }
}
