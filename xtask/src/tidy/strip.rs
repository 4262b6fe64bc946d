//! Taking out of a file's tokens what the rules do not look at: docs, and what only tests see.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens without the attributes that `unwanted` knows, and without what these stand on.
pub(crate) fn without(stream: TokenStream, unwanted: fn(&TokenStream) -> bool) -> TokenStream {
    let mut trees = stream.into_iter().peekable();
    let mut kept: Vec<TokenTree> = Vec::new();
    while let Some(tree) = trees.next() {
        let TokenTree::Punct(hash) = &tree else {
            kept.push(inside(tree, unwanted));
            continue;
        };
        if hash.as_char() != '#' {
            kept.push(tree);
            continue;
        }
        let bang = match trees.peek() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == '!' => trees.next(),
            _ => None,
        };
        match trees.peek() {
            Some(TokenTree::Group(group))
                if group.delimiter() == Delimiter::Bracket && unwanted(&group.stream()) =>
            {
                let test = is_test(&group.stream());
                trees.next();
                if test && bang.is_some() {
                    return TokenStream::new();
                }
                if test {
                    skip_item(&mut trees);
                }
            }
            _ => {
                kept.push(tree);
                kept.extend(bang);
            }
        }
    }
    kept.into_iter().collect()
}

fn inside(tree: TokenTree, unwanted: fn(&TokenStream) -> bool) -> TokenTree {
    let TokenTree::Group(group) = &tree else { return tree };
    let mut made = Group::new(group.delimiter(), without(group.stream(), unwanted));
    made.set_span(group.span());
    TokenTree::Group(made)
}

/// Passes over one item, field or arm.
fn skip_item(trees: &mut impl Iterator<Item = TokenTree>) {
    const ITEMS: [&str; 11] = [
        "const", "enum", "extern", "fn", "impl", "mod", "static", "struct", "trait", "type", "use",
    ];
    let mut is_item = false;
    let mut ends_with_semicolon = false;
    for tree in trees {
        match tree {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                is_item |= ITEMS.contains(&&*word);
                ends_with_semicolon |= ["use", "static"].contains(&&*word);
                // `const fn` ends with its body, a `const` with its semicolon.
                if word == "const" {
                    ends_with_semicolon = true;
                } else if word == "fn" {
                    ends_with_semicolon = false;
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => return,
                ',' if !is_item => return,
                _ => {}
            },
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Brace && !ends_with_semicolon {
                    return;
                }
            }
            TokenTree::Literal(_) => {}
        }
    }
}

pub(crate) fn is_doc(attribute: &TokenStream) -> bool {
    matches!(attribute.clone().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, ...))]`.
pub(crate) fn is_test(attribute: &TokenStream) -> bool {
    let text: String = attribute.to_string().split_whitespace().collect();
    text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,")
}
