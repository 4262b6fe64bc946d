//! Reads SCRAM's attributes one by one, and says of each what it is or what is wrong with it.

use std::ops::RangeInclusive;

use aiosasl::{encoding, hash::Hash};

use super::{Decoded, FAULT, WARNING};

/// Fewer iterations are weak (RFC 5802 section 5.1); more keep a client busy for long.
const ITERATIONS: RangeInclusive<u64> = 4096..=1_000_000;

/// What is being taken apart, and how far it has come.
pub(super) struct Reader<'a> {
    pub(super) decoded: Decoded,
    pub(super) text: &'a str,
    /// Where the next attribute starts; `None` after the last.
    at: Option<usize>,
    hash: Option<Hash>,
    client_nonce: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        decoded: Decoded,
        text: &'a str,
        hash: Option<Hash>,
        client_nonce: Option<&'a str>,
    ) -> Self {
        Self { decoded, text, at: Some(0), hash, client_nonce }
    }

    pub(super) fn fault(&mut self, what: impl AsRef<str>) {
        self.decoded.push(FAULT, what);
    }

    /// The next attribute, and where it starts, in octets.
    pub(super) fn next(&mut self) -> Option<(usize, &'a str)> {
        let at = self.at?;
        let rest = self.text.get(at..)?;
        let attribute = rest.split(',').next()?;
        self.at = (attribute.len() < rest.len()).then_some(at + attribute.len() + 1);
        Some((at, attribute))
    }

    /// The value of the next attribute, which has to have this name; a fault otherwise.
    pub(super) fn expect(&mut self, name: char) -> Option<(usize, &'a str)> {
        let Some((at, attribute)) = self.next() else {
            self.fault(format!("expected {name}=, found the end"));
            return None;
        };
        match attribute.split_once('=') {
            Some((found, value)) if found.len() == 1 && found.starts_with(name) => {
                Some((at + 2, value))
            }
            Some(("m", _)) => {
                self.fault(format!("a mandatory extension (m=) at octet {at}: nobody knows one"));
                None
            }
            Some((found, _)) => {
                self.fault(format!("expected {name}= at octet {at}, found {found}="));
                None
            }
            None => {
                self.fault(format!("expected {name}= at octet {at}, found no attribute"));
                None
            }
        }
    }

    /// All that is left.
    pub(super) fn extensions(&mut self) {
        while let Some((at, attribute)) = self.next() {
            self.extension(at, attribute);
        }
    }

    pub(super) fn extension(&mut self, at: usize, attribute: &str) {
        let named = attribute.split_once('=');
        let letter = |name: &str| matches!(name.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z']);
        match named {
            Some(("m", _)) => {
                self.fault(format!("a mandatory extension (m=) at octet {at}: nobody knows one"));
            }
            Some(("h", value)) => {
                self.decoded.push_noted("offer, hashed", value, "XEP-0474");
            }
            Some(("t", value)) => {
                let version = match value {
                    "0304" => "TLS 1.3 (XEP-0515)",
                    "0303" => "TLS 1.2 (XEP-0515)",
                    _ => "XEP-0515",
                };
                self.decoded.push_noted("TLS version", value, version);
            }
            Some((name, value)) if letter(name) => {
                self.decoded.push_noted(format!("extension {name}"), value, "unknown, ignored");
            }
            _ => self.fault(format!("expected an attribute (a letter and =) at octet {at}")),
        }
    }

    /// `saslname`, unescaped.
    pub(super) fn name(&mut self, field: &str, at: usize, name: &str) {
        let (mut plain, mut rest) = (String::new(), name);
        while let Some((before, after)) = rest.split_once('=') {
            plain.push_str(before);
            match after.get(..2) {
                Some("2C") => plain.push(','),
                Some("3D") => plain.push('='),
                _ => {
                    let at = at + name.len() - after.len() - 1;
                    self.fault(format!("expected =2C or =3D at octet {at} in the {field}"));
                    return;
                }
            }
            rest = after.get(2..).unwrap_or_default();
        }
        plain.push_str(rest);
        if name.contains('=') {
            self.decoded.push_noted(field, &plain, format!("escaped as {name}"));
        } else {
            self.decoded.push(field, &plain);
        }
        if plain.is_empty() {
            self.decoded.push(WARNING, format!("the {field} is empty (PostgreSQL: it is known)"));
        }
    }

    pub(super) fn check_nonce(&mut self, at: usize, nonce: &str) {
        if nonce.is_empty() {
            self.fault(format!("expected a nonce at octet {at}, found none"));
        } else if let Some(wrong) = nonce.bytes().position(|it| !(b'!'..=b'~').contains(&it)) {
            self.fault(format!("expected printable ASCII in the nonce at octet {}", at + wrong));
        }
    }

    /// The nonce of both, in its two parts where the client's is known.
    pub(super) fn nonce(&mut self, nonce: &str, field: &str) {
        match self.client_nonce.map(|client| nonce.strip_prefix(client)) {
            None => self.decoded.push_noted("nonce", nonce, "the client's, then the server's"),
            Some(None) => {
                self.decoded.push("nonce", nonce);
                self.fault("the nonce does not start with the client's");
            }
            Some(Some("")) => {
                self.decoded.push("nonce", nonce);
                self.fault("the server added nothing to the client's nonce");
            }
            Some(Some(server)) => {
                self.decoded.push("client nonce", self.client_nonce.unwrap_or_default());
                self.decoded.push_noted(field, server, format!("{} characters", server.len()));
            }
        }
    }

    pub(super) fn iterations(&mut self, at: usize, count: &str) {
        let positive = matches!(count.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
        if !positive {
            return self.fault(format!("expected a positive number at octet {at}"));
        }
        let number = count.parse::<u64>().unwrap_or(u64::MAX);
        let (verdict, warning) = if number < *ITERATIONS.start() {
            ("too low", Some("fewer than 4096 iterations are weak (RFC 5802 section 5.1)"))
        } else if number > *ITERATIONS.end() {
            ("too high", Some("more than 1000000 iterations keep the client busy for long"))
        } else {
            ("within 4096 and 1000000", None)
        };
        self.decoded.push_noted("iterations", count, verdict);
        if let Some(warning) = warning {
            self.decoded.push(WARNING, warning);
        }
    }

    /// The gs2 header as it was, and then the channel binding's octets.
    pub(super) fn channel_binding(&mut self, octets: &[u8]) {
        let end = octets.iter().enumerate().filter(|(_, octet)| **octet == b',').nth(1);
        let parts = end.and_then(|(end, _)| octets.split_at_checked(end + 1));
        let Some((header, data)) = parts else {
            return self.fault("expected the gs2 header (with two commas) in c=");
        };
        self.decoded.push_noted("gs2 header", String::from_utf8_lossy(header), "repeated in c=");
        let bound = header.starts_with(b"p=");
        match (bound, data.len()) {
            (false, 0) => self.decoded.push("binding data", "(none)"),
            (true, 0) => self.fault("expected the channel binding's octets in c=, found none"),
            (true, len) => self.decoded.push("binding data", format!("{len} octets")),
            (false, len) => self.fault(format!("{len} octets of a channel binding without p=")),
        }
    }

    /// A proof or a signature: what it is worth is its length, and its first characters tell it from others.
    pub(super) fn key(&mut self, field: &str, at: usize, text: &str) {
        let Some(octets) = self.base64(field, at, text) else { return };
        let start: String = text.chars().take(8).collect();
        self.decoded.push_noted(field, format!("{start}..."), format!("{} octets", octets.len()));
        match self.hash.map(Hash::output_len) {
            Some(len) if len != octets.len() => {
                let found = octets.len();
                self.fault(format!(
                    "expected {len} octets of {field} for this hash, found {found}"
                ));
            }
            _ => {}
        }
    }

    pub(super) fn base64(&mut self, field: &str, at: usize, text: &str) -> Option<Vec<u8>> {
        match encoding::decode(text) {
            Ok(octets) => Some(octets),
            Err(error) => {
                self.fault(format!("{field} at octet {at}: {error}"));
                None
            }
        }
    }
}
