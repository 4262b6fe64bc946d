//! Properties: what may be said beside a packet's own fields. Those of authentication are read, the others kept.

use aiosasl::secret::Secret;

use super::{number, put_number, text};
use crate::{
    WireError,
    frame::{Cursor, Writer},
};

/// The most other properties of one packet.
const MAX_OTHERS: usize = 64;

const METHOD: u8 = 0x15;
const DATA: u8 = 0x16;
const REASON: u8 = 0x1f;

/// The properties of a packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Properties {
    /// The method of authentication: a mechanism's name.
    pub method: Option<String>,
    /// A message of the mechanism; absent and empty are two things.
    pub data: Option<Secret>,
    /// Words for people.
    pub reason: Option<String>,
    /// The others, each as its number and its octets.
    pub others: Vec<(u8, Secret)>,
}

impl Properties {
    /// Those of a packet in an exchange by this method.
    pub fn of_exchange(method: &str, data: Option<&[u8]>) -> Self {
        let data = data.map(Secret::new);
        Self { method: Some(method.to_owned()), data, ..Self::default() }
    }

    pub(super) fn parse(packet: &mut Cursor<'_>) -> Result<Self, WireError> {
        let length = usize::try_from(number(packet)?).unwrap_or(usize::MAX);
        let mut rest = Cursor::new(packet.take(length)?);
        let mut it = Self::default();
        while !rest.peek().is_empty() {
            let id = rest.u8()?;
            match id {
                METHOD => once(&mut it.method, text(rest.counted_u16()?)?)?,
                DATA => once(&mut it.data, Secret::new(rest.counted_u16()?))?,
                REASON => once(&mut it.reason, text(rest.counted_u16()?)?)?,
                _ if it.others.len() == MAX_OTHERS => {
                    return Err(WireError::protocol("expected fewer properties"));
                }
                _ => it.others.push((id, Secret::new(other(id, &mut rest)?))),
            }
        }
        if it.data.is_some() && it.method.is_none() {
            return Err(WireError::protocol("expected a method of authentication with its data"));
        }
        Ok(it)
    }

    pub(super) fn write(&self, limit: usize, packet: &mut Writer) -> Result<(), WireError> {
        let mut all = Writer::new(limit);
        if let Some(method) = &self.method {
            all.put(&[METHOD]).counted_u16(method.as_bytes());
        }
        if let Some(data) = &self.data {
            all.put(&[DATA]).counted_u16(data.expose());
        }
        if let Some(reason) = &self.reason {
            all.put(&[REASON]).counted_u16(reason.as_bytes());
        }
        for (id, octets) in &self.others {
            all.put(&[*id]).put(octets.expose());
        }
        let all = all.finish()?;
        put_number(packet, all.len());
        packet.put(&all);
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), WireError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(WireError::protocol("expected a property once")),
    }
}

/// The octets of a property whose value means nothing here; of what type it is, its number tells.
fn other<'a>(id: u8, rest: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    let begin = rest.peek();
    match id {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => _ = rest.take(1)?,
        0x13 | 0x21..=0x23 => _ = rest.take(2)?,
        0x02 | 0x11 | 0x18 | 0x27 => _ = rest.take(4)?,
        0x0b => _ = number(rest)?,
        0x03 | 0x08 | 0x09 | 0x12 | 0x1a | 0x1c => _ = rest.counted_u16()?,
        0x26 => {
            rest.counted_u16()?;
            rest.counted_u16()?;
        }
        _ => return Err(WireError::protocol("expected a property of MQTT 5")),
    }
    let length = begin.len() - rest.peek().len();
    Ok(begin.get(..length).unwrap_or_default())
}
