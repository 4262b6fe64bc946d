//! Extended operations (RFC 4511 section 4.12), StartTLS and the notice of disconnection among them.

use aiosasl::secret::Secret;

use super::{LdapResult, ber};
use crate::{
    WireError,
    frame::{Cursor, Writer},
};

/// The name of the request for TLS (RFC 4511 section 4.14.1).
pub const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// The name of the notice that the server hangs up, which answers no request (RFC 4511 section 4.4.1).
pub const NOTICE_OF_DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

const REQUEST_NAME: u8 = 0x80;
const REQUEST_VALUE: u8 = 0x81;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;

/// A request for something that the protocol itself does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedRequest {
    /// What is wanted, as numbers between dots.
    pub name: String,
    /// What goes with it.
    pub value: Option<Secret>,
}

/// The answer to it, or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedResponse {
    /// What became of it.
    pub result: LdapResult,
    /// What this is; not always told.
    pub name: Option<String>,
    /// What goes with it.
    pub value: Option<Secret>,
}

impl ExtendedRequest {
    /// The request for TLS.
    pub fn start_tls() -> Self {
        Self { name: START_TLS.to_owned(), value: None }
    }

    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let name = ber::text(&mut from, REQUEST_NAME)?;
        let value = ber::optional(&mut from, REQUEST_VALUE)?;
        from.end()?;
        Ok(Self { name, value: value.map(|mut it| Secret::new(it.rest())) })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put(to, REQUEST_NAME, self.name.as_bytes());
        if let Some(value) = &self.value {
            ber::put(to, REQUEST_VALUE, value.expose());
        }
    }
}

impl ExtendedResponse {
    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let result = LdapResult::read(&mut from)?;
        let name = ber::optional(&mut from, RESPONSE_NAME)?;
        let value = ber::optional(&mut from, RESPONSE_VALUE)?;
        from.end()?;
        let name = name.map(|mut it| String::from_utf8_lossy(it.rest()).into_owned());
        Ok(Self { result, name, value: value.map(|mut it| Secret::new(it.rest())) })
    }

    /// Active Directory puts the name of its notices behind the operation, where controls would stand.
    pub(super) fn read_misplaced_name(&mut self, from: &mut Cursor<'_>) -> Result<(), WireError> {
        if self.name.is_none() {
            let name = ber::optional(from, RESPONSE_NAME)?;
            self.name = name.map(|mut it| String::from_utf8_lossy(it.rest()).into_owned());
        }
        Ok(())
    }

    pub(super) fn write(&self, to: &mut Writer) {
        self.result.write(to);
        if let Some(name) = &self.name {
            ber::put(to, RESPONSE_NAME, name.as_bytes());
        }
        if let Some(value) = &self.value {
            ber::put(to, RESPONSE_VALUE, value.expose());
        }
    }
}
