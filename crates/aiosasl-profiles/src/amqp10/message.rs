//! The header and the frames of SASL (AMQP 1.0 parts 2.2 and 5.3).

use aiosasl::message::{Challenge, Response};

use super::{MAGIC, MAX_FRAME, measure, value};
use crate::{
    WireClass, WireError,
    frame::{Cursor, Frame, MechanismList, Writer},
};

/// The type of SASL's frames.
const SASL: u8 = 1;

/// A header or a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A challenge.
    Challenge(Challenge),
    /// What is spoken: the protocol (0 is AMQP itself, 2 is TLS, 3 is SASL) and the version.
    Header([u8; 4]),
    /// The request for an exchange.
    Init {
        /// A mechanism, whatever its name is.
        mechanism: String,
        /// Absent and empty are two things.
        initial_response: Option<Response>,
        /// At which host.
        hostname: Option<String>,
    },
    /// What the server offers.
    Mechanisms(MechanismList),
    /// The outcome.
    Outcome {
        /// In a number.
        code: OutcomeCode,
        /// The mechanism's last words.
        additional_data: Option<Challenge>,
    },
    /// The answer to a challenge.
    Response(Response),
}

/// An outcome's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutcomeCode(pub u8);

impl OutcomeCode {
    /// The client is in.
    pub const OK: Self = Self(0);
    /// The credentials are refused.
    pub const AUTH: Self = Self(1);
    /// Something is wrong at the server.
    pub const SYS: Self = Self(2);
    /// And stays so: somebody has to do something about it.
    pub const SYS_PERM: Self = Self(3);
    /// And will pass.
    pub const SYS_TEMP: Self = Self(4);

    /// What it means where it is not good.
    pub fn class(self) -> WireClass {
        match self {
            Self::AUTH => WireClass::Credentials,
            Self::SYS | Self::SYS_TEMP => WireClass::Temporary,
            Self::SYS_PERM => WireClass::Policy,
            _ => WireClass::Protocol,
        }
    }
}

impl Message {
    /// What both ends say before SASL.
    pub const HEADER: Self = Self::Header([3, 1, 0, 0]);
    /// What both ends say behind it.
    pub const HEADER_AFTER: Self = Self::Header([0, 1, 0, 0]);

    const MECHANISMS: u8 = 0x40;
    const INIT: u8 = 0x41;
    const CHALLENGE: u8 = 0x42;
    const RESPONSE: u8 = 0x43;
    const OUTCOME: u8 = 0x44;

    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none of SASL.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        if measure(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole frame"));
        }
        let mut from = Cursor::new(frame);
        let head = from.array()?;
        if head == *MAGIC {
            return from.array().map(Self::Header);
        }
        let words = from.u8()?;
        let kind = from.u8()?;
        // Which channel is not looked at (part 5.3.1).
        from.u16()?;
        // An extended header, that nobody knows anything of, ends at so many words of four octets.
        let extended = usize::from(words).checked_sub(2);
        let (Some(extended), SASL) = (extended, kind) else {
            return Err(WireError::protocol("expected a frame of SASL"));
        };
        from.take(extended * 4)?;
        let message = Self::read(&mut from)?;
        from.end()?;
        Ok(message)
    }

    /// The message as octets.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut frame = Writer::new(MAX_FRAME);
        if let Self::Header(version) = self {
            frame.put(MAGIC).put(version);
            return frame.finish();
        }
        let body = frame.part(|to| self.write(to));
        let length: u32 = frame.count(body.len() + 8);
        frame.put(&length.to_be_bytes()).put(&[2, SASL, 0, 0]).put(&body);
        frame.finish()
    }

    fn read(from: &mut Cursor<'_>) -> Result<Self, WireError> {
        let (descriptor, mut fields) = value::described(from)?;
        let missing = || WireError::protocol("expected octets, found null");
        let message = match u8::try_from(descriptor) {
            Ok(Self::MECHANISMS) => Self::Mechanisms(fields.symbols()?),
            Ok(Self::INIT) => Self::Init {
                mechanism: fields.symbol()?,
                initial_response: fields.binary()?.map(Response::new),
                hostname: fields.string()?,
            },
            Ok(Self::CHALLENGE) => {
                Self::Challenge(Challenge::new(fields.binary()?.ok_or_else(missing)?))
            }
            Ok(Self::RESPONSE) => {
                Self::Response(Response::new(fields.binary()?.ok_or_else(missing)?))
            }
            Ok(Self::OUTCOME) => Self::Outcome {
                code: OutcomeCode(fields.ubyte()?),
                additional_data: fields.binary()?.map(Challenge::new),
            },
            _ => return Err(WireError::protocol("expected a message of SASL")),
        };
        fields.end()?;
        Ok(message)
    }

    fn write(&self, to: &mut Writer) {
        match self {
            Self::Header(_) => {}
            Self::Mechanisms(names) => {
                value::put_described(to, Self::MECHANISMS, 1, |to| value::put_symbols(to, names));
            }
            Self::Init { mechanism, initial_response, hostname } => {
                let count = match (initial_response, hostname) {
                    (_, Some(_)) => 3,
                    (Some(_), None) => 2,
                    (None, None) => 1,
                };
                value::put_described(to, Self::INIT, count, |to| {
                    value::put_symbol(to, mechanism);
                    match initial_response {
                        Some(response) => value::put_binary(to, response.as_bytes()),
                        None if hostname.is_some() => value::put_null(to),
                        None => {}
                    }
                    if let Some(hostname) = hostname {
                        value::put_string(to, hostname);
                    }
                });
            }
            Self::Challenge(challenge) => value::put_described(to, Self::CHALLENGE, 1, |to| {
                value::put_binary(to, challenge.as_bytes());
            }),
            Self::Response(response) => value::put_described(to, Self::RESPONSE, 1, |to| {
                value::put_binary(to, response.as_bytes());
            }),
            Self::Outcome { code, additional_data } => {
                let count = 1 + u8::from(additional_data.is_some());
                value::put_described(to, Self::OUTCOME, count, |to| {
                    value::put_ubyte(to, code.0);
                    if let Some(words) = additional_data {
                        value::put_binary(to, words.as_bytes());
                    }
                });
            }
        }
    }
}
