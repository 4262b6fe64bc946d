//! The list of capabilities (RFC 9051 section 7.2.2).

use aiosasl::name::MechanismName;

use super::{Literals, SaslIr};
use crate::printable;

/// The most capabilities taken from one list.
const MAX_COUNT: usize = 512;

/// What a server says that it can do, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    words: Vec<String>,
}

impl Capabilities {
    /// Reads a list: words with spaces between them. What is not UTF-8 or has control characters is made
    /// [`printable`]; what comes after the 512th word is dropped.
    pub fn parse(list: &[u8]) -> Self {
        let words = list.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
        Self { words: words.take(MAX_COUNT).map(printable).collect() }
    }

    /// The words, as the server wrote them.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether this one is listed; case means nothing.
    pub fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| word.eq_ignore_ascii_case(name))
    }

    /// Whether an initial response may go with the command.
    pub fn sasl_ir(&self) -> SaslIr {
        if self.has("SASL-IR") || self.has("IMAP4rev2") { SaslIr::Present } else { SaslIr::Absent }
    }

    /// Which literals need not be waited for.
    pub fn literals(&self) -> Literals {
        if self.has("LITERAL+") {
            Literals::AtOnce
        } else if self.has("LITERAL-") || self.has("IMAP4rev2") {
            Literals::ShortAtOnce
        } else {
            Literals::Awaited
        }
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

    fn offers(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| {
            let (key, name) = word.split_once('=')?;
            key.eq_ignore_ascii_case("AUTH").then_some(name)
        })
    }
}

impl<'a> FromIterator<&'a str> for Capabilities {
    fn from_iter<I: IntoIterator<Item = &'a str>>(words: I) -> Self {
        Self { words: words.into_iter().map(str::to_owned).collect() }
    }
}

impl std::fmt::Display for Capabilities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_are_read_in_any_case_and_once() {
        let list = Capabilities::parse(
            b"imap4REV1  auth=plain AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=a! STARTTLS",
        );
        let names: Vec<_> = list.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["PLAIN", "SCRAM-SHA-256"]);
        assert_eq!(list.unreadable(), ["a!"]);
        assert!(list.has("IMAP4rev1") && list.has("starttls") && !list.has("AUTH"));
    }

    #[test]
    fn imap4rev2_includes_sasl_ir() {
        assert_eq!(Capabilities::parse(b"IMAP4rev1").sasl_ir(), SaslIr::Absent);
        assert_eq!(Capabilities::parse(b"IMAP4rev1 SASL-IR").sasl_ir(), SaslIr::Present);
        assert_eq!(Capabilities::parse(b"IMAP4rev2").sasl_ir(), SaslIr::Present);
    }
}
