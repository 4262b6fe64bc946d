//! SASL messages taken apart for people: every field by its name, faults in their place, secrets hidden.

mod oauth;
mod reader;
mod scram;

use aiosasl::{mechanism::Side, name::MechanismName};

/// The name of a field that says what is wrong with a message.
pub(crate) const FAULT: &str = "fault";
/// The name of a field that says what is right, and yet no good.
pub(crate) const WARNING: &str = "warning";
/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// A message by its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// What it is, such as `SCRAM client-first-message`.
    pub(crate) title: String,
    /// Its fields, in the order of the wire; [`FAULT`] and [`WARNING`] among them.
    pub(crate) fields: Vec<Field>,
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it is.
    pub(crate) name: String,
    /// What it says, printable, without secrets.
    pub(crate) value: String,
    /// What that means.
    pub(crate) note: Option<String>,
}

impl Decoded {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), fields: Vec::new() }
    }

    /// Whether some field is a [`FAULT`].
    pub(crate) fn is_malformed(&self) -> bool {
        self.fields.iter().any(|field| field.name == FAULT)
    }

    /// What a client answers to the server's last words.
    pub(crate) fn empty_response() -> Self {
        Self::new("empty response")
    }

    /// A message whose transfer encoding is broken already.
    pub(crate) fn unreadable(why: &str) -> Self {
        Self::new("unreadable message").fault(why)
    }

    /// Adds what is known from elsewhere.
    pub(crate) fn add(&mut self, name: &str, value: impl AsRef<str>) {
        self.push(name, value);
    }

    /// Adds a [`FAULT`].
    pub(crate) fn add_fault(&mut self, what: impl AsRef<str>) {
        self.push(FAULT, what);
    }

    /// Adds a [`WARNING`].
    pub(crate) fn add_warning(&mut self, what: impl AsRef<str>) {
        self.push(WARNING, what);
    }

    /// Replaces a field's note.
    pub(crate) fn note(&mut self, name: &str, note: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.note = Some(note.into());
        }
    }

    fn push(&mut self, name: impl Into<String>, value: impl AsRef<str>) {
        let value = printable(value.as_ref());
        self.fields.push(Field { name: name.into(), value, note: None });
    }

    fn push_noted(
        &mut self,
        name: impl Into<String>,
        value: impl AsRef<str>,
        note: impl Into<String>,
    ) {
        let (value, note) = (printable(value.as_ref()), Some(printable(&note.into())));
        self.fields.push(Field { name: name.into(), value, note });
    }

    fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.push(name, value);
        self
    }

    fn fault(self, what: impl AsRef<str>) -> Self {
        self.with(FAULT, what)
    }
}

/// Takes apart the `step`th message (from 0) of that side; without a mechanism, by what it looks like.
pub(crate) fn message(
    mechanism: Option<MechanismName>,
    side: Side,
    step: usize,
    octets: &[u8],
) -> Decoded {
    decode(None, mechanism, side, step, octets)
}

/// The same, in an exchange of which the client's first message is known: nonces are compared with its.
pub(crate) fn message_after(
    client_first: &[u8],
    mechanism: Option<MechanismName>,
    side: Side,
    step: usize,
    octets: &[u8],
) -> Decoded {
    decode(Some(client_first), mechanism, side, step, octets)
}

fn decode(
    client_first: Option<&[u8]>,
    mechanism: Option<MechanismName>,
    side: Side,
    step: usize,
    octets: &[u8],
) -> Decoded {
    let name = mechanism.as_ref().map(MechanismName::as_str);
    match (name, side) {
        (_, Side::Server) if octets.is_empty() => Decoded::new("empty challenge"),
        (Some("PLAIN"), Side::Client) => plain(octets),
        (Some("LOGIN"), side) => login(side, step, octets),
        (Some("OAUTHBEARER"), Side::Client) => oauth::bearer(octets),
        (Some("XOAUTH2"), Side::Client) => oauth::xoauth2(octets),
        (Some(name @ ("OAUTHBEARER" | "XOAUTH2")), Side::Server) => oauth::error(name, octets),
        (Some("ANONYMOUS"), Side::Client) => anonymous(octets),
        (Some("EXTERNAL"), Side::Client) => external(octets),
        (Some(name), _) if name.starts_with("SCRAM-") => {
            scram::message(name, client_first, side, step, octets)
        }
        (Some(name), side) => opaque(name, side, octets),
        (None, side) => guess(client_first, side, octets),
    }
}

/// Whose message it is, by its look.
pub(crate) fn side_by_shape(octets: &[u8]) -> Option<Side> {
    let sides = [Side::Client, Side::Server].into_iter();
    let mut looking = sides.filter(|side| scram::step_by_shape(*side, octets).is_some());
    looking.next().or(looks_plain(octets).then_some(Side::Client))
}

/// Whether it looks like SCRAM's first message.
pub(crate) fn starts_scram(octets: &[u8]) -> bool {
    scram::step_by_shape(Side::Client, octets) == Some(0)
}

