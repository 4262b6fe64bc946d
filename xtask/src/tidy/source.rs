//! A Rust file as the rules see it: its tokens without comments, with and without what only tests see.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::Violation;
use super::strip::{is_doc, is_test, without};
use super::tree::Tree;

/// A Rust file.
pub(crate) struct Source {
    pub(crate) path: String,
    /// Every token, docs left out.
    pub(crate) all: Vec<Token>,
    /// The tokens that are there when nothing is tested.
    pub(crate) code: Vec<Token>,
    /// The syntax of `code`.
    pub(crate) syntax: Option<syn::File>,
    error: Option<(usize, String)>,
}

/// A word, a literal or one character of punctuation.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    /// How many modules written into the file surround it.
    pub(crate) inline: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Literal,
    Punctuation,
    Word,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.to_owned(),
            all: Vec::new(),
            code: Vec::new(),
            syntax: None,
            error: None,
        };
        let stream = match text.parse::<TokenStream>() {
            Ok(stream) => stream,
            Err(error) => {
                source.error = Some((error.span().start().line, error.to_string()));
                return source;
            }
        };
        flatten(without(stream.clone(), is_doc), 0, &mut source.all);
        if is_test_file(path) {
            return source;
        }
        let code = without(stream, |attribute| is_doc(attribute) || is_test(attribute));
        flatten(code.clone(), 0, &mut source.code);
        match syn::parse2(code) {
            Ok(syntax) => source.syntax = Some(syntax),
            Err(error) => source.error = Some((error.span().start().line, error.to_string())),
        }
        source
    }

    pub(crate) fn violation(&self, line: usize, rule: &'static str, what: String) -> Violation {
        Violation { file: self.path.clone(), line, rule, what }
    }

    /// Where `words` follow each other in the code outside tests.
    pub(crate) fn find(&self, words: &[&str]) -> Vec<usize> {
        find(&self.code, words)
    }

    /// The paths with at least two segments, those of `use` trees multiplied out.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        let mut index = 0;
        while index < self.code.len() {
            let starts = self.code[index].kind == Kind::Word
                && !follows_colons(&self.code, index)
                && colons_at(&self.code, index + 1);
            if starts {
                index = expand(&self.code, index, &[], &mut found);
            } else {
                index += 1;
            }
        }
        found
    }
}

/// A path that the code names.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) inline: usize,
    /// It stands in a `pub use`.
    pub(crate) re_export: bool,
}

/// A file that cannot be read hides what it does.
pub(crate) fn parses(tree: &Tree) -> Vec<Violation> {
    tree.sources("")
        .filter_map(|source| {
            let (line, error) = source.error.as_ref()?;
            Some(source.violation(*line, "parses", error.clone()))
        })
        .collect()
}

/// Where `words` follow each other in `tokens`, by line.
pub(crate) fn find(tokens: &[Token], words: &[&str]) -> Vec<usize> {
    tokens
        .windows(words.len())
        .filter(|window| window.iter().zip(words).all(|(token, word)| token.text == *word))
        .filter_map(|window| window.first().map(|token| token.line))
        .collect()
}

fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| ["tests", "tests.rs", "benches"].contains(&part))
}

fn colons_at(tokens: &[Token], index: usize) -> bool {
    tokens.get(index..index + 2).is_some_and(|it| it.iter().all(|token| token.text == ":"))
}

fn follows_colons(tokens: &[Token], index: usize) -> bool {
    index >= 2 && colons_at(tokens, index - 2)
}

/// Reads the path that starts at `index`, after `before`; says where it ends.
fn expand(tokens: &[Token], index: usize, before: &[String], found: &mut Vec<Path>) -> usize {
    let first = index;
    let mut segments = before.to_vec();
    let mut index = index;
    loop {
        match tokens.get(index) {
            Some(token) if token.kind == Kind::Word => {
                segments.push(token.text.clone());
                index += 1;
            }
            Some(token) if token.text == "{" => {
                return expand_group(tokens, index + 1, &segments, found);
            }
            _ => break,
        }
        if !colons_at(tokens, index) {
            break;
        }
        index += 2;
    }
    if segments.len() > 1 {
        let Token { line, inline, .. } = tokens[first];
        found.push(Path { segments, line, inline, re_export: is_re_export(tokens, first) });
    }
    index.max(first + 1)
}

