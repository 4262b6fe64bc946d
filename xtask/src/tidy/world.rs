//! What the library does not reach for by itself: clock, randomness, network, files, environment.

use super::Violation;
use super::source::Kind;
use super::tree::Tree;

const RULE: &str = "no-outside-world";

/// Modules of the standard library.
const MODULES: [&str; 6] = ["time", "net", "fs", "env", "process", "thread"];
/// Types of theirs.
const TYPES: [&str; 2] = ["SystemTime", "Instant"];
/// Files whose convenience constructors may ask the operating system for randomness.
const RANDOM: [&str; 1] = ["crates/aiosasl/src/nonce.rs"];
/// What time is, without what time it is.
const VALUES: [&str; 1] = ["Duration"];

/// Invariant 3: randomness and time enter as arguments.
pub(crate) fn stays_outside(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources("crates/aiosasl/src/") {
        for path in source.paths() {
            let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            let wrong = match segments[..] {
                ["std", module, name, ..] => MODULES.contains(&module) && !VALUES.contains(&name),
                ["std", module] => MODULES.contains(&module),
                ["getrandom", ..] => !RANDOM.contains(&&*source.path),
                _ => false,
            };
            if wrong {
                let what = format!("{} does not belong into the library", segments.join("::"));
                found.push(source.violation(path.line, RULE, what));
            }
        }
        let types = source.code.iter().filter(|token| token.kind == Kind::Word);
        for token in types.filter(|token| TYPES.contains(&&*token.text)) {
            let what = format!("time enters as an argument, and {} asks for it", token.text);
            found.push(source.violation(token.line, RULE, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn reaching_out_is_reported() {
        let file = "crates/aiosasl/src/client.rs";
        for text in [
            "use std::{env, fmt};",
            "fn a() { std::fs::read(b); }",
            "fn a() { getrandom::fill(b); }",
            "fn a(now: SystemTime) {}",
        ] {
            bad(stays_outside, &[(file, text)], file, RULE);
        }
    }

    #[test]
    fn values_the_nonce_and_tests_may() {
        good(
            stays_outside,
            &[
                ("crates/aiosasl/src/nonce.rs", "fn a() { getrandom::fill(b); }"),
                ("crates/aiosasl/src/a.rs", "use std::time::Duration;\nuse std::error::Error;"),
                ("crates/aiosasl/src/b.rs", "#[cfg(test)]\nmod tests { use std::fs; }"),
                ("crates/aiosasl-cli/src/main.rs", "use std::env;"),
            ],
        );
    }
}
