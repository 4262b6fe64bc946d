//! Octets to the elements of a stream, as they come; bounded, and without what XMPP forbids (RFC 6120 section 11.1).

use std::fmt;

use rxml::{Event, Options, Parse as _, Parser, error::EndOrError, parser::CommentMode};
use zeroize::Zeroizing;

use super::{Condition, MAX_DEPTH, MAX_ELEMENT, MAX_ELEMENTS, StreamFault};
use crate::printable;

/// An element with all that stands in it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The namespace that the element's name is of.
    pub namespace: String,
    /// Its name, without a prefix.
    pub name: String,
    /// Its attributes without a namespace, each by its name.
    pub attributes: Vec<(String, Zeroizing<String>)>,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The text directly in it, all pieces together.
    pub text: Zeroizing<String>,
}

impl Element {
    /// Whether it has this name in this namespace.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// The first element of this name in it.
    pub fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    /// The value of the attribute of this name, where it has no namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|attribute| attribute.0 == name);
        attribute.map(|attribute| attribute.1.as_str())
    }
}

/// Shows the names alone: the text may be a mechanism's message.
impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Element")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("children", &self.children)
            .finish_non_exhaustive()
    }
}

/// Whether white space may stand between the elements of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhiteSpace {
    /// Not during an exchange (RFC 6120 section 6.3.5).
    Refused,
    /// It keeps connections alive (RFC 6120 section 4.6.1).
    #[default]
    Tolerated,
}

/// What stands on the level of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// The stream's own element begins; it has no children yet.
    Root(Element),
    /// An element is complete.
    Child(Element),
    /// The stream's own element ends.
    End,
}

/// Octets in, nodes out.
pub(super) struct XmlReader {
    parser: Parser,
    pending: Zeroizing<Vec<u8>>,
    /// How many of the pending octets are parsed already.
    parsed: usize,
    /// The elements that have begun and not ended, the outermost first; the stream's own is not among them.
    open: Vec<Element>,
    root: bool,
    /// How many octets, and how many elements, the one on the level of the stream has so far.
    octets: usize,
    elements: usize,
    white_space: WhiteSpace,
}

impl XmlReader {
    pub(super) fn new() -> Self {
        // Longer texts come in pieces; longer names and attributes are refused.
        let options =
            Options { max_token_length: 8192, comments: CommentMode::Reject, context: None };
        Self {
            parser: rxml::WithOptions::with_options(options),
            pending: Zeroizing::default(),
            parsed: 0,
            open: Vec::new(),
            root: false,
            octets: 0,
            elements: 0,
            white_space: WhiteSpace::Tolerated,
        }
    }

    pub(super) fn push(&mut self, octets: &[u8]) -> Result<(), StreamFault> {
        if self.pending().len().saturating_add(octets.len()) > 2 * MAX_ELEMENT {
            return Err(too_much("more came than was asked for"));
        }
        // Copied, so that what is left behind is wiped.
        let mut pending = Vec::with_capacity(self.pending().len() + octets.len());
        pending.extend_from_slice(self.pending());
        pending.extend_from_slice(octets);
        self.pending = Zeroizing::new(pending);
        self.parsed = 0;
        Ok(())
    }

    pub(super) fn pending(&self) -> &[u8] {
        self.pending.get(self.parsed..).unwrap_or_default()
    }

    pub(super) fn set_white_space(&mut self, white_space: WhiteSpace) {
        self.white_space = white_space;
    }

    /// The next node, or `None` until more octets came.
    pub(super) fn next_node(&mut self) -> Result<Option<Node>, StreamFault> {
        loop {
            let Some(event) = self.next_event()? else { return Ok(None) };
            if let Some(node) = self.take_event(event)? {
                self.octets = 0;
                self.elements = 0;
                return Ok(Some(node));
            }
        }
    }

