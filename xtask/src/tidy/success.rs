//! Where a success is made: a server's in `server.rs`, a client's in `client.rs`, and nowhere else.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::Violation;
use super::source::Source;
use super::tree::Tree;

const RULE: &str = "one-success";

/// What is made, and in which file of the library alone.
const MAKERS: [(&[&str], &str); 4] = [
    (&["Outcome", "Success"], "crates/aiosasl/src/server.rs"),
    (&["Success", "new"], "crates/aiosasl/src/server.rs"),
    (&["Authenticated"], "crates/aiosasl/src/client.rs"),
    (&["Authenticated", "new"], "crates/aiosasl/src/client.rs"),
];

/// Invariant 2.
pub(crate) fn made_in_one_place(tree: &Tree) -> Vec<Violation> {
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

impl Visitor<'_> {
    fn look(&mut self, path: &syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|it| it.ident.to_string()).collect();
        for (made, room) in MAKERS {
            if ends_with(&segments, made) && self.source.path != room {
                let what = format!("{} is made in {room} alone", made.join("::"));
                let line = path.span().start().line;
                self.found.push(self.source.violation(line, RULE, what));
            }
        }
    }
}

fn ends_with(segments: &[String], end: &[&str]) -> bool {
    segments.iter().rev().zip(end.iter().rev()).filter(|(a, b)| a == b).count() == end.len()
}

/// Patterns have nodes of their own, so that what is met here is made.
impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_expr_path(&mut self, node: &'ast syn::ExprPath) {
        self.look(&node.path);
        visit::visit_expr_path(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        self.look(&node.path);
        visit::visit_expr_struct(self, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn a_success_made_elsewhere_is_reported() {
        let file = "crates/aiosasl/src/mechanisms/plain.rs";
        let rule = made_in_one_place;
        bad(rule, &[(file, "fn a() -> O { Outcome::Success(x) }")], file, RULE);
        bad(rule, &[(file, "fn a() -> O { it.map(Outcome::Success) }")], file, RULE);
        bad(rule, &[(file, "fn a() -> S { message::Success::new(a) }")], file, RULE);
        bad(rule, &[(file, "fn a() -> A { Authenticated { a } }")], file, RULE);
    }

    #[test]
    fn it_may_be_made_in_its_room_and_matched_anywhere() {
        good(
            made_in_one_place,
            &[
                (
                    "crates/aiosasl/src/server.rs",
                    "fn a() -> O { Outcome::Success(Success::new(a)) }",
                ),
                ("crates/aiosasl/src/client.rs", "fn a() -> A { Authenticated { a } }"),
                (
                    "crates/aiosasl/src/driver/server.rs",
                    "fn a() { if let Outcome::Success(it) = b {} match c { Authenticated { a } => {} } \
                     matches!(d, Outcome::Success(_)); }",
                ),
            ],
        );
    }
}
