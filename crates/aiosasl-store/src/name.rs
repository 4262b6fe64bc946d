//! How a store spells the names of its accounts.

use std::{borrow::Cow, fmt, str::FromStr};

use aiosasl::{
    identity::AuthenticationId,
    prep::{self, PrepError, Strings},
};

use crate::error::{StoreError, StoreErrorKind};

/// The rule by which names become accounts' names; chosen when a store is made, and never changed: accounts would be
/// lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NameRule {
    /// As it comes.
    Raw,
    /// SASLprep (RFC 4013), what mechanisms do, too: `User` is not `user`.
    #[default]
    Saslprep,
    /// PRECIS UsernameCaseMapped (RFC 8265 section 3.3): `User` is `user`.
    CaseMapped,
    /// PRECIS UsernameCasePreserved (RFC 8265 section 3.4).
    CasePreserved,
}

impl NameRule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Saslprep, Self::CaseMapped, Self::CasePreserved];

    /// The rule as a stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Saslprep => "saslprep",
            Self::CaseMapped => "case-mapped",
            Self::CasePreserved => "case-preserved",
        }
    }

    /// The account's name.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`], where the rule forbids it or leaves nothing of it.
    pub fn prepare(self, name: &str) -> Result<AuthenticationId, StoreError> {
        let refused = || StoreError::new(StoreErrorKind::Invalid, "the name can't be prepared");
        let prepared = self.apply(name).map_err(|error| refused().because(error))?;
        AuthenticationId::new(&*prepared).map_err(|error| refused().because(error))
    }

    fn apply(self, name: &str) -> Result<Cow<'_, str>, PrepError> {
        match self {
            Self::Raw => Ok(Cow::Borrowed(name)),
            Self::Saslprep => prep::saslprep(name, Strings::Stored),
            Self::CaseMapped => prep::username_case_mapped(name),
            Self::CasePreserved => prep::username_case_preserved(name),
        }
    }
}

impl fmt::Display for NameRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for NameRule {
    type Err = StoreError;

    fn from_str(word: &str) -> Result<Self, StoreError> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            StoreError::new(StoreErrorKind::Invalid, format!("expected a rule for names: {words}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_idea_of_a_name() {
        let names =
            |name| NameRule::ALL.map(|rule| rule.prepare(name).ok().map(|it| it.to_string()));
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(names("User"), [some("User"), some("User"), some("user"), some("User")]);
        assert_eq!(names("I\u{2168}"), [some("I\u{2168}"), some("IIX"), None, None]);
        assert_eq!(names(""), [None, None, None, None]);
        for rule in NameRule::ALL {
            assert_eq!(rule.as_str().parse::<NameRule>().unwrap(), rule);
        }
    }
}
