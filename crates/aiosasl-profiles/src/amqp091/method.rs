//! The methods of a connection that begins: class 10 of AMQP 0-9-1.

use aiosasl::{
    message::{Challenge, Response},
    secret::Secret,
};

use super::Table;
use crate::{
    WireError,
    frame::{Cursor, MechanismList, Writer},
};

/// A method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// The peer hangs up, once that is answered.
    Close(Close),
    /// That is the answer.
    CloseOk,
    /// Something else: of this class and number, with these octets.
    Other(u16, u16, Secret),
    /// A challenge.
    Secure(Challenge),
    /// The answer to it.
    SecureOk(Response),
    /// What the server offers.
    Start(Start),
    /// What the client chooses.
    StartOk(StartOk),
    /// The client is in; the server proposes limits.
    Tune(Tune),
    /// The client proposes its own.
    TuneOk(Tune),
}

/// Why a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Close {
    /// In a number: 403 is a refused login.
    pub code: u16,
    /// For people, as it came: make it [`printable`](crate::printable).
    pub text: String,
    /// The class and the number of the method that it is about; or 0.
    pub about: (u16, u16),
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The version: 0 and 9.
    pub version: [u8; 2],
    /// What the server tells of itself.
    pub properties: Table,
    /// The mechanisms.
    pub mechanisms: MechanismList,
    /// The languages of its texts, with spaces between.
    pub locales: String,
}

/// What a client chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOk {
    /// What the client tells of itself.
    pub properties: Table,
    /// A mechanism, whatever its name is.
    pub mechanism: String,
    /// The initial response; empty where there is none.
    pub response: Response,
    /// A language.
    pub locale: String,
}

/// Limits of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tune {
    /// The most channels; 0 is as many as there can be.
    pub channel_max: u16,
    /// The longest frame, in octets; 0 is as long as there can be.
    pub frame_max: u32,
    /// How often to say that one is still there, in seconds; 0 is never.
    pub heartbeat: u16,
}

impl Default for Tune {
    fn default() -> Self {
        Self { channel_max: 2047, frame_max: 131_072, heartbeat: 60 }
    }
}

impl Method {
    const CONNECTION: u16 = 10;

    /// Its number in the class.
    fn number(&self) -> (u16, u16) {
        let number = match self {
            Self::Close(_) => 50,
            Self::CloseOk => 51,
            Self::Other(class, number, _) => return (*class, *number),
            Self::Secure(_) => 20,
            Self::SecureOk(_) => 21,
            Self::Start(_) => 10,
            Self::StartOk(_) => 11,
            Self::Tune(_) => 30,
            Self::TuneOk(_) => 31,
        };
        (Self::CONNECTION, number)
    }

    pub(super) fn read(mut from: Cursor<'_>) -> Result<Self, WireError> {
        let method = match (from.u16()?, from.u16()?) {
            (Self::CONNECTION, 10) => Self::Start(Start::read(&mut from)?),
            (Self::CONNECTION, 11) => Self::StartOk(StartOk::read(&mut from)?),
            (Self::CONNECTION, 20) => Self::Secure(Challenge::new(from.counted_u32()?)),
            (Self::CONNECTION, 21) => Self::SecureOk(Response::new(from.counted_u32()?)),
            (Self::CONNECTION, 30) => Self::Tune(Tune::read(&mut from)?),
            (Self::CONNECTION, 31) => Self::TuneOk(Tune::read(&mut from)?),
            (Self::CONNECTION, 50) => Self::Close(Close {
                code: from.u16()?,
                text: text(from.counted_u8()?),
                about: (from.u16()?, from.u16()?),
            }),
            (Self::CONNECTION, 51) => Self::CloseOk,
            (class, number) => Self::Other(class, number, Secret::new(from.rest())),
        };
        from.end()?;
        Ok(method)
    }

    pub(super) fn write(&self, to: &mut Writer) {
        let (class, number) = self.number();
        to.put(&class.to_be_bytes()).put(&number.to_be_bytes());
        match self {
            Self::Close(Close { code, text, about: (class, number) }) => {
                to.put(&code.to_be_bytes()).counted_u8(text.as_bytes());
                to.put(&class.to_be_bytes()).put(&number.to_be_bytes());
            }
            Self::CloseOk => {}
            Self::Other(_, _, octets) => _ = to.put(octets.expose()),
            Self::Secure(challenge) => _ = to.counted_u32(challenge.as_bytes()),
            Self::SecureOk(response) => _ = to.counted_u32(response.as_bytes()),
            Self::Start(start) => start.write(to),
            Self::StartOk(choice) => {
                to.counted_u32(choice.properties.as_bytes());
                to.counted_u8(choice.mechanism.as_bytes());
                to.counted_u32(choice.response.as_bytes());
                to.counted_u8(choice.locale.as_bytes());
            }
            Self::Tune(tune) | Self::TuneOk(tune) => {
                to.put(&tune.channel_max.to_be_bytes()).put(&tune.frame_max.to_be_bytes());
                to.put(&tune.heartbeat.to_be_bytes());
            }
        }
    }
}

impl Start {
    fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let version = from.array()?;
        let properties = Table::parse(from.counted_u32()?)?;
        let mut mechanisms = MechanismList::default();
        let names = from.counted_u32()?.split(|octet| *octet == b' ');
        for name in names.filter(|name| !name.is_empty()) {
            mechanisms.push(name)?;
        }
        let locales = text(from.counted_u32()?);
        Ok(Self { version, properties, mechanisms, locales })
    }

    fn write(&self, to: &mut Writer) {
        let names: Vec<&[u8]> = self.mechanisms.iter().collect();
        to.put(&self.version).counted_u32(self.properties.as_bytes());
        to.counted_u32(&names.join(&b' ')).counted_u32(self.locales.as_bytes());
    }
}

impl StartOk {
    fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        Ok(Self {
            properties: Table::parse(from.counted_u32()?)?,
            mechanism: text(from.counted_u8()?),
            response: Response::new(from.counted_u32()?),
            locale: text(from.counted_u8()?),
        })
    }
}

impl Tune {
    fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        Ok(Self { channel_max: from.u16()?, frame_max: from.u32()?, heartbeat: from.u16()? })
    }
}

/// A text; what is not UTF-8 becomes U+FFFD.
fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
