//! The "trace" profile of stringprep (RFC 4505 section 3): what a guest leaves behind.

use super::error::PrepError;
use super::stringprep;

/// Checks the trace of an anonymous user by the profile "trace" (RFC 4505 section 3): nothing is
/// mapped, nothing normalized, and unassigned code points are allowed. How long a trace may be is
/// not asked here.
///
/// # Errors
///
/// [`PrepError::Prohibited`] or [`PrepError::Bidi`], the first that applies in this order.
///
/// # Example: a trace is left as it is, or refused
///
/// ```
/// use aiosasl::prep::{PrepError, trace};
///
/// assert_eq!(trace("sirhc"), Ok("sirhc"));
/// assert_eq!(trace("one\nline"), Err(PrepError::Prohibited));
/// ```
pub fn trace(input: &str) -> Result<&str, PrepError> {
    if !stringprep::is_plain(input) {
        stringprep::check_prohibited(input, &stringprep::ALWAYS_PROHIBITED)?;
        stringprep::check_bidi(input)?;
    }
    Ok(input)
}
