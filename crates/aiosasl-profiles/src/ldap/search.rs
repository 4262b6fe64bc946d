//! Search (RFC 4511 section 4.5), as far as it finds out what a server can do.

use aiosasl::secret::Secret;

use super::ber::{self, BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET};
use crate::{
    WireError,
    frame::{Cursor, MechanismList, Writer},
};

/// The attribute that lists a server's mechanisms (RFC 4512 section 5.1).
const MECHANISMS: &str = "supportedSASLMechanisms";
/// What else is asked of what a server tells of itself: to probe it, and to know whose make it is.
const ABOUT: [&str; 7] = [
    "objectClass",
    "namingContexts",
    "supportedControl",
    "supportedExtension",
    "supportedLDAPVersion",
    "vendorName",
    "vendorVersion",
];
/// The filter of what has an attribute.
const PRESENT: u8 = 0x87;
/// The most attributes of a request or an entry.
const MAX_ATTRIBUTES: usize = 1024;

/// A request to search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// From where on.
    pub base: String,
    /// How deep: 0 is the base alone.
    pub scope: u32,
    /// What to do with aliases: 0 is nothing.
    pub aliases: u32,
    /// The most entries; 0 is as many as there are.
    pub size_limit: u32,
    /// The most seconds; 0 is as long as it takes.
    pub time_limit: u32,
    /// An octet that is 0 where values are wanted, too.
    pub types_only: u8,
    /// What to search: a tag, and the octets that it has.
    pub filter: (u8, Secret),
    /// What is wanted of what is found.
    pub attributes: Vec<String>,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchEntry {
    /// Its name.
    pub name: String,
    /// What is known of it.
    pub attributes: Vec<Attribute>,
}

/// An attribute and its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<Secret>,
}

impl SearchRequest {
    /// The request for what a server tells of itself before anybody is authenticated (RFC 4512 section 5.1).
    pub fn root_dse() -> Self {
        let attributes = [MECHANISMS].into_iter().chain(ABOUT);
        Self {
            base: String::new(),
            scope: 0,
            aliases: 0,
            size_limit: 0,
            time_limit: 0,
            types_only: 0,
            filter: (PRESENT, Secret::from("objectClass")),
            attributes: attributes.map(str::to_owned).collect(),
        }
    }

    /// Whether this is about what a server tells of itself.
    pub fn is_root_dse(&self) -> bool {
        let (tag, filter) = &self.filter;
        let present = *tag == PRESENT && filter.expose().eq_ignore_ascii_case(b"objectClass");
        self.base.is_empty() && self.scope == 0 && present
    }

    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let base = ber::text(&mut from, OCTET_STRING)?;
        let scope = ber::number(&mut from, ENUMERATED)?;
        let aliases = ber::number(&mut from, ENUMERATED)?;
        let size_limit = ber::number(&mut from, INTEGER)?;
        let time_limit = ber::number(&mut from, INTEGER)?;
        let mut flag = ber::expect(&mut from, BOOLEAN)?;
        let types_only = flag.u8()?;
        flag.end()?;
        let (tag, mut filter) = ber::element(&mut from)?;
        let filter = (tag, Secret::new(filter.rest()));
        let mut list = ber::expect(&mut from, SEQUENCE)?;
        from.end()?;
        let mut attributes = Vec::new();
        while !list.peek().is_empty() {
            attributes.push(ber::text(&mut list, OCTET_STRING)?);
            limit(attributes.len())?;
        }
        Ok(Self { base, scope, aliases, size_limit, time_limit, types_only, filter, attributes })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put(to, OCTET_STRING, self.base.as_bytes());
        ber::put_number(to, ENUMERATED, self.scope);
        ber::put_number(to, ENUMERATED, self.aliases);
        ber::put_number(to, INTEGER, self.size_limit);
        ber::put_number(to, INTEGER, self.time_limit);
        ber::put(to, BOOLEAN, &[self.types_only]);
        let (tag, filter) = &self.filter;
        ber::put(to, *tag, filter.expose());
        ber::nest(to, SEQUENCE, |to| {
            for name in &self.attributes {
                ber::put(to, OCTET_STRING, name.as_bytes());
            }
        });
    }
}

impl SearchEntry {
    /// What a server tells of itself.
    pub fn root_dse(mechanisms: &MechanismList, extensions: &[&str]) -> Self {
        let extensions = extensions.iter().map(|name| Secret::from(*name));
        let attributes = vec![
            Attribute {
                name: MECHANISMS.to_owned(),
                values: mechanisms.iter().map(Secret::from).collect(),
            },
            Attribute { name: "supportedExtension".to_owned(), values: extensions.collect() },
        ];
        Self { name: String::new(), attributes }
    }

    /// The values of this attribute.
    pub fn values(&self, name: &str) -> &[Secret] {
        let attribute = self.attributes.iter().find(|it| it.name.eq_ignore_ascii_case(name));
        attribute.map(|it| it.values.as_slice()).unwrap_or_default()
    }

    /// The mechanisms that are told.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where they are too many.
    pub fn mechanisms(&self) -> Result<MechanismList, WireError> {
        let mut list = MechanismList::default();
        for name in self.values(MECHANISMS) {
            list.push(name.expose())?;
        }
        Ok(list)
    }

    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let name = ber::text(&mut from, OCTET_STRING)?;
        let mut list = ber::expect(&mut from, SEQUENCE)?;
        from.end()?;
        let mut attributes = Vec::new();
        while !list.peek().is_empty() {
            attributes.push(Attribute::read(ber::expect(&mut list, SEQUENCE)?)?);
            limit(attributes.len())?;
        }
        Ok(Self { name, attributes })
    }

    pub(super) fn write(&self, to: &mut Writer) {
        ber::put(to, OCTET_STRING, self.name.as_bytes());
        ber::nest(to, SEQUENCE, |to| {
            for attribute in &self.attributes {
                ber::nest(to, SEQUENCE, |to| attribute.write(to));
            }
        });
    }
}

impl Attribute {
    fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let name = ber::text(&mut from, OCTET_STRING)?;
        let mut set = ber::expect(&mut from, SET)?;
        from.end()?;
        let mut values = Vec::new();
        while !set.peek().is_empty() {
            values.push(Secret::new(ber::octets(&mut set, OCTET_STRING)?));
        }
        Ok(Self { name, values })
    }

    fn write(&self, to: &mut Writer) {
        ber::put(to, OCTET_STRING, self.name.as_bytes());
        ber::nest(to, SET, |to| {
            for value in &self.values {
                ber::put(to, OCTET_STRING, value.expose());
            }
        });
    }
}

fn limit(count: usize) -> Result<(), WireError> {
    if count <= MAX_ATTRIBUTES {
        return Ok(());
    }
    Err(WireError::protocol(format!("expected at most {MAX_ATTRIBUTES} attributes")))
}