fn guess(client_first: Option<&[u8]>, side: Side, octets: &[u8]) -> Decoded {
    match (scram::step_by_shape(side, octets), side) {
        (Some(step), _) => scram::message("SCRAM", client_first, side, step, octets),
        (None, Side::Client) if octets.is_empty() => Decoded::empty_response(),
        (None, Side::Client) if looks_plain(octets) => plain(octets),
        (None, _) => opaque("unknown", side, octets),
    }
}

fn looks_plain(octets: &[u8]) -> bool {
    octets.split(|octet| *octet == 0).count() == 3
}

/// RFC 4616 section 2.
fn plain(octets: &[u8]) -> Decoded {
    let message = Decoded::new("PLAIN message");
    let fields: Vec<&[u8]> = octets.split(|octet| *octet == 0).collect();
    let [authzid, authcid, password] = fields[..] else {
        let nuls = fields.len() - 1;
        return message.fault(format!("expected 2 NULs between 3 fields, found {nuls}"));
    };
    let mut message =
        identity(identity(message, AUTHORIZATION, authzid), "authentication identity", authcid);
    message.push("password", if password.is_empty() { "" } else { HIDDEN });
    if authcid.is_empty() {
        message = message.fault("expected an authentication identity, found none");
    }
    if password.is_empty() {
        message = message.fault("expected a password, found none");
    }
    if std::str::from_utf8(password).is_err() {
        message = message.fault("expected UTF-8 in the password");
    }
    message
}

const AUTHORIZATION: &str = "authorization identity";
/// What stands for an absent authorization identity.
const DERIVED: &str = "(none: as the credentials say)";

fn identity(message: Decoded, name: &str, octets: &[u8]) -> Decoded {
    match std::str::from_utf8(octets) {
        Ok("") if name == AUTHORIZATION => message.with(name, DERIVED),
        Ok(text) => message.with(name, text),
        Err(error) => message.fault(format!(
            "expected UTF-8 in the {name}, not so after {} octets",
            error.valid_up_to()
        )),
    }
}

/// draft-murchison-sasl-login-00: which answer it is, only its place says.
fn login(side: Side, step: usize, octets: &[u8]) -> Decoded {
    match (side, step) {
        (Side::Server, _) => {
            Decoded::new("LOGIN prompt").with("prompt", String::from_utf8_lossy(octets))
        }
        (Side::Client, 0) => {
            let mut message = Decoded::new("LOGIN first answer");
            message.push_noted("user name", HIDDEN, "a password where the client is confused");
            message
        }
        (Side::Client, 1) => {
            let message = Decoded::new("LOGIN second answer").with("password", HIDDEN);
            if octets.is_empty() {
                message.fault("expected a password, found none")
            } else {
                message
            }
        }
        (Side::Client, _) => {
            Decoded::new("LOGIN answer").fault("expected two answers, and this is one more")
        }
    }
}

/// RFC 4505 section 2.
fn anonymous(octets: &[u8]) -> Decoded {
    let message = Decoded::new("ANONYMOUS message");
    match std::str::from_utf8(octets) {
        Ok("") => message.with("trace", "(none)"),
        Ok(trace) => {
            let kind = if trace.contains('@') { "an e-mail address" } else { "a token" };
            let mut message = message;
            message.push_noted("trace", trace, format!("{kind}; it proves nothing"));
            match trace.chars().count() {
                ..=255 => message,
                count => message.fault(format!("expected at most 255 characters, found {count}")),
            }
        }
        Err(error) => {
            message.fault(format!("expected UTF-8, not so after {} octets", error.valid_up_to()))
        }
    }
}

/// RFC 4422 appendix A.1.
fn external(octets: &[u8]) -> Decoded {
    let message = identity(Decoded::new("EXTERNAL message"), AUTHORIZATION, octets);
    if octets.contains(&0) {
        return message.fault("expected no NUL in the authorization identity");
    }
    message
}

/// A message that nobody here can read: a client's may hold a password or a token.
fn opaque(name: &str, side: Side, octets: &[u8]) -> Decoded {
    let len = format!("{} octets", octets.len());
    match (side, std::str::from_utf8(octets)) {
        (Side::Client, _) if octets.is_empty() => Decoded::new(format!("{name} empty response")),
        (Side::Client, _) => {
            let mut message = Decoded::new(format!("{name} response"));
            message.push_noted("content", HIDDEN, format!("{len}; it may hold a secret"));
            message
        }
        (Side::Server, Ok(text)) => Decoded::new(format!("{name} challenge")).with("content", text),
        (Side::Server, Err(_)) => {
            Decoded::new(format!("{name} challenge")).with("content", format!("{len}, no text"))
        }
    }
}

/// The text, with whatever could steer a terminal spelled out.
pub(crate) fn printable(text: &str) -> String {
    text.chars().flat_map(spelled).collect()
}

fn spelled(character: char) -> Vec<char> {
    if character == '\'' || character == '"' || character == '\\' {
        vec![character]
    } else {
        character.escape_debug().collect()
    }
}

#[cfg(test)]
mod tests;
