//! The PRECIS profiles for passwords and user names (RFC 8265), by Unicode 14.0.0.

use alloc::borrow::Cow;
use alloc::string::String;
use core::mem;

use zeroize::Zeroizing;

use super::context::Context;
use super::error::PrepError;
use super::tables_precis::{self, Property};
use super::{direction, lookup, normalize};

/// Prepares a password by the profile OpaqueString (RFC 8265 section 4.2).
///
/// # Errors
///
/// [`PrepError::Context`], [`PrepError::Disallowed`], [`PrepError::Empty`],
/// [`PrepError::Unassigned`] or [`PrepError::Unstable`].
///
/// # Example: spaces become one kind of space, and case matters
///
/// ```
/// use aiosasl::prep::opaque_string;
///
/// assert_eq!(opaque_string("foo\u{1680}bar").unwrap(), "foo bar");
/// assert_ne!(opaque_string("Correct Horse"), opaque_string("correct horse"));
/// ```
pub fn opaque_string(input: &str) -> Result<Cow<'_, str>, PrepError> {
    enforce(input, |text| {
        check_class(text, |c| c, Class::Freeform)?;
        check_filled(text)?;
        Ok(normalized(text, &text.chars().map(spaced)))
    })
}

/// Prepares a user name by the profile UsernameCaseMapped (RFC 8265 section 3.3): in lower case. A
/// name of several parts with spaces between them is refused; prepare each part alone.
///
/// # Errors
///
/// Any [`PrepError`] but [`PrepError::Prohibited`].
///
/// # Example: names that differ in case alone are one name
///
/// ```
/// use aiosasl::prep::username_case_mapped;
///
/// assert_eq!(username_case_mapped("Juliet"), username_case_mapped("juliet"));
/// ```
pub fn username_case_mapped(input: &str) -> Result<Cow<'_, str>, PrepError> {
    enforce_username(input, |text| {
        normalized(text, &text.chars().map(narrowed).flat_map(char::to_lowercase))
    })
}

/// Prepares a user name by the profile UsernameCasePreserved (RFC 8265 section 3.4). A name of
/// several parts with spaces between them is refused; prepare each part alone.
///
/// # Errors
///
/// Any [`PrepError`] but [`PrepError::Prohibited`].
///
/// # Example: a fullwidth name is the usual name
///
/// ```
/// use aiosasl::prep::{PrepError, username_case_preserved};
///
/// assert_eq!(username_case_preserved("Ｊuliet").unwrap(), "Juliet");
/// assert_eq!(username_case_preserved("Romeo Juliet"), Err(PrepError::Disallowed));
/// ```
pub fn username_case_preserved(input: &str) -> Result<Cow<'_, str>, PrepError> {
    enforce_username(input, |text| normalized(text, &text.chars().map(narrowed)))
}

/// How often the rules are applied again while the text changes (RFC 8264 section 7).
const REPEATS: usize = 3;

/// What a text becomes, or `None` where it stays as it is.
type Rewritten = Option<Zeroizing<String>>;

/// RFC 8264 section 4: which characters a string may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Freeform,
    Identifier,
}

/// The rules of RFC 8265 section 3, of which `rewrite` does the mappings and the normalization.
fn enforce_username(
    input: &str,
    rewrite: impl Fn(&str) -> Rewritten,
) -> Result<Cow<'_, str>, PrepError> {
    enforce(input, |text| {
        check_class(text, narrowed, Class::Identifier)?;
        let rewritten = rewrite(text);
        direction::check(rewritten.as_deref().map_or(text, String::as_str))?;
        check_filled(text)?;
        Ok(rewritten)
    })
}

/// Applies a profile until it changes nothing more.
fn enforce(
    input: &str,
    apply: impl Fn(&str) -> Result<Rewritten, PrepError>,
) -> Result<Cow<'_, str>, PrepError> {
    let Some(mut text) = apply(input)? else { return Ok(Cow::Borrowed(input)) };
    for _ in 0..REPEATS {
        match apply(&text)? {
            Some(next) => text = next,
            None => return Ok(Cow::Owned(mem::take(&mut *text))),
        }
    }
    Err(PrepError::Unstable)
}

/// Checks that each character, once it is `mapped`, belongs to the class and stands where it may.
fn check_class(text: &str, mapped: fn(char) -> char, class: Class) -> Result<(), PrepError> {
    let mut context = None;
    for (at, c) in text.char_indices() {
        match lookup::in_runs(tables_precis::PROPERTIES, mapped(c)) {
            Some(Property::Valid) => (),
            Some(Property::Freeform) if class == Class::Freeform => (),
            Some(Property::Freeform | Property::Disallowed) => return Err(PrepError::Disallowed),
            Some(Property::Context) => {
                let context = context.get_or_insert_with(|| Context::of(text, mapped));
                if !context.allows(at) {
                    return Err(PrepError::Context);
                }
            }
            Some(Property::Unassigned) | None => return Err(PrepError::Unassigned),
        }
    }
    Ok(())
}

fn check_filled(text: &str) -> Result<(), PrepError> {
    if text.is_empty() { Err(PrepError::Empty) } else { Ok(()) }
}

/// NFC of the mapped characters of `text`.
fn normalized(text: &str, mapped: &(impl Iterator<Item = char> + Clone)) -> Rewritten {
    normalize::rewrite(text, |emit| tables_precis::UNICODE.normalize(mapped.clone(), emit))
}

/// The additional mapping rule of RFC 8265 section 4.2.1.
fn spaced(c: char) -> char {
    if !c.is_ascii() && lookup::contains(tables_precis::SPACES, c) { ' ' } else { c }
}

/// The width mapping rule of RFC 8265 section 3.3.1.
fn narrowed(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let widths = tables_precis::WIDTHS;
    let found = widths.binary_search_by_key(&c, |&(from, _)| from).ok();
    found.and_then(|at| widths.get(at)).map_or(c, |&(_, to)| to)
}
