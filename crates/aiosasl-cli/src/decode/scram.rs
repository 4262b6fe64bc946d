//! SCRAM's four messages taken apart (RFC 5802 section 7), however broken they are.

use aiosasl::{encoding, hash::Hash, mechanism::Side};

use super::{AUTHORIZATION, DERIVED, Decoded, WARNING};

/// Fewer iterations are weak (RFC 5802 section 5.1); more keep a client busy for long.
const ITERATIONS: std::ops::RangeInclusive<u64> = 4096..=1_000_000;

/// Which message of its side it looks like.
pub(super) fn step_by_shape(side: Side, octets: &[u8]) -> Option<usize> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|it| octets.starts_with(it.as_bytes()));
    let nonce = octets.windows(3).any(|window| window == b",r=");
    match side {
        Side::Client if starts(&["n,", "y,", "p="]) && nonce => Some(0),
        Side::Client if starts(&["c="]) && nonce => Some(1),
        Side::Server if starts(&["r="]) => Some(0),
        Side::Server if starts(&["v=", "e="]) => Some(1),
        _ => None,
    }
}

/// A message of an exchange, of which the client's first message may be known.
pub(super) fn message(
    name: &str,
    client_first: Option<&[u8]>,
    side: Side,
    step: usize,
    octets: &[u8],
) -> Decoded {
    let (title, read): (&str, fn(&mut Reader<'_>)) = match (side, step) {
        (Side::Client, 0) => ("client-first-message", client_first_message),
        (Side::Client, 1) => ("client-final-message", client_final_message),
        (Side::Client, _) if octets.is_empty() => ("empty response", |_| ()),
        (Side::Server, _) if octets.starts_with(b"e=") => ("server-error", server_final_message),
        (Side::Server, 0) => ("server-first-message", server_first_message),
        (Side::Server, 1) => ("server-final-message", server_final_message),
        _ => ("message too many", |reader| reader.fault("expected the end of the exchange")),
    };
    let decoded = Decoded::new(format!("{name} {title}"));
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            return decoded.fault(format!("expected UTF-8, not so after {at} octets"));
        }
    };
    let mut reader = Reader {
        decoded,
        text,
        at: Some(0),
        hash: Hash::from_scheme(name.strip_suffix("-PLUS").unwrap_or(name)),
        client_nonce: client_first.and_then(client_nonce),
    };
    read(&mut reader);
    reader.decoded
}

/// The nonce of a client's first message.
pub(super) fn client_nonce(client_first: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(client_first).ok()?;
    text.splitn(3, ',').nth(2)?.split(',').find_map(|attribute| attribute.strip_prefix("r="))
}

fn client_first_message(reader: &mut Reader<'_>) {
    let Some((_, flag)) = reader.next() else { return };
    let note = match flag {
        "n" => "the client has no channel binding, or wants none",
        "y" => "the client could bind, and believes that the server can't",
        _ if flag.starts_with("p=") => "bound to the channel",
        _ => return reader.fault("expected n, y or p= (a channel binding type) at octet 0"),
    };
    reader.decoded.push_noted("gs2 flag", flag, note);
    match reader.next() {
        Some((_, "")) => reader.decoded.push(AUTHORIZATION, DERIVED),
        Some((at, attribute)) => match attribute.strip_prefix("a=") {
            Some(name) => reader.name(AUTHORIZATION, at + 2, name),
            None => reader.fault(format!("expected a= or nothing at octet {at}")),
        },
        None => return reader.fault("expected two commas after the gs2 flag"),
    }
    if let Some((at, name)) = reader.expect('n') {
        reader.name("user name", at, name);
    }
    if let Some((at, nonce)) = reader.expect('r') {
        reader.decoded.push_noted("client nonce", nonce, format!("{} characters", nonce.len()));
        reader.check_nonce(at, nonce);
    }
    reader.extensions();
}

fn server_first_message(reader: &mut Reader<'_>) {
    if let Some((at, nonce)) = reader.expect('r') {
        reader.check_nonce(at, nonce);
        reader.nonce(nonce, "server nonce");
    }
    if let Some((at, salt)) = reader.expect('s') {
        match reader.base64("salt", at, salt) {
            Some(octets) if octets.is_empty() => reader.fault("expected a salt, found none"),
            Some(octets) => {
                let hex = base16ct::lower::encode_string(&octets);
                let note = format!("{} octets: {hex}", octets.len());
                reader.decoded.push_noted("salt", salt, note);
            }
            None => {}
        }
    }
    if let Some((at, count)) = reader.expect('i') {
        reader.iterations(at, count);
    }
    reader.extensions();
}

