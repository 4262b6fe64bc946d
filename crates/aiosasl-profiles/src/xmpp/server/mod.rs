//! The server's half of XMPP: a client's elements to what they want, and the answers to elements.

mod iq;
mod offer;
pub mod sasl2;

use std::fmt;

use aiosasl::{
    encoding::{decode, encode},
    error::FailureCode,
    message::{Challenge, ClientMessage, Response},
    name::MechanismName,
};
use zeroize::Zeroizing;

pub use iq::{Iq, Want, bare_jid, jid};
pub use offer::{Offer, features_after, features_bound};

use super::{
    Condition, Element, NS_CLIENT, NS_SASL, NS_STREAM, NS_TLS, StreamFault,
    stream::escape,
    xml::{Node, XmlReader},
};

/// What happens on a stream, seen from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The client has ended the stream.
    Closed,
    /// A request that wants an answer.
    Iq(Iq),
    /// A message or a presence.
    Notice,
    /// The client has opened the stream.
    Opened(Opening),
    /// Something of an exchange; or the reason why it is nothing of the kind.
    Said(Result<ClientMessage, FailureCode>),
    /// Something of an exchange of extensible SASL; or the reason why it is nothing of the kind.
    SaidSasl2(Result<sasl2::Said, FailureCode>),
    /// TLS is wanted.
    StartTls,
    /// Something else, by this name.
    Unknown(String),
}

/// What a client's opening says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Who it says it is.
    pub from: Option<String>,
    /// Which domain it wants.
    pub to: Option<String>,
}

impl Opening {
    fn read(root: &Element) -> Result<Self, StreamFault> {
        if !root.is(NS_STREAM, "stream") {
            let text = "expected the opening of an XMPP stream";
            return Err(StreamFault::new(Condition::InvalidNamespace, text));
        }
        // Version 1.0 brought features, and SASL with them (RFC 6120 section 4.7.5).
        let version = root.attribute("version").unwrap_or_default();
        let major = version.split_once('.').map_or(version, |(major, _)| major);
        if !major.parse::<u16>().is_ok_and(|major| major >= 1) {
            let text = "expected an XMPP stream of version 1.0";
            return Err(StreamFault::new(Condition::UnsupportedVersion, text));
        }
        let text = |name| root.attribute(name).map(str::to_owned);
        Ok(Self { from: text("from"), to: text("to") })
    }
}

/// Octets of one stream in, events out. A stream that restarts wants a new one.
///
/// White space between elements is skipped everywhere, also where RFC 6120 section 6.3.5 forbids it: nothing depends
/// on it here.
pub struct StreamReader {
    xml: XmlReader,
}

impl StreamReader {
    /// A reader before the first octet of a stream.
    pub fn new() -> Self {
        Self { xml: XmlReader::new() }
    }

    /// Takes octets as they came.
    ///
    /// # Errors
    ///
    /// [`StreamFault`] where too many would lie about: take the events first.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), StreamFault> {
        self.xml.push(octets)
    }

    /// The next event, or `None` until more octets came.
    ///
    /// # Errors
    ///
    /// [`StreamFault`] where the octets are no XML, no stream's, too long, or too deep; nothing can be read after that.
    pub fn next_event(&mut self) -> Result<Option<Event>, StreamFault> {
        match self.xml.next_node()? {
            None => Ok(None),
            Some(Node::Root(root)) => Opening::read(&root).map(|it| Some(Event::Opened(it))),
            Some(Node::Child(element)) => Ok(Some(event(element))),
            Some(Node::End) => Ok(Some(Event::Closed)),
        }
    }

    /// The octets that came and belong to no event yet. Where TLS begins there must be none: whoever put them there
    /// was not the client, perhaps.
    pub fn pending(&self) -> &[u8] {
        self.xml.pending()
    }
}

impl Default for StreamReader {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamReader({} octets pending)", self.pending().len())
    }
}

