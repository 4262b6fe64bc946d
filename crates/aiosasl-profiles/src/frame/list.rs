//! Mechanisms as a server lists them.

use std::fmt;

use aiosasl::name::MechanismName;

use crate::{WireError, printable};

/// Names in the server's order, whatever they are; at most 512 of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MechanismList(Vec<Box<[u8]>>);

impl MechanismList {
    /// The most names.
    pub const MAX: usize = 512;

    /// Adds a name.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is one too many.
    pub fn push(&mut self, name: &[u8]) -> Result<(), WireError> {
        if self.0.len() == Self::MAX {
            let text = format!("expected at most {} mechanisms", Self::MAX);
            return Err(WireError::protocol(text));
        }
        self.0.push(name.into());
        Ok(())
    }

    /// The mechanisms, each once.
    pub fn names(&self) -> Vec<MechanismName> {
        let mut names = Vec::new();
        for name in self.0.iter().filter_map(|name| MechanismName::parse_any_case(name).ok()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What is no mechanism's name, made [`printable`].
    pub fn unreadable(&self) -> Vec<String> {
        let bad = self.0.iter().filter(|name| MechanismName::parse_any_case(name).is_err());
        bad.map(|name| printable(name)).collect()
    }

    /// All of them, as they came.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|name| &**name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<MechanismName> for MechanismList {
    fn from_iter<I: IntoIterator<Item = MechanismName>>(names: I) -> Self {
        Self(
            names.into_iter().take(Self::MAX).map(|name| name.as_str().as_bytes().into()).collect(),
        )
    }
}

impl fmt::Debug for MechanismList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|name| printable(name))).finish()
    }
}