fn client_final_message(reader: &mut Reader<'_>) {
    if let Some((at, text)) = reader.expect('c') {
        if let Some(octets) = reader.base64("channel binding", at, text) {
            reader.channel_binding(&octets);
        }
    }
    if let Some((at, nonce)) = reader.expect('r') {
        reader.check_nonce(at, nonce);
        reader.nonce(nonce, "server nonce");
    }
    let mut proof = None;
    while let Some((at, attribute)) = reader.next() {
        match attribute.strip_prefix("p=") {
            Some(value) => proof = Some((at + 2, value)),
            None => reader.extension(at, attribute),
        }
    }
    match proof {
        Some((at, value)) => reader.key("proof", at, value),
        None => reader.fault("expected p= (the proof) at the end"),
    }
}

fn server_final_message(reader: &mut Reader<'_>) {
    if reader.text.starts_with("e=") {
        let error = reader.expect('e').map_or("", |(_, error)| error);
        reader.decoded.push_noted("error", error, error_meaning(error));
    } else if let Some((at, signature)) = reader.expect('v') {
        reader.key("server signature", at, signature);
    }
    reader.extensions();
}

/// `server-error-value` (RFC 5802 section 7).
fn error_meaning(error: &str) -> &'static str {
    match error {
        "invalid-encoding" => "the server could not read a message",
        "extensions-not-supported" => "a mandatory extension is not known to the server",
        "invalid-proof" => "the password is wrong, or the account unknown",
        "channel-bindings-dont-match" => "the two ends see different channels",
        "server-does-support-channel-binding" => "the client said y, and the server offers -PLUS",
        "channel-binding-not-supported" => "the server can't bind to the channel",
        "unsupported-channel-binding-type" => "the server has no binding of this type",
        "unknown-user" => "the server knows no such account",
        "invalid-username-encoding" => "the user name is no SASLprep string, or badly escaped",
        "no-resources" => "the server is out of resources",
        "other-error" => "something else",
        _ => "no error of RFC 5802; to be taken as other-error",
    }
}

/// What is being taken apart, and how far it has come.
struct Reader<'a> {
    decoded: Decoded,
    text: &'a str,
    /// Where the next attribute starts; `None` after the last.
    at: Option<usize>,
    hash: Option<Hash>,
    client_nonce: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, what: impl AsRef<str>) {
        self.decoded.push(super::FAULT, what);
    }

    /// The next attribute, and where it starts, in octets.
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let at = self.at?;
        let rest = self.text.get(at..)?;
        let attribute = rest.split(',').next()?;
        self.at = (attribute.len() < rest.len()).then_some(at + attribute.len() + 1);
        Some((at, attribute))
    }

    /// The value of the next attribute, which has to have this name; a fault otherwise.
    fn expect(&mut self, name: char) -> Option<(usize, &'a str)> {
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
    fn extensions(&mut self) {
        while let Some((at, attribute)) = self.next() {
            self.extension(at, attribute);
        }
    }

    fn extension(&mut self, at: usize, attribute: &str) {
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
    fn name(&mut self, field: &str, at: usize, name: &str) {
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

    fn check_nonce(&mut self, at: usize, nonce: &str) {
        if nonce.is_empty() {
            self.fault(format!("expected a nonce at octet {at}, found none"));
        } else if let Some(wrong) = nonce.bytes().position(|it| !(b'!'..=b'~').contains(&it)) {
            self.fault(format!("expected printable ASCII in the nonce at octet {}", at + wrong));
        }
    }

    /// The nonce of both, in its two parts where the client's is known.
    fn nonce(&mut self, nonce: &str, field: &str) {
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

    fn iterations(&mut self, at: usize, count: &str) {
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
    fn channel_binding(&mut self, octets: &[u8]) {
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
    fn key(&mut self, field: &str, at: usize, text: &str) {
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

    fn base64(&mut self, field: &str, at: usize, text: &str) -> Option<Vec<u8>> {
        match encoding::decode(text) {
            Ok(octets) => Some(octets),
            Err(error) => {
                self.fault(format!("{field} at octet {at}: {error}"));
                None
            }
        }
    }
}
