//! A message: a number, an operation and controls around it (RFC 4511 section 4.1.1).

use aiosasl::secret::Secret;

use super::{
    BindRequest, BindResponse, ExtendedRequest, ExtendedResponse, LdapResult, MAX_FRAME,
    SearchEntry, SearchRequest,
    ber::{self, BOOLEAN, INTEGER, OCTET_STRING, SEQUENCE},
};
use crate::{
    WireError,
    frame::{Cursor, Frame, Writer},
};

const CONTROLS: u8 = 0xa0;
const MAX_CONTROLS: usize = 64;

/// A message, from either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which request this is or answers; 0 for a notice.
    pub id: u32,
    /// What it is about.
    pub operation: Operation,
    /// What goes with it.
    pub controls: Vec<Control>,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// To authenticate.
    BindRequest(BindRequest),
    /// What became of that.
    BindResponse(BindResponse),
    /// Something that the protocol itself does not have.
    ExtendedRequest(ExtendedRequest),
    /// What became of that.
    ExtendedResponse(ExtendedResponse),
    /// Something else: of this tag, with these octets.
    Other(u8, Secret),
    /// That nothing more was found.
    SearchDone(LdapResult),
    /// Something found.
    SearchEntry(SearchEntry),
    /// To find.
    SearchRequest(SearchRequest),
    /// Good bye.
    Unbind,
}

/// Something that changes what an operation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// What, as numbers between dots.
    pub name: String,
    /// Whether the operation must not be done without.
    pub criticality: Criticality,
    /// What goes with it.
    pub value: Option<Secret>,
}

/// Whether an operation must not be done by who does not know a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    /// It must not.
    Critical,
    /// The control is left out then.
    Ignorable,
}

impl Message {
    /// A message without controls.
    pub fn new(id: u32, operation: Operation) -> Self {
        Self { id, operation, controls: Vec::new() }
    }

    /// Reads a whole message.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        if ber::measure(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole message"));
        }
        let mut message = ber::expect(&mut Cursor::new(frame), SEQUENCE)?;
        let id = ber::number(&mut message, INTEGER)?;
        let mut operation = Operation::read(&mut message)?;
        let mut controls = Vec::new();
        if let Some(mut list) = ber::optional(&mut message, CONTROLS)? {
            while !list.peek().is_empty() {
                controls.push(Control::read(ber::expect(&mut list, SEQUENCE)?)?);
                if controls.len() > MAX_CONTROLS {
                    return Err(WireError::protocol("expected fewer controls"));
                }
            }
        }
        if let Operation::ExtendedResponse(response) = &mut operation {
            response.read_misplaced_name(&mut message)?;
        }
        message.end()?;
        Ok(Self { id, operation, controls })
    }

    /// The message as octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_FRAME);
        ber::nest(&mut frame, SEQUENCE, |to| {
            ber::put_number(to, INTEGER, self.id);
            self.operation.write(to);
            if !self.controls.is_empty() {
                ber::nest(to, CONTROLS, |to| {
                    for control in &self.controls {
                        ber::nest(to, SEQUENCE, |to| control.write(to));
                    }
                });
            }
        });
        frame.finish()
    }
}

impl Operation {
    const BIND_REQUEST: u8 = 0x60;
    const BIND_RESPONSE: u8 = 0x61;
    const UNBIND_REQUEST: u8 = 0x42;
    const SEARCH_REQUEST: u8 = 0x63;
    const SEARCH_RESULT_ENTRY: u8 = 0x64;
    const SEARCH_RESULT_DONE: u8 = 0x65;
    const EXTENDED_REQUEST: u8 = 0x77;
    const EXTENDED_RESPONSE: u8 = 0x78;

    fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let (tag, mut content) = ber::element(from)?;
        Ok(match tag {
            Self::BIND_REQUEST => Self::BindRequest(BindRequest::read(content)?),
            Self::BIND_RESPONSE => Self::BindResponse(BindResponse::read(content)?),
            Self::UNBIND_REQUEST => {
                content.end()?;
                Self::Unbind
            }
            Self::SEARCH_REQUEST => Self::SearchRequest(SearchRequest::read(content)?),
            Self::SEARCH_RESULT_ENTRY => Self::SearchEntry(SearchEntry::read(content)?),
            Self::SEARCH_RESULT_DONE => {
                let result = LdapResult::read(&mut content)?;
                content.end()?;
                Self::SearchDone(result)
            }
            Self::EXTENDED_REQUEST => Self::ExtendedRequest(ExtendedRequest::read(content)?),
            Self::EXTENDED_RESPONSE => Self::ExtendedResponse(ExtendedResponse::read(content)?),
            _ => Self::Other(tag, Secret::new(content.rest())),
        })
    }

    fn write(&self, to: &mut Writer) {
        match self {
            Self::BindRequest(it) => ber::nest(to, Self::BIND_REQUEST, |to| it.write(to)),
            Self::BindResponse(it) => ber::nest(to, Self::BIND_RESPONSE, |to| it.write(to)),
            Self::ExtendedRequest(it) => ber::nest(to, Self::EXTENDED_REQUEST, |to| it.write(to)),
            Self::ExtendedResponse(it) => ber::nest(to, Self::EXTENDED_RESPONSE, |to| it.write(to)),
            Self::Other(tag, octets) => ber::put(to, *tag, octets.expose()),
            Self::SearchDone(it) => ber::nest(to, Self::SEARCH_RESULT_DONE, |to| it.write(to)),
            Self::SearchEntry(it) => ber::nest(to, Self::SEARCH_RESULT_ENTRY, |to| it.write(to)),
            Self::SearchRequest(it) => ber::nest(to, Self::SEARCH_REQUEST, |to| it.write(to)),
            Self::Unbind => ber::put(to, Self::UNBIND_REQUEST, b""),
        }
    }
}

impl Control {
    fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let name = ber::text(&mut from, OCTET_STRING)?;
        let flag = ber::optional(&mut from, BOOLEAN)?.map(|mut flag| flag.rest());
        let criticality = match flag {
            None | Some([0]) => Criticality::Ignorable,
            Some(_) => Criticality::Critical,
        };
        let value = ber::optional(&mut from, OCTET_STRING)?;
        from.end()?;
        Ok(Self { name, criticality, value: value.map(|mut it| Secret::new(it.rest())) })
    }

    fn write(&self, to: &mut Writer) {
        ber::put(to, OCTET_STRING, self.name.as_bytes());
        if self.criticality == Criticality::Critical {
            ber::put(to, BOOLEAN, &[0xff]);
        }
        if let Some(value) = &self.value {
            ber::put(to, OCTET_STRING, value.expose());
        }
    }
}
