//! The packet that opens a connection.

use aiosasl::secret::Secret;

use super::{MAX_PACKET, Properties, text};
use crate::{
    WireError,
    frame::{Cursor, Writer},
};

const CLEAN_START: u8 = 0x02;
const WILL: u8 = 0x04;
/// A will's quality of service, and whether it is retained.
const WILL_FLAGS: u8 = 0x38;
const PASSWORD: u8 = 0x40;
const USER_NAME: u8 = 0x80;

/// A client's first packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// The client's own name; empty where the server is to give it one.
    pub client_id: String,
    /// After how many seconds without a packet the connection is dead; 0 for never.
    pub keep_alive: u16,
    /// What becomes of an earlier session.
    pub session: Session,
    /// The properties.
    pub properties: Properties,
    /// What the server is to say when the client is gone.
    pub will: Option<Will>,
    /// A user's name, without SASL.
    pub user_name: Option<String>,
    /// A password, without SASL.
    pub password: Option<Secret>,
}

/// What becomes of a session of the same client that the server still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Session {
    /// It is forgotten.
    #[default]
    Clean,
    /// It goes on.
    Resumed,
}

/// A message for others when the client is gone; it means nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// Its flags, where they stand in the packet.
    pub flags: u8,
    /// Its properties.
    pub properties: Properties,
    /// About what.
    pub topic: String,
    /// What it says.
    pub payload: Secret,
}

impl Connect {
    /// A packet of a client of this name, with a clean session.
    pub fn new(client_id: &str, keep_alive: u16) -> Self {
        Self {
            client_id: client_id.to_owned(),
            keep_alive,
            session: Session::Clean,
            properties: Properties::default(),
            will: None,
            user_name: None,
            password: None,
        }
    }

    pub(super) fn parse(packet: &mut Cursor<'_>) -> Result<Self, WireError> {
        if (packet.counted_u16()?, packet.u8()?) != (b"MQTT".as_slice(), 5) {
            return Err(WireError::protocol("expected MQTT of version 5"));
        }
        let flags = packet.u8()?;
        let (has_will, will_flags) = (flags & WILL != 0, flags & WILL_FLAGS);
        // The lowest one is reserved; a will's make sense with a will alone, and there is no fourth quality.
        if flags & 1 != 0 || !has_will && will_flags != 0 || will_flags & 0x18 == 0x18 {
            return Err(WireError::protocol("expected other flags in CONNECT"));
        }
        let keep_alive = packet.u16()?;
        let properties = Properties::parse(packet)?;
        let client_id = text(packet.counted_u16()?)?;
        let will = has_will.then(|| Will::parse(will_flags, packet)).transpose()?;
        let user_name = (flags & USER_NAME != 0).then(|| packet.counted_u16()).transpose()?;
        let password = (flags & PASSWORD != 0).then(|| packet.counted_u16()).transpose()?;
        Ok(Self {
            client_id,
            keep_alive,
            session: if flags & CLEAN_START == 0 { Session::Resumed } else { Session::Clean },
            properties,
            will,
            user_name: user_name.map(text).transpose()?,
            password: password.map(Secret::new),
        })
    }

    pub(super) fn write(&self, packet: &mut Writer) -> Result<(), WireError> {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let flags = flag(self.session == Session::Clean, CLEAN_START)
            | self.will.as_ref().map_or(0, |will| WILL | will.flags & WILL_FLAGS)
            | flag(self.user_name.is_some(), USER_NAME)
            | flag(self.password.is_some(), PASSWORD);
        packet.counted_u16(b"MQTT").put(&[5, flags]).put(&self.keep_alive.to_be_bytes());
        self.properties.write(MAX_PACKET, packet)?;
        packet.counted_u16(self.client_id.as_bytes());
        if let Some(will) = &self.will {
            will.properties.write(MAX_PACKET, packet)?;
            packet.counted_u16(will.topic.as_bytes()).counted_u16(will.payload.expose());
        }
        if let Some(name) = &self.user_name {
            packet.counted_u16(name.as_bytes());
        }
        if let Some(password) = &self.password {
            packet.counted_u16(password.expose());
        }
        Ok(())
    }
}

impl Will {
    fn parse(flags: u8, packet: &mut Cursor<'_>) -> Result<Self, WireError> {
        let properties = Properties::parse(packet)?;
        let topic = text(packet.counted_u16()?)?;
        let payload = Secret::new(packet.counted_u16()?);
        Ok(Self { flags, properties, topic, payload })
    }
}
