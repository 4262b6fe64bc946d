//! A stream's level: its opening, its features, TLS, an exchange's elements, errors, its end (RFC 6120 section 4).

use std::fmt;

use super::{
    Element, Features, NS_CLIENT, NS_STREAM, NS_STREAM_ERROR, NS_TLS, WhiteSpace,
    sasl::{self, Answer},
    sasl2,
    xml::{Node, XmlReader},
};
use crate::{WireClass, WireError};

/// The opening of a stream to this domain, from this JID where it may be told (RFC 6120 section 4.7).
pub fn open(to: &str, from: Option<&str>) -> String {
    let from = from.map(|from| format!(" from='{}'", escape(from))).unwrap_or_default();
    format!(
        "<?xml version='1.0'?><stream:stream xmlns='{NS_CLIENT}' xmlns:stream='{NS_STREAM}'{from} \
         to='{}' version='1.0' xml:lang='en'>",
        escape(to)
    )
}

pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&apos;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no way to write most of them.
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// What a server's opening says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHeader {
    /// Who it says it is.
    pub from: Option<String>,
    /// Its name for the stream.
    pub id: Option<String>,
}

impl StreamHeader {
    fn read(root: &Element) -> Result<Self, WireError> {
        if !root.is(NS_STREAM, "stream") {
            return Err(WireError::protocol("expected the opening of an XMPP stream"));
        }
        // Version 1.0 brought features, and SASL with them (RFC 6120 section 4.7.5).
        let version = root.attribute("version").unwrap_or_default();
        let major = version.split_once('.').map_or(version, |(major, _)| major);
        if !major.parse::<u16>().is_ok_and(|major| major >= 1) {
            return Err(WireError::protocol("expected an XMPP stream of version 1.0"));
        }
        let text = |name| root.attribute(name).map(str::to_owned);
        Ok(Self { from: text("from"), id: text("id") })
    }
}

/// Why a server ends the stream (RFC 6120 section 4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamError {
    /// The name of the condition's element; empty where there is none.
    pub condition: String,
    /// What the server adds for people.
    pub text: String,
}

impl StreamError {
    fn read(element: &Element) -> Self {
        let defined = |it: &&Element| it.namespace == NS_STREAM_ERROR && it.name != "text";
        let text = element.child(NS_STREAM_ERROR, "text");
        Self {
            condition: element
                .children
                .iter()
                .find(defined)
                .map(|it| it.name.clone())
                .unwrap_or_default(),
            text: text.map(|it| it.text.to_string()).unwrap_or_default(),
        }
    }

    /// The same as an error, with the server's own condition and words.
    pub fn error(&self) -> WireError {
        let class = match self.condition.as_str() {
            "host-gone" | "host-unknown" | "see-other-host" => WireClass::Connection,
            "connection-timeout"
            | "internal-server-error"
            | "remote-connection-failed"
            | "reset"
            | "resource-constraint"
            | "system-shutdown" => WireClass::Temporary,
            "policy-violation" => WireClass::Policy,
            _ => WireClass::Protocol,
        };
        WireError::told(class, &self.condition, &self.text)
    }
}

/// What happens on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent {
    /// The server answers in an exchange.
    Answer(Answer),
    /// The server has ended the stream.
    Closed,
    /// The server ends the stream for a reason.
    Error(StreamError),
    /// What the server offers.
    Features(Features),
    /// The server has opened the stream.
    Opened(StreamHeader),
    /// Something else, which is not for us.
    Other {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The server answers in an exchange of extensible SASL.
    Sasl2(sasl2::Answer),
    /// TLS is refused; the stream ends with it (RFC 6120 section 5.4.2.2).
    TlsFailure,
    /// TLS begins with the next octet.
    TlsProceed,
}

/// Octets of one stream in, events out. A stream that restarts wants a new one.
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
    /// [`WireError`] where too many would lie about: take the events first.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), WireError> {
        Ok(self.xml.push(octets)?)
    }

    /// The next event, or `None` until more octets came.
    ///
    /// # Errors
    ///
    /// [`WireError`] where the octets are no XML, no stream's, too long, too deep, or an exchange's element has no
    /// base64 in it; nothing can be read after that.
    pub fn next_event(&mut self) -> Result<Option<StreamEvent>, WireError> {
        match self.xml.next_node()? {
            None => Ok(None),
            Some(Node::Root(root)) => {
                StreamHeader::read(&root).map(|it| Some(StreamEvent::Opened(it)))
            }
            Some(Node::Child(element)) => event(element).map(Some),
            Some(Node::End) => Ok(Some(StreamEvent::Closed)),
        }
    }

    /// Says whether white space may stand between the elements that follow; it may at first.
    pub fn set_white_space(&mut self, white_space: WhiteSpace) {
        self.xml.set_white_space(white_space);
    }

    /// The octets that came and belong to no event yet. Where TLS begins there must be none: whoever put them there
    /// was not the server, perhaps.
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

fn event(element: Element) -> Result<StreamEvent, WireError> {
    if let Some(answer) = sasl::hear(&element) {
        return answer.map(StreamEvent::Answer);
    }
    if let Some(answer) = sasl2::hear(&element) {
        return answer.map(StreamEvent::Sasl2);
    }
    Ok(match (element.namespace.as_str(), element.name.as_str()) {
        (NS_STREAM, "features") => StreamEvent::Features(Features::read(&element)),
        (NS_STREAM, "error") => StreamEvent::Error(StreamError::read(&element)),
        (NS_TLS, "failure") => StreamEvent::TlsFailure,
        (NS_TLS, "proceed") => StreamEvent::TlsProceed,
        _ => StreamEvent::Other { namespace: element.namespace, name: element.name },
    })
}
