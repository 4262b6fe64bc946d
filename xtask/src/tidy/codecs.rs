//! The protocols' rooms: whoever reads what strangers say is fuzzed.

use std::collections::BTreeSet;

use super::Violation;
use super::tree::Tree;

const ROOMS: &str = "crates/aiosasl-profiles/src/";
/// Rooms that read nothing but what another room has read, or that only wait.
const OTHERS: [&str; 7] =
    ["argument", "capability_lines", "class", "first_word", "net", "said", "wire_error"];

/// Every codec has a fuzz target of its name, or several that begin with it.
pub(crate) fn fuzzed(tree: &Tree) -> Vec<Violation> {
    let manifest = tree.text("fuzz/Cargo.toml").unwrap_or_default();
    let targets: BTreeSet<&str> = tree
        .below("fuzz/fuzz_targets/")
        .filter_map(|(path, _)| path.rsplit('/').next()?.strip_suffix(".rs"))
        .filter(|name| manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")))
        .collect();
    rooms(tree)
        .into_iter()
        .filter(|room| {
            let part = format!("{room}_");
            !targets.iter().any(|target| target == room || target.starts_with(&part))
        })
        .map(|room| Violation {
            file: format!("{ROOMS}{room}"),
            line: 1,
            rule: "codecs-fuzzed",
            what: format!("fuzz/Cargo.toml has no target {room}"),
        })
        .collect()
}

fn rooms(tree: &Tree) -> BTreeSet<&str> {
    let files = tree.below(ROOMS).filter_map(|(path, _)| path.strip_prefix(ROOMS));
    let names = files.filter_map(|path| path.split('/').next());
    let names = names.map(|name| name.strip_suffix(".rs").unwrap_or(name));
    names.filter(|name| *name != "lib" && !OTHERS.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    const MANIFEST: (&str, &str) = (
        "fuzz/Cargo.toml",
        "path = \"fuzz_targets/imap.rs\"\npath = \"fuzz_targets/xmpp_client.rs\"\n",
    );

    #[test]
    fn a_codec_without_a_target_is_reported() {
        let imap = ("crates/aiosasl-profiles/src/imap/client.rs", "");
        let xmpp = ("crates/aiosasl-profiles/src/xmpp.rs", "");
        let [one, other] =
            ["fuzz/fuzz_targets/imap.rs", "fuzz/fuzz_targets/xmpp_client.rs"].map(|it| (it, ""));
        good(fuzzed, &[imap, xmpp, MANIFEST, one, other]);
        good(fuzzed, &[("crates/aiosasl-profiles/src/net/imap.rs", "")]);
        let file = "crates/aiosasl-profiles/src/imap";
        bad(fuzzed, &[imap, MANIFEST, other], file, "codecs-fuzzed");
        bad(fuzzed, &[imap, one], file, "codecs-fuzzed");
    }
}
