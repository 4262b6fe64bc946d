//! State machines: the state that is left behind on an error is the dead one.

use syn::visit::{self, Visit};

use super::Violation;
use super::source::Source;
use super::tree::Tree;

const RULE: &str = "dead-by-default";

/// What is called a state and is none of a machine of ours: what a peer may have said, for
/// implementers of the async layer.
const WORDS: [&str; 1] = ["SaslState"];

/// Invariant 7.
pub(crate) fn dead_by_default(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources("crates/aiosasl/src/") {
        if let Some(syntax) = &source.syntax {
            let mut visitor = Visitor { source, found: Vec::new() };
            visitor.visit_file(syntax);
            found.append(&mut visitor.found);
        }
    }
    found
}

struct Visitor<'a> {
    source: &'a Source,
    found: Vec<Violation>,
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_enum(&mut self, node: &'ast syn::ItemEnum) {
        let name = node.ident.to_string();
        let is_dead = |variant: &syn::Variant| {
            variant.ident == "Dead" && variant.attrs.iter().any(|it| it.path().is_ident("default"))
        };
        if name.ends_with("State") && !WORDS.contains(&&*name) && !node.variants.iter().any(is_dead)
        {
            let what = format!("{name} needs `#[default] Dead`, to be left behind on an error");
            let line = node.ident.span().start().line;
            self.found.push(self.source.violation(line, RULE, what));
        }
        visit::visit_item_enum(self, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn a_state_that_is_not_dead_by_default_is_reported() {
        let file = "crates/aiosasl/src/client.rs";
        bad(dead_by_default, &[(file, "enum State { ExpectStart }")], file, RULE);
        bad(dead_by_default, &[(file, "enum ServerState { #[default] Start, Dead }")], file, RULE);
    }

    #[test]
    fn a_state_that_is_dead_by_default_is_fine() {
        let text =
            "#[derive(Default)] enum State { #[default] Dead, ExpectStart } enum Other { A }";
        good(dead_by_default, &[("crates/aiosasl/src/client.rs", text)]);
    }
}
