//! Why a string can't be prepared.

use core::{error, fmt};

/// Why a string can't be prepared. It never says which character: the string may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrepError {
    /// Right-to-left text stands where it may not (RFC 3454 section 6, RFC 5893 section 2).
    Bidi,
    /// A character stands outside the only context that it may stand in (RFC 5892 appendix A).
    Context,
    /// A character is disallowed by the string class (RFC 8264 section 8).
    Disallowed,
    /// The string is empty (RFC 8265 sections 3.3.2 and 4.2.2). SASLprep has no such rule.
    Empty,
    /// A character is prohibited (RFC 4013 section 2.3, RFC 4505 section 3).
    Prohibited,
    /// A code point is unassigned (RFC 4013 section 2.5, RFC 8264 section 8).
    Unassigned,
    /// The string is still changing after the fourth application (RFC 8264 section 7).
    Unstable,
}

impl PrepError {
    /// One word for logs and test vectors, such as `"bidi"`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bidi => "bidi",
            Self::Context => "context",
            Self::Disallowed => "disallowed",
            Self::Empty => "empty",
            Self::Prohibited => "prohibited",
            Self::Unassigned => "unassigned",
            Self::Unstable => "unstable",
        }
    }
}

impl fmt::Display for PrepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bidi => "right-to-left text is mixed with other text, or lacks one of its ends",
            Self::Context => "a character is out of the only context that it may stand in",
            Self::Disallowed => "a character is not allowed here",
            Self::Empty => "nothing is left: at least one character is needed",
            Self::Prohibited => "a character is prohibited",
            Self::Unassigned => "a code point is not assigned to any character",
            Self::Unstable => "the text changes each time it is prepared",
        })
    }
}

impl error::Error for PrepError {}
