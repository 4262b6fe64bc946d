//! Bind, the operation that authenticates (RFC 4511 section 4.2).

use aiosasl::{
    message::{Challenge, Response},
    secret::Secret,
};

use super::{
    LdapResult,
    ber::{self, INTEGER, OCTET_STRING},
};
use crate::{
    WireError,
    frame::{Cursor, Writer},
};

const SIMPLE: u8 = 0x80;
const SASL: u8 = 0xa3;
const SERVER_CREDENTIALS: u8 = 0x87;

/// A request to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindRequest {
    /// The protocol's version: 3.
    pub version: u32,
    /// As whom, for a simple bind; SASL ignores it.
    pub name: String,
    /// By what.
    pub authentication: Authentication,
}

/// By what a client authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Something that is not known here: of this tag, with these octets.
    Other(u8, Secret),
    /// A step of an exchange.
    Sasl {
        /// By which mechanism, whatever its name is: in every step the same, and an empty one aborts.
        mechanism: String,
        /// Absent and empty are two things.
        credentials: Option<Response>,
    },
    /// A password.
    Simple(Secret),
}

/// An answer to a request to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindResponse {
    /// How it goes on, or ended.
    pub result: LdapResult,
    /// A challenge, or last words.
    pub server_credentials: Option<Challenge>,
}

impl BindRequest {
    /// A step of an exchange.
    pub fn sasl(mechanism: &str, credentials: Option<Response>) -> Self {
        let mechanism = mechanism.to_owned();
        let authentication = Authentication::Sasl { mechanism, credentials };
        Self { version: 3, name: String::new(), authentication }
    }

    /// A name and a password.
    pub fn simple(name: &str, password: Secret) -> Self {
        let authentication = Authentication::Simple(password);
        Self { version: 3, name: name.to_owned(), authentication }
    }

    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let version = ber::number(&mut from, INTEGER)?;
        let name = ber::text(&mut from, OCTET_STRING)?;
        let (tag, mut content) = ber::element(&mut from)?;
        let authentication = match tag {
            SIMPLE => Authentication::Simple(Secret::new(content.rest())),
            SASL => {
                let mechanism = ber::text(&mut content, OCTET_STRING)?;
                let credentials = ber::optional(&mut content, OCTET_STRING)?;
                let credentials = credentials.map(|mut it| Response::new(it.rest()));
                content.end()?;
                Authentication::Sasl { mechanism, credentials }
            }
            _ => Authentication::Other(tag, Secret::new(content.rest())),
        };
        from.end()?;
        Ok(Self { version, name, authentication })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put_number(to, INTEGER, self.version);
        ber::put(to, OCTET_STRING, self.name.as_bytes());
        match &self.authentication {
            Authentication::Other(tag, octets) => ber::put(to, *tag, octets.expose()),
            Authentication::Sasl { mechanism, credentials } => ber::nest(to, SASL, |to| {
                ber::put(to, OCTET_STRING, mechanism.as_bytes());
                if let Some(credentials) = credentials {
                    ber::put(to, OCTET_STRING, credentials.as_bytes());
                }
            }),
            Authentication::Simple(password) => ber::put(to, SIMPLE, password.expose()),
        }
    }
}

impl BindResponse {
    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let result = LdapResult::read(&mut from)?;
        let credentials = ber::optional(&mut from, SERVER_CREDENTIALS)?;
        from.end()?;
        let server_credentials = credentials.map(|mut it| Challenge::new(it.rest()));
        Ok(Self { result, server_credentials })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        self.result.write(to);
        if let Some(credentials) = &self.server_credentials {
            ber::put(to, SERVER_CREDENTIALS, credentials.as_bytes());
        }
    }
}
