//! The list of capabilities (RFC 2449 section 5).

use aiosasl::name::MechanismName;

use super::{AuthCodes, Sasl};
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

    /// Whether and how the mechanisms are listed.
    pub fn sasl(&self) -> Sasl {
        if self.has("SASL") { Sasl::Listed } else { Sasl::Unlisted }
    }

    /// Whether refusals that concern the credentials are marked.
    pub fn auth_codes(&self) -> AuthCodes {
        if self.has("AUTH-RESP-CODE") { AuthCodes::Listed } else { AuthCodes::Unlisted }
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
    fn mechanisms_are_read_in_any_case_and_once() {
        let mut list = Capabilities::default();
        for line in ["TOP", "sasl plain SCRAM-SHA-256 PLAIN a!", "Auth-Resp-Code", "STLS", ".x"] {
            list.push(line.as_bytes());
        }
        let names: Vec<_> = list.mechanisms().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["PLAIN", "SCRAM-SHA-256"]);
        assert_eq!(list.unreadable(), ["a!"]);
        assert!(list.has("stls") && !list.has("USER") && !list.has("plain"));
        assert_eq!((list.sasl(), list.auth_codes()), (Sasl::Listed, AuthCodes::Listed));
        assert!(list.to_lines().ends_with(b"STLS\r\n..x\r\n.\r\n"));
        let nothing = Capabilities::default();
        assert_eq!((nothing.sasl(), nothing.auth_codes()), (Sasl::Unlisted, AuthCodes::Unlisted));
    }
}