    fn next_event(&mut self) -> Result<Option<Event>, StreamFault> {
        let pending = self.pending.get(self.parsed..).unwrap_or_default();
        // The parser would wait for the end of what can be no text here: of another protocol's greeting, say.
        if !self.root
            && pending.first().is_some_and(|octet| !b"< \t\r\n".contains(octet))
            && self.octets == 0
        {
            return Err(StreamFault::new(Condition::NotWellFormed, "expected XML"));
        }
        let mut rest = pending;
        let event = self.parser.parse(&mut rest, false);
        let parsed = pending.len() - rest.len();
        self.parsed += parsed;
        self.octets = self.octets.saturating_add(parsed);
        if self.octets > MAX_ELEMENT {
            return Err(too_much("an element is too long"));
        }
        match event {
            Ok(event) => Ok(event),
            Err(EndOrError::NeedMoreData) => Ok(None),
            Err(EndOrError::Error(error)) => {
                let condition = match error {
                    rxml::Error::RestrictedXml(_) => Condition::RestrictedXml,
                    _ => Condition::NotWellFormed,
                };
                let error = printable(error.to_string().as_bytes());
                let text = format!("expected XML as XMPP restricts it: {error}");
                Err(StreamFault::new(condition, text))
            }
        }
    }

    fn take_event(&mut self, event: Event) -> Result<Option<Node>, StreamFault> {
        match event {
            Event::XmlDeclaration(..) => Ok(None),
            Event::StartElement(_, (namespace, name), attributes) => {
                let attribute = |((namespace, name), value): (rxml::QName, String)| {
                    let value = Zeroizing::new(value);
                    namespace.as_str().is_empty().then(|| (name.as_str().to_owned(), value))
                };
                let element = Element {
                    namespace: namespace.as_str().to_owned(),
                    name: name.as_str().to_owned(),
                    attributes: attributes.into_iter().filter_map(attribute).collect(),
                    ..Element::default()
                };
                self.begin(element)
            }
            Event::Text(_, text) => self.text(&Zeroizing::new(text)),
            Event::EndElement(_) => Ok(Some(match self.end() {
                Ended::Inner => return Ok(None),
                Ended::Child(element) => Node::Child(element),
                Ended::Root => Node::End,
            })),
        }
    }

    fn begin(&mut self, element: Element) -> Result<Option<Node>, StreamFault> {
        if !self.root {
            self.root = true;
            return Ok(Some(Node::Root(element)));
        }
        self.elements = self.elements.saturating_add(1);
        if self.open.len() + 1 >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(too_much("an element has too many others in it"));
        }
        self.open.push(element);
        Ok(None)
    }

    fn text(&mut self, text: &str) -> Result<Option<Node>, StreamFault> {
        match self.open.last_mut() {
            Some(element) => {
                let needed = element.text.len() + text.len();
                if needed > element.text.capacity() {
                    // Copied, so that what is left behind is wiped.
                    let mut grown = Zeroizing::new(String::with_capacity(needed * 2));
                    grown.push_str(&element.text);
                    element.text = grown;
                }
                element.text.push_str(text);
            }
            None if !text.bytes().all(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n')) => {
                return Err(bad_format("expected an element, found text"));
            }
            None if self.white_space == WhiteSpace::Refused => {
                return Err(bad_format(
                    "expected no white space between the elements of an exchange",
                ));
            }
            // Keeps the connection alive, however often.
            None => self.octets = 0,
        }
        Ok(None)
    }

    fn end(&mut self) -> Ended {
        match (self.open.pop(), self.open.last_mut()) {
            (Some(element), Some(parent)) => {
                parent.children.push(element);
                Ended::Inner
            }
            (Some(element), None) => Ended::Child(element),
            (None, _) => Ended::Root,
        }
    }
}

enum Ended {
    Inner,
    Child(Element),
    Root,
}

fn too_much(text: &str) -> StreamFault {
    StreamFault::new(Condition::PolicyViolation, text)
}

fn bad_format(text: &str) -> StreamFault {
    StreamFault::new(Condition::BadFormat, text)
}
