//! Lists of capabilities that are lines up to a lone dot, a name and its arguments each: POP3's and NNTP's.

use aiosasl::name::MechanismName;

use crate::printable;

/// The most lines of one list.
pub(crate) const MAX_LIST: usize = 256;
/// The most names taken from one list of mechanisms.
const MAX_COUNT: usize = 512;

/// The lines, in the server's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CapabilityLines(Vec<String>);

impl CapabilityLines {
    /// Takes a line, without what hides its dot; too many are dropped.
    pub(crate) fn push(&mut self, line: &[u8]) {
        if self.0.len() < MAX_LIST {
            self.0.push(printable(line));
        }
    }

    /// The lines, as the server wrote them.
    pub(crate) fn lines(&self) -> &[String] {
        &self.0
    }

    /// Whether there is a line of this name; case means nothing.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.arguments(name).next().is_some()
    }

    /// The arguments of each line of this name.
    pub(crate) fn arguments(
        &self,
        name: &str,
    ) -> impl Iterator<Item = std::str::SplitAsciiWhitespace<'_>> {
        self.0.iter().filter_map(move |line| {
            let mut words = line.split_ascii_whitespace();
            words.next()?.eq_ignore_ascii_case(name).then_some(words)
        })
    }

    /// The mechanisms of the lines `SASL`, each once.
    pub(crate) fn mechanisms(&self) -> Vec<MechanismName> {
        let mut names = Vec::new();
        for name in self.offers().filter_map(|name| MechanismName::parse_any_case(name).ok()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What stands there and has no mechanism's name (RFC 4422 section 3.1).
    pub(crate) fn unreadable(&self) -> Vec<String> {
        let unreadable = |name: &&str| MechanismName::parse_any_case(name).is_err();
        self.offers().filter(unreadable).map(str::to_owned).collect()
    }

    /// The lines on the wire, with what ends the list.
    pub(crate) fn to_lines(&self) -> Vec<u8> {
        let hidden = |line: &String| {
            let dot = if line.starts_with('.') { "." } else { "" };
            format!("{dot}{line}\r\n")
        };
        (self.0.iter().map(hidden).collect::<String>() + ".\r\n").into_bytes()
    }

    fn offers(&self) -> impl Iterator<Item = &str> {
        self.arguments("SASL").flatten().take(MAX_COUNT)
    }
}

impl FromIterator<String> for CapabilityLines {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}
