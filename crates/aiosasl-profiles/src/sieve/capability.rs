//! The list of capabilities (RFC 5804 section 1.7).

use aiosasl::{name::MechanismName, secret::Secret};

use super::{Reply, ScanError};
use crate::printable;

/// The most capabilities taken from one list.
const MAX_COUNT: usize = 256;

/// The most names taken from one list of mechanisms.
const MAX_NAMES: usize = 512;

/// What a server says that it can do, in its order: names, some with a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    entries: Vec<(String, Option<String>)>,
}

impl Capabilities {
    /// Takes the strings of one capability, made [`printable`]; what comes after the 256th is dropped.
    ///
    /// # Errors
    ///
    /// [`ScanError`] where they are neither one nor two.
    pub fn push(&mut self, strings: &[Secret]) -> Result<(), ScanError> {
        let (name, value) = match strings {
            [name] => (name, None),
            [name, value] => (name, Some(printable(value.expose()))),
            _ => return Err(ScanError::Unexpected),
        };
        if self.entries.len() < MAX_COUNT {
            self.entries.push((printable(name.expose()), value));
        }
        Ok(())
    }

    /// The names and values, as the server wrote them.
    pub fn entries(&self) -> &[(String, Option<String>)] {
        &self.entries
    }

    /// Whether this one is listed; case means nothing.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(it, _)| it.eq_ignore_ascii_case(name))
    }

    /// The value of this one, where it is listed and has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.entries.iter().find(|(it, _)| it.eq_ignore_ascii_case(name))?;
        value.as_deref()
    }

    /// The mechanisms that are offered, each once, in the server's order.
    pub fn mechanisms(&self) -> Vec<MechanismName> {
        let mut names = Vec::new();
        for name in self.offers().filter_map(|name| MechanismName::parse_any_case(name).ok()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What is offered as a mechanism and has no mechanism's name (RFC 4422 section 3.1).
    pub fn unreadable(&self) -> Vec<String> {
        let unreadable = |name: &&str| MechanismName::parse_any_case(name).is_err();
        self.offers().filter(unreadable).map(str::to_owned).collect()
    }

    /// The capabilities on the wire; a condition must follow.
    pub fn to_messages(&self) -> Vec<u8> {
        let message = |(name, value): &(String, Option<String>)| {
            let strings = [Some(name), value.as_ref()];
            let strings = strings.into_iter().flatten();
            strings.map(|it| Secret::new(it.as_str())).collect::<Reply>().to_message().to_vec()
        };
        self.entries.iter().flat_map(message).collect()
    }

    fn offers(&self) -> impl Iterator<Item = &str> {
        self.value("SASL").unwrap_or_default().split_ascii_whitespace().take(MAX_NAMES)
    }
}

impl<'a> FromIterator<(&'a str, Option<&'a str>)> for Capabilities {
    fn from_iter<I: IntoIterator<Item = (&'a str, Option<&'a str>)>>(entries: I) -> Self {
        let entry = |(name, value): (&str, Option<&str>)| (name.into(), value.map(Into::into));
        Self { entries: entries.into_iter().map(entry).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_are_read_in_any_case_and_once() {
        let list = Capabilities::from_iter([
            ("IMPLEMENTATION", Some("x")),
            ("Sasl", Some("plain SCRAM-SHA-256 PLAIN a!")),
            ("STARTTLS", None),
        ]);
        let names: Vec<_> = list.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["PLAIN", "SCRAM-SHA-256"]);
        assert_eq!(list.unreadable(), ["a!"]);
        assert!(list.has("starttls") && !list.has("SIEVE"));
        assert_eq!((list.value("STARTTLS"), list.value("implementation")), (None, Some("x")));
        assert!(list.to_messages().ends_with(b" a!\"\r\n\"STARTTLS\"\r\n"));
    }
}
