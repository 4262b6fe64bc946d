//! SASLprep (RFC 4013): the profile of stringprep for user names and passwords.

use alloc::borrow::Cow;
use alloc::string::String;
use core::mem;

use super::error::PrepError;
use super::{lookup, normalize, stringprep, tables};

/// Which rule holds for unassigned code points (RFC 3454 section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strings {
    /// For what is kept and compared with later, and for SCRAM's password: unassigned code points
    /// are an error.
    Stored,
    /// For what is compared with something stored: unassigned code points pass as they are.
    Query,
}

/// Prepares a user name or a password by SASLprep (RFC 4013), for ever by Unicode 3.2.
///
/// U+200B, which RFC 3454 both maps to SPACE (table C.1.2) and drops (table B.1), becomes SPACE.
/// The result may be empty, which is no error of SASLprep: whoever needs a name or a password
/// refuses it.
///
/// # Errors
///
/// [`PrepError::Prohibited`], [`PrepError::Bidi`] or [`PrepError::Unassigned`], the first that
/// applies in this order.
///
/// # Example: what looks the same is prepared to be the same
///
/// ```
/// use aiosasl::prep::{PrepError, Strings, saslprep};
///
/// assert_eq!(saslprep("I\u{AD}X", Strings::Stored).unwrap(), "IX");
/// assert_eq!(saslprep("\u{2168}", Strings::Stored).unwrap(), "IX");
/// assert_eq!(saslprep("\u{7}", Strings::Stored), Err(PrepError::Prohibited));
/// ```
///
/// # Example: a smile may be asked for, but never stored
///
/// ```
/// use aiosasl::prep::{PrepError, Strings, saslprep};
///
/// assert_eq!(saslprep("😀", Strings::Query).unwrap(), "😀");
/// assert_eq!(saslprep("😀", Strings::Stored), Err(PrepError::Unassigned));
/// ```
pub fn saslprep(input: &str, strings: Strings) -> Result<Cow<'_, str>, PrepError> {
    if stringprep::is_plain(input) {
        return Ok(Cow::Borrowed(input));
    }
    let rewritten =
        normalize::rewrite(input, |emit| tables::UNICODE.normalize(mapped(input), emit));
    check(rewritten.as_deref().map_or(input, String::as_str), strings)?;
    Ok(rewritten.map_or(Cow::Borrowed(input), |mut text| Cow::Owned(mem::take(&mut *text))))
}

/// RFC 4013 section 2.1.
fn mapped(input: &str) -> impl Iterator<Item = char> {
    input.chars().filter_map(|c| {
        if c.is_ascii() {
            Some(c)
        } else if lookup::contains(tables::C_1_2, c) {
            Some(' ')
        } else {
            Some(c).filter(|_| !lookup::contains(tables::B_1, c))
        }
    })
}

/// RFC 4013 sections 2.3 to 2.5, on the output of the steps before.
fn check(output: &str, strings: Strings) -> Result<(), PrepError> {
    stringprep::check_prohibited(output, &[tables::C_1_2, tables::C_7])?;
    stringprep::check_prohibited(output, &stringprep::ALWAYS_PROHIBITED)?;
    stringprep::check_bidi(output)?;
    match strings {
        Strings::Stored => stringprep::check_assigned(output),
        Strings::Query => Ok(()),
    }
}
