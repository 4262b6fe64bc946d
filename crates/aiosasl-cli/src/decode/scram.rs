//! SCRAM's four messages taken apart (RFC 5802 section 7), however broken they are.

use aiosasl::{hash::Hash, mechanism::Side};

use super::{AUTHORIZATION, DERIVED, Decoded, reader::Reader};

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
    let hash = Hash::from_scheme(name.strip_suffix("-PLUS").unwrap_or(name));
    let mut reader = Reader::new(decoded, text, hash, client_first.and_then(client_nonce));
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
        reader.decoded.push_noted(
            "client nonce",
            nonce,
            format!("{} characters", nonce.chars().count()),
        );
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