fn event(element: Element) -> Event {
    if let Some(said) = sasl2::hear(&element) {
        return Event::SaidSasl2(said);
    }
    match (element.namespace.as_str(), element.name.as_str()) {
        (NS_SASL, "auth") => Event::Said(authenticate(&element)),
        (NS_SASL, "response") => {
            let response = octets(&element).map(|it| it.unwrap_or_else(Response::empty));
            Event::Said(response.map(ClientMessage::Response))
        }
        (NS_SASL, "abort") => Event::Said(Ok(ClientMessage::Abort)),
        (NS_TLS, "starttls") => Event::StartTls,
        (NS_CLIENT, "iq") => Event::Iq(Iq::read(&element)),
        (NS_CLIENT, "message" | "presence") => Event::Notice,
        _ => Event::Unknown(element.name),
    }
}

fn authenticate(element: &Element) -> Result<ClientMessage, FailureCode> {
    let name = element.attribute("mechanism").unwrap_or_default();
    let mechanism = MechanismName::parse(name).map_err(|_| FailureCode::MechanismUnknown)?;
    Ok(ClientMessage::Authenticate { mechanism, initial_response: octets(element)? })
}

/// The octets in an element: none where it is empty, no octets where it says `=`.
fn octets(element: &Element) -> Result<Option<Response>, FailureCode> {
    if !element.children.is_empty() {
        return Err(FailureCode::Malformed);
    }
    match element.text.as_str() {
        "" => Ok(None),
        "=" => Ok(Some(Response::empty())),
        text => match decode(text) {
            Ok(octets) => Ok(Some(Response::new(octets))),
            Err(_) => Err(FailureCode::BadEncoding),
        },
    }
}

/// The answer to an opening: who we are, and the stream's name.
pub fn open(from: &str, id: &str) -> String {
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='{NS_CLIENT}' xmlns:stream='{NS_STREAM}' from='{}' id='{}' \
         version='1.0' xml:lang='en'>",
        escape(from),
        escape(id)
    )
}

/// The element that lets TLS begin.
pub fn proceed() -> String {
    format!("<proceed xmlns='{NS_TLS}'/>")
}

/// The element that refuses TLS, and the stream's end, which it takes with it (RFC 6120 section 5.4.2.2).
pub fn refuse_tls() -> String {
    format!("<failure xmlns='{NS_TLS}'/></stream:stream>")
}

/// The element of a challenge.
pub fn challenge(challenge: &Challenge) -> Zeroizing<String> {
    element("challenge", Some(challenge.as_bytes()).filter(|it| !it.is_empty()))
}

/// The element of a success; no data and no octets of data are two things.
pub fn success(additional_data: Option<&Challenge>) -> Zeroizing<String> {
    element("success", additional_data.map(Challenge::as_bytes))
}

fn element(name: &str, octets: Option<&[u8]>) -> Zeroizing<String> {
    let Some(octets) = octets else {
        return Zeroizing::new(format!("<{name} xmlns='{NS_SASL}'/>"));
    };
    let token = if octets.is_empty() { "=".to_owned() } else { encode(octets) };
    let token = Zeroizing::new(token);
    // Joined at once: a text that grows would leave parts of a secret behind.
    Zeroizing::new(["<", name, " xmlns='", NS_SASL, "'>", &token, "</", name, ">"].concat())
}

/// The element of a failure: what the client may know, and no more (RFC 6120 section 6.5).
pub fn failure(code: FailureCode) -> String {
    let condition = condition(code);
    format!("<failure xmlns='{NS_SASL}'><{condition}/></failure>")
}

/// The name of a failure's element.
fn condition(code: FailureCode) -> &'static str {
    use FailureCode as F;
    match code {
        F::Aborted => "aborted",
        F::AccountDisabled => "account-disabled",
        F::AuthorizationDenied => "invalid-authzid",
        F::BadEncoding => "incorrect-encoding",
        F::CredentialsExpired => "credentials-expired",
        F::EncryptionRequired => "encryption-required",
        F::InitialResponseNotAllowed | F::Malformed | F::TooLarge | F::WrongState => {
            "malformed-request"
        }
        F::MechanismTooWeak => "mechanism-too-weak",
        F::MechanismUnknown => "invalid-mechanism",
        F::Temporary => "temporary-auth-failure",
        // Wrong credentials, and whatever is not named yet.
        _ => "not-authorized",
    }
}
