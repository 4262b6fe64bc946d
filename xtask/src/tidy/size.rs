//! Sizes: a smell, not a law. Long files and long functions are listed, and fail nothing.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::tree::Tree;

/// Lines of a file, its tests apart.
const FILE: usize = 300;
/// Lines of a function.
const FUNCTION: usize = 40;

/// What is longer than that.
pub(crate) fn remarks(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in tree.sources("crates/").chain(tree.sources("xtask/")) {
        let Some(syntax) = &source.syntax else { continue };
        let text = tree.text(&source.path).unwrap_or_default();
        let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
        if lines > FILE {
            found.push(format!("{}:1: size: {lines} lines without its tests", source.path));
        }
        let mut visitor = Visitor { functions: Vec::new() };
        visitor.visit_file(syntax);
        for (name, line, lines) in visitor.functions {
            found.push(format!("{}:{line}: size: {name} has {lines} lines", source.path));
        }
    }
    found
}

struct Visitor {
    functions: Vec<(String, usize, usize)>,
}

impl Visitor {
    fn look(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.span().start().line;
        let lines = body.brace_token.span.close().start().line.saturating_sub(first) + 1;
        if lines > FUNCTION {
            self.functions.push((signature.ident.to_string(), first, lines));
        }
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.look(&node.sig, &node.block);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.look(&node.sig, &node.block);
        visit::visit_impl_item_fn(self, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_and_functions_are_listed() {
        let file = "crates/aiosasl/src/a.rs";
        let long = format!("fn a() {{{}}}\nfn b() {{}}", "\n".repeat(41));
        assert_eq!(
            remarks(&Tree::of(&[(file, &long)])),
            [format!("{file}:1: size: a has 42 lines")]
        );
        let tests = format!("//! A.\n#[cfg(test)]\nmod tests {{{}}}", "\n".repeat(400));
        assert!(remarks(&Tree::of(&[(file, &tests)])).is_empty());
        let lines = "//! A.\n".repeat(301);
        assert_eq!(remarks(&Tree::of(&[(file, &lines)])).len(), 1);
    }
}
