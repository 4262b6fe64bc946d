//! Secrets: compared in one place, and silent wherever a type holds one.

use syn::visit::{self, Visit};

use super::Violation;
use super::source::Source;
use super::tree::Tree;

/// The one file that compares them.
const COMPARER: &str = "crates/aiosasl/src/secret.rs";

/// Types that hold the octets of what nobody may read. A type made of these alone may derive `Debug`,
/// for then theirs is used.
const HOLDERS: [&str; 11] = [
    "Challenge",
    "ClientKey",
    "HashValue",
    "Password",
    "PasswordHash",
    "Response",
    "SaltedPassword",
    "Secret",
    "ServerKey",
    "StoredKey",
    "Token",
];

/// Where secrets are held: the other crates take them from here.
const ROOMS: [&str; 2] = ["crates/aiosasl/src/", "crates/aiosasl-store/src/"];

/// Invariant 5: one function compares secrets.
pub(crate) fn compared_in_one_place(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in tree.sources("crates/").filter(|source| source.path != COMPARER) {
        let lines = [&["ct_eq"][..], &["subtle", ":", ":"], &["ConstantTimeEq"]];
        let mut lines: Vec<usize> = lines.iter().flat_map(|words| source.find(words)).collect();
        lines.sort_unstable();
        lines.dedup();
        for line in lines {
            let what = format!("secrets are compared in {COMPARER} alone");
            found.push(source.violation(line, "one-comparison", what));
        }
    }
    found
}

/// Invariant 5: a type that holds a secret writes its own `Debug`.
pub(crate) fn silent(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let sources = ROOMS.iter().flat_map(|room| tree.sources(room));
    for source in sources {
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
    fn look(&mut self, name: &syn::Ident, attributes: &[syn::Attribute], fields: &syn::Fields) {
        let named = HOLDERS.iter().any(|holder| name == holder) && !holds_only_the_silent(fields);
        if !named && !fields.iter().any(|field| names_zeroizing(&field.ty)) {
            return;
        }
        if attributes.iter().any(derives_debug) {
            let what = format!("{name} holds a secret, and a derived Debug tells it");
            let line = name.span().start().line;
            self.found.push(self.source.violation(line, "silent-secrets", what));
        }
    }
}

/// Whether all that a type holds has a `Debug` of its own that is silent already.
fn holds_only_the_silent(fields: &syn::Fields) -> bool {
    !fields.is_empty()
        && fields.iter().all(|field| match &field.ty {
            syn::Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|last| HOLDERS.iter().any(|holder| last.ident == holder)),
            _ => false,
        })
}

/// Whether what is wiped on drop is held as it is.
fn names_zeroizing(of: &syn::Type) -> bool {
    match of {
        syn::Type::Path(path) => path.path.segments.iter().any(|it| it.ident == "Zeroizing"),
        _ => false,
    }
}

fn derives_debug(attribute: &syn::Attribute) -> bool {
    let mut derived = false;
    if attribute.path().is_ident("derive") {
        attribute
            .parse_nested_meta(|meta| {
                derived |= meta.path.segments.last().is_some_and(|it| it.ident == "Debug");
                Ok(())
            })
            .ok();
    }
    derived
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_struct(&mut self, node: &'ast syn::ItemStruct) {
        self.look(&node.ident, &node.attrs, &node.fields);
        visit::visit_item_struct(self, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::testing::{bad, good};

    #[test]
    fn a_comparison_elsewhere_is_reported() {
        let file = "crates/aiosasl/src/mechanisms/scram/server.rs";
        for text in ["fn a() { b.ct_eq(c); }", "fn a() -> subtle::Choice { b() }"] {
            bad(compared_in_one_place, &[(file, text)], file, "one-comparison");
        }
    }

    #[test]
    fn the_comparison_itself_and_tests_are_fine() {
        good(
            compared_in_one_place,
            &[
                (COMPARER, "use subtle::ConstantTimeEq as _; fn a() { b.ct_eq(c); }"),
                ("crates/aiosasl/src/hash.rs", "#[cfg(test)]\nmod tests { use subtle::Choice; }"),
            ],
        );
    }

    #[test]
    fn a_talkative_secret_is_reported() {
        let file = "crates/aiosasl/src/secret.rs";
        let text = "\n#[derive(Clone, Debug)]\npub struct Secret(Vec<u8>);";
        let found = bad(silent, &[(file, text)], file, "silent-secrets");
        assert_eq!(found.line, 3);
        let text = "#[derive(Debug)] struct Job { key: zeroize::Zeroizing<Vec<u8>> }";
        for file in [file, "crates/aiosasl-store/src/password/mod.rs"] {
            bad(silent, &[(file, text)], file, "silent-secrets");
        }
    }

    #[test]
    fn silent_secrets_and_other_types_are_fine() {
        good(
            silent,
            &[(
                "crates/aiosasl/src/secret.rs",
                "#[derive(Clone)] pub struct Secret(Vec<u8>); #[derive(Debug)] pub struct Name; \
                 #[derive(Debug)] pub struct Challenge(Secret); \
                 #[derive(Debug)] pub struct Verifier { key: HashValue, salt: Box<[u8]> }",
            )],
        );
    }
}
