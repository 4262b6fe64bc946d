//! Capabilities (IRCv3 capability negotiation 302): lists, and what a server can do by them.

use aiosasl::name::MechanismName;

use super::Message;
use crate::printable;

/// The most capabilities, and the most mechanisms, remembered of a server.
pub const MAX_WORDS: usize = 512;

/// What a server says that it can do, each with its value: `sasl=PLAIN,EXTERNAL`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    words: Vec<String>,
}

impl Capabilities {
    /// Adds the list of one line; what is not UTF-8, and what is too much, is left out.
    pub fn extend(&mut self, list: &[u8]) {
        let room = MAX_WORDS.saturating_sub(self.words.len());
        let words = list.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
        let words = words.filter_map(|word| std::str::from_utf8(word).ok());
        self.words.extend(words.take(room).map(str::to_owned));
    }

    /// Takes the list of those that are there now, or have another value now (`CAP NEW`).
    pub fn renew(&mut self, list: &[u8]) {
        self.remove(list);
        self.extend(list);
    }

    /// Takes those away that are not there any more (`CAP DEL`).
    pub fn remove(&mut self, list: &[u8]) {
        let mut gone = Self::default();
        gone.extend(list);
        self.words.retain(|word| !gone.has(name(word)));
    }

    /// Whether there is this one.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of this one; empty where it has none.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.words.iter().find(|word| self::name(word) == name)?;
        Some(found.split_once('=').map_or("", |(_, value)| value))
    }

    /// All of them, in the server's order.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The mechanisms; none where the server does not say which it has, though it may have some.
    pub fn mechanisms(&self) -> Mechanisms {
        Mechanisms::parse(self.value("sasl").unwrap_or_default().as_bytes())
    }
}

/// The name of one, whatever its value.
fn name(word: &str) -> &str {
    word.split_once('=').map_or(word, |(name, _)| name)
}

/// A list of mechanisms: `PLAIN,EXTERNAL`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mechanisms {
    /// Each once, in the server's order.
    pub names: Vec<MechanismName>,
    /// What has no mechanism's name, made [`printable`].
    pub unreadable: Vec<String>,
}

impl Mechanisms {
    /// Reads a list.
    pub fn parse(list: &[u8]) -> Self {
        let mut it = Self::default();
        let names = list.split(|octet| *octet == b',').filter(|name| !name.is_empty());
        for name in names.take(MAX_WORDS) {
            // Services have longer names than RFC 4422 allows.
            match MechanismName::parse_relaxed(name.to_ascii_uppercase()) {
                Ok(name) if it.names.contains(&name) => {}
                Ok(name) => it.names.push(name),
                Err(_) => it.unreadable.push(printable(name)),
            }
        }
        it
    }
}

/// What a server says about capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapReply<'a> {
    /// They are in force.
    Ack(&'a [u8]),
    /// They are not there any more, nor in force (`cap-notify`).
    Del(&'a [u8]),
    /// There are these, and perhaps more.
    Ls {
        /// The list.
        list: &'a [u8],
        /// Whether another line follows.
        more: More,
    },
    /// They are refused, all together.
    Nak(&'a [u8]),
    /// They are there now, or have another value now; not in force (`cap-notify`).
    New(&'a [u8]),
    /// Something else.
    Other,
}

/// Whether another line follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// This was the last one.
    Done,
    /// One follows.
    Follows,
}

impl<'a> CapReply<'a> {
    /// What a message says; `None` where it is about something else.
    pub fn of(message: &Message<'a>) -> Option<Self> {
        if !message.is("CAP") {
            return None;
        }
        let [_, word, rest @ ..] = message.parameters.as_slice() else { return Some(Self::Other) };
        Some(match (word.to_ascii_uppercase().as_slice(), rest) {
            (b"LS", [b"*", list, ..]) => Self::Ls { list, more: More::Follows },
            (b"LS", [list, ..]) => Self::Ls { list, more: More::Done },
            (b"LS", []) => Self::Ls { list: b"", more: More::Done },
            (b"ACK", [list, ..]) => Self::Ack(list),
            (b"DEL", [list, ..]) => Self::Del(list),
            (b"NAK", [list, ..]) => Self::Nak(list),
            (b"NEW", [list, ..]) => Self::New(list),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_several_lines() {
        let mut capabilities = Capabilities::default();
        let lines = [
            ":s CAP * LS * :multi-prefix sasl=PLAIN,scram-sha-256,PLAIN,b?d  tls",
            ":s CAP * LS :cap-notify",
        ];
        let mut ends = Vec::new();
        for line in lines {
            let message = Message::parse(line.as_bytes()).unwrap();
            let Some(CapReply::Ls { list, more }) = CapReply::of(&message) else { panic!() };
            capabilities.extend(list);
            ends.push(more);
        }
        assert_eq!(ends, [More::Follows, More::Done]);
        assert!(capabilities.has("tls") && capabilities.has("cap-notify"));
        assert!(!capabilities.has("sas"));
        let mechanisms = capabilities.mechanisms();
        assert_eq!(mechanisms.names, ["PLAIN", "SCRAM-SHA-256"]);
        assert_eq!(mechanisms.unreadable, ["b?d"]);
    }

    #[test]
    fn capabilities_come_and_go() {
        let mut capabilities = Capabilities::default();
        capabilities.extend(b"tls sasl=PLAIN sasl-x");
        for (line, mechanisms) in [
            (":s CAP n NEW :sasl=EXTERNAL away-notify", &["EXTERNAL"][..]),
            (":s CAP n DEL :sasl", &[]),
            (":s CAP n NEW :sasl", &[]),
            (":s CAP n new sasl=PLAIN,EXTERNAL", &["PLAIN", "EXTERNAL"]),
        ] {
            let message = Message::parse(line.as_bytes()).unwrap();
            match CapReply::of(&message) {
                Some(CapReply::New(list)) => capabilities.renew(list),
                Some(CapReply::Del(list)) => capabilities.remove(list),
                other => panic!("{other:?}"),
            }
            assert_eq!(capabilities.mechanisms().names, mechanisms, "{line}");
        }
        let words = ["tls", "sasl-x", "away-notify", "sasl=PLAIN,EXTERNAL"];
        assert_eq!(capabilities.words(), words);
    }

    #[test]
    fn a_capability_may_come_without_its_value() {
        let mut capabilities = Capabilities::default();
        capabilities.extend(b"sasl");
        assert_eq!(capabilities.value("sasl"), Some(""));
        assert_eq!(capabilities.mechanisms(), Mechanisms::default());
    }

    #[test]
    fn a_list_has_an_end() {
        let mut capabilities = Capabilities::default();
        for _ in 0..3 {
            capabilities.extend("a ".repeat(400).as_bytes());
        }
        assert_eq!(capabilities.words().len(), MAX_WORDS);
    }
}
