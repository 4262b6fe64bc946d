//! As much of PostgreSQL's SQL as dumps of roles are made of: words, names, texts.

use std::{collections::VecDeque, iter::Peekable, str::Chars};

use crate::{error::StoreError, formats::lines::malformed};

/// What a statement is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A quoted name, without its quotes.
    Name(String),
    /// Anything else, one character.
    Symbol(char),
    /// A text, without its quotes.
    Text(String),
    /// A key word, or a name without quotes: in lower case.
    Word(String),
}

/// A statement's tokens, from the first on.
#[derive(Debug, Default)]
pub(super) struct Tokens(VecDeque<Token>);

impl Tokens {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self(tokens.into())
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        self.0.pop_front()
    }

    /// The next one as a word; empty where it is something else.
    pub(super) fn word(&mut self) -> String {
        match self.next() {
            Some(Token::Word(word)) => word,
            _ => String::new(),
        }
    }

    /// The same, and it stays.
    pub(super) fn peek_word(&self) -> String {
        match self.0.front() {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        }
    }

    /// The next one as a name.
    pub(super) fn name(&mut self) -> Option<String> {
        match self.next() {
            Some(Token::Name(name) | Token::Word(name)) => Some(name),
            _ => None,
        }
    }

    /// All names between the first parentheses.
    pub(super) fn names_in_parentheses(self) -> Vec<String> {
        let inner = self.0.into_iter().skip_while(|it| *it != Token::Symbol('('));
        let inner = inner.take_while(|it| *it != Token::Symbol(')'));
        inner
            .filter_map(|it| match it {
                Token::Name(name) | Token::Word(name) => Some(name),
                _ => None,
            })
            .collect()
    }
}

/// Whether a statement's end is there: a semicolon outside of quotes.
pub(super) fn is_whole(text: &str) -> bool {
    // Quotes that are open make the rest unreadable, until more comes.
    tokens(text).is_ok_and(|it| it.last() == Some(&Token::Symbol(';')))
}

/// Takes a text apart.
///
/// # Errors
///
/// [`crate::StoreErrorKind::Malformed`] where quotes don't end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, StoreError> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let token = match character {
            '"' => Token::Name(quoted(&mut rest, '"', Backslash::Itself)?),
            '\'' => Token::Text(quoted(&mut rest, '\'', Backslash::Itself)?),
            'E' | 'e' if rest.peek() == Some(&'\'') => {
                rest.next();
                Token::Text(quoted(&mut rest, '\'', Backslash::Escapes)?)
            }
            '-' if rest.peek() == Some(&'-') => {
                rest.by_ref().find(|it| *it == '\n');
                continue;
            }
            it if it.is_whitespace() => continue,
            it if it.is_alphanumeric() || it == '_' => {
                let mut word = String::from(it);
                while let Some(more) =
                    rest.next_if(|it| it.is_alphanumeric() || matches!(it, '_' | '$'))
                {
                    word.push(more);
                }
                Token::Word(word.to_lowercase())
            }
            it => Token::Symbol(it),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

/// What a backslash in quotes is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    Escapes,
    Itself,
}

fn quoted(
    rest: &mut Peekable<Chars<'_>>,
    quote: char,
    backslash: Backslash,
) -> Result<String, StoreError> {
    let mut text = String::new();
    while let Some(character) = rest.next() {
        if character == quote {
            if rest.next_if_eq(&quote).is_none() {
                return Ok(text);
            }
        } else if character == '\\' && backslash == Backslash::Escapes {
            match rest.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(other) if !other.is_ascii_alphanumeric() => text.push(other),
                _ => return Err(malformed("an escape that nobody here knows")),
            }
            continue;
        }
        text.push(character);
    }
    Err(malformed("quotes that don't end"))
}

/// A name, quoted.
pub(super) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text, quoted; for servers whose strings conform to the standard, as they do by default since 9.1.
pub(super) fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
