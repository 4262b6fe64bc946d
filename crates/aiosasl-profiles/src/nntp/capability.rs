//! The list of capabilities (RFC 3977 section 5.2, RFC 4643 section 2.1).

use aiosasl::name::MechanismName;

use crate::capability_lines::CapabilityLines;

/// What a server says that it can do, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    lines: CapabilityLines,
}

impl Capabilities {
    /// Takes a line of the list, without what hides its dot. What is not UTF-8 or has control characters is made
    /// [`printable`](crate::printable); what comes after the 256th line is dropped.
    pub fn push(&mut self, line: &[u8]) {
        self.lines.push(line);
    }

    /// The lines, as the server wrote them.
    pub fn lines(&self) -> &[String] {
        self.lines.lines()
    }

    /// Whether this one is listed; case means nothing.
    pub fn has(&self, name: &str) -> bool {
        self.lines.has(name)
    }

    /// Whether `AUTHINFO` is to be had in this form now: `SASL`, or `USER`.
    pub fn has_authinfo(&self, form: &str) -> bool {
        self.lines.arguments("AUTHINFO").flatten().any(|word| word.eq_ignore_ascii_case(form))
    }

    /// The mechanisms that are offered, each once, in the server's order.
    pub fn mechanisms(&self) -> Vec<MechanismName> {
        self.lines.mechanisms()
    }

    /// What is offered as a mechanism and has no mechanism's name (RFC 4422 section 3.1).
    pub fn unreadable(&self) -> Vec<String> {
        self.lines.unreadable()
    }

    /// The lines on the wire, with what ends the list.
    pub fn to_lines(&self) -> Vec<u8> {
        self.lines.to_lines()
    }
}

impl FromIterator<String> for Capabilities {
    fn from_iter<I: IntoIterator<Item = String>>(lines: I) -> Self {
        Self { lines: lines.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_and_forms_of_authinfo_are_read() {
        let mut list = Capabilities::default();
        for line in ["VERSION 2", "AUTHINFO user Sasl", "sasl plain SCRAM-SHA-256 PLAIN a!", ".x"] {
            list.push(line.as_bytes());
        }
        let names: Vec<_> = list.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["PLAIN", "SCRAM-SHA-256"]);
        assert_eq!(list.unreadable(), ["a!"]);
        assert!(list.has_authinfo("SASL") && list.has_authinfo("USER"));
        assert!(list.has("version") && !list.has("STARTTLS"));
        assert!(list.to_lines().ends_with(b"\r\n..x\r\n.\r\n"));
        assert!(!Capabilities::default().has_authinfo("SASL"));
    }
}
