//! Mechanism names (RFC 4422 section 3.1).

use core::fmt;

use crate::binding::BindingKind;

/// A mechanism's name: upper-case ASCII letters, digits, `-` and `_`.
///
/// At most 20 octets; two mechanisms of IRC services are longer, and only
/// [`parse_relaxed`](Self::parse_relaxed) takes them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MechanismName {
    octets: [u8; Self::RELAXED_MAX_LEN],
    len: u8,
}

impl MechanismName {
    /// The limit of RFC 4422, in octets.
    pub const MAX_LEN: usize = 20;
    /// The limit for protocols that are known to break the rule, in octets.
    pub const RELAXED_MAX_LEN: usize = 32;

    /// A name known at compile time.
    ///
    /// # Panics
    ///
    /// Where `name` is no mechanism name; in a `const`, that is a compile error.
    pub const fn new(name: &'static str) -> Self {
        match Self::check(name.as_bytes(), Self::RELAXED_MAX_LEN) {
            Ok(name) => name,
            Err(_) => panic!("expected a mechanism name (RFC 4422 section 3.1)"),
        }
    }

    /// Reads a name as it stands, with the limit of 20 octets.
    ///
    /// # Errors
    ///
    /// [`NameError`]: lower case is an error; a protocol whose commands ignore case folds first, with
    /// [`parse_any_case`](Self::parse_any_case).
    pub fn parse(name: impl AsRef<[u8]>) -> Result<Self, NameError> {
        Self::check(name.as_ref(), Self::MAX_LEN)
    }

    /// Reads a name of which ASCII lower case means the same (IMAP, SMTP, POP3 command arguments).
    ///
    /// # Errors
    ///
    /// [`NameError`], as [`parse`](Self::parse).
    pub fn parse_any_case(name: impl AsRef<[u8]>) -> Result<Self, NameError> {
        let name = name.as_ref();
        let mut folded = [0; Self::MAX_LEN];
        let Some(folded) = folded.get_mut(..name.len()) else { return Err(NameError::TooLong) };
        folded.copy_from_slice(name);
        folded.make_ascii_uppercase();
        Self::parse(folded)
    }

    /// Reads a name with the limit of 32 octets, for IRC.
    ///
    /// # Errors
    ///
    /// [`NameError`], as [`parse`](Self::parse).
    pub fn parse_relaxed(name: impl AsRef<[u8]>) -> Result<Self, NameError> {
        Self::check(name.as_ref(), Self::RELAXED_MAX_LEN)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let octets = self.octets.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(octets).unwrap_or_default()
    }

    /// Whether the name ends in `-PLUS`: the mechanism binds to the channel (RFC 5801 section 5).
    pub fn is_plus(&self) -> bool {
        self.as_str().ends_with("-PLUS")
    }

    /// Whether the mechanism is of a family that has a `-PLUS` form of each member (RFC 5801, RFC 5802).
    pub fn has_plus_form(&self) -> bool {
        ["GS2-", "SCRAM-"].iter().any(|family| self.as_str().starts_with(family))
    }

    /// The one type of channel binding that the mechanism takes, where its name says one: the last part of an HT name
    /// (draft-ietf-kitten-sasl-ht section 2).
    pub fn named_binding(&self) -> Option<BindingKind> {
        match self.as_str().strip_prefix("HT-")?.rsplit_once('-')?.1 {
            "ENDP" => Some(BindingKind::TlsServerEndPoint),
            "EXPR" => Some(BindingKind::TlsExporter),
            "UNIQ" => Some(BindingKind::TlsUnique),
            _ => None,
        }
    }

    /// The name without `-PLUS`.
    #[must_use]
    pub fn without_plus(&self) -> Self {
        let len = self.as_str().strip_suffix("-PLUS").map_or(usize::from(self.len), str::len);
        Self::check(self.as_str().as_bytes().get(..len).unwrap_or_default(), len).unwrap_or(*self)
    }

    const fn check(name: &[u8], limit: usize) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > limit {
            return Err(NameError::TooLong);
        }
        let mut octets = [0; Self::RELAXED_MAX_LEN];
        let mut at = 0;
        while at < name.len() {
            octets[at] = match name[at] {
                octet @ (b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_') => octet,
                _ => return Err(NameError::BadCharacter),
            };
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the limit is at most 32")]
        Ok(Self { octets, len: name.len() as u8 })
    }
}

impl fmt::Debug for MechanismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for MechanismName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl core::str::FromStr for MechanismName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

impl PartialEq<str> for MechanismName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for MechanismName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// Why octets are no mechanism name (RFC 4422 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// A character other than `A-Z`, `0-9`, `-` and `_`.
    BadCharacter,
    /// No character at all.
    Empty,
    /// More octets than the limit.
    TooLong,
}

impl NameError {
    /// The reason as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadCharacter => "bad-character",
            Self::Empty => "empty",
            Self::TooLong => "too-long",
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadCharacter => {
                "expected upper-case letters, digits, '-' or '_' in a mechanism name"
            }
            Self::Empty => "expected a mechanism name",
            Self::TooLong => "the mechanism name is too long",
        })
    }
}

impl core::error::Error for NameError {}