/// Reads what stands in the braces of a `use` tree.
fn expand_group(
    tokens: &[Token],
    mut index: usize,
    before: &[String],
    found: &mut Vec<Path>,
) -> usize {
    while let Some(token) = tokens.get(index) {
        index = match &*token.text {
            "}" => return index + 1,
            "as" => index + 2,
            "," | "*" => index + 1,
            _ => expand(tokens, index, before, found),
        };
    }
    index
}

/// Whether the statement that `index` stands in is a `pub use`.
fn is_re_export(tokens: &[Token], index: usize) -> bool {
    let statement = tokens[..index].iter().rev().take_while(|token| token.text != ";");
    let mut is_use = false;
    for token in statement {
        match &*token.text {
            "use" => is_use = true,
            "pub" => return is_use,
            ")" | "(" | "crate" | "super" | "in" if is_use => {}
            _ if is_use => return false,
            _ => {}
        }
    }
    false
}

fn flatten(stream: TokenStream, inline: usize, tokens: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    for (index, tree) in trees.iter().enumerate() {
        let line = tree.span().start().line;
        let (text, kind) = match tree {
            TokenTree::Group(group) => {
                let is_module = group.delimiter() == Delimiter::Brace
                    && index >= 2
                    && matches!(&trees[index - 2], TokenTree::Ident(word) if word == "mod");
                flatten_group(group, inline + usize::from(is_module), tokens);
                continue;
            }
            TokenTree::Ident(word) => (word.to_string(), Kind::Word),
            TokenTree::Literal(literal) => (literal.to_string(), Kind::Literal),
            TokenTree::Punct(punct) => (punct.to_string(), Kind::Punctuation),
        };
        tokens.push(Token { text, line, kind, inline });
    }
}

fn flatten_group(group: &Group, inline: usize, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::None => ("", ""),
    };
    let push = |text: &str, line, tokens: &mut Vec<Token>| {
        tokens.push(Token { text: text.to_owned(), line, kind: Kind::Punctuation, inline });
    };
    push(open, group.span_open().start().line, tokens);
    flatten(group.stream(), inline, tokens);
    push(close, group.span_close().start().line, tokens);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let source = Source::new("a.rs", text);
        assert!(source.error.is_none(), "{:?}", source.error);
        source.code.iter().map(|it| &*it.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_docs_and_tests_are_left_out() {
        let text = "//! imap\n/// smtp\nfn a() { /* xmpp */ }\n#[cfg(test)]\nmod tests { fn b() {} }\n\
                    #[cfg(all(test, feature = \"std\"))]\nuse a::{b, c};\n#[test]\nfn c() {}\n\
                    #[cfg(test)]\nconst fn d() {}\n#[cfg(test)] const E: X = X {};\nfn f() {}";
        assert_eq!(words(text), "fn a ( ) { } fn f ( ) { }");
    }

    #[test]
    fn a_field_of_tests_is_left_out_alone() {
        assert_eq!(words("struct A { #[cfg(test)] b: u8, c: u8 }"), "struct A { c : u8 }");
    }

    #[test]
    fn paths_are_multiplied_out() {
        let text = "pub use crate::a::{self, b as c, d::{E, F}, *};\nuse super::x;\nfn f() { g::h(); }\n\
                    pub(crate) use y::z;";
        let source = Source::new("a.rs", text);
        let paths: Vec<String> = source
            .paths()
            .iter()
            .map(|it| {
                format!("{}{}", it.segments.join("::"), if it.re_export { " pub" } else { "" })
            })
            .collect();
        assert_eq!(
            paths,
            [
                "crate::a::self pub",
                "crate::a::b pub",
                "crate::a::d::E pub",
                "crate::a::d::F pub",
                "super::x",
                "g::h",
                "y::z pub",
            ]
        );
    }

    #[test]
    fn modules_in_the_file_are_counted() {
        let source =
            Source::new("a.rs", "mod a { use super::b; mod c { use super::d; } } use x::y;");
        let inline: Vec<usize> = source.paths().iter().map(|it| it.inline).collect();
        assert_eq!(inline, [1, 2, 0]);
    }

    #[test]
    fn what_does_not_parse_is_said_so() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", "fn (")]);
        assert_eq!(parses(&tree).len(), 1);
    }
}
