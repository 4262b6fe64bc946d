//! The first frames of a PostgreSQL client, which have no tag: requests for encryption, and the startup.

use aiosasl::secret::Secret;

use crate::{
    WireClass, WireError,
    frame::{Cursor, Frame, Writer, too_long},
};

/// The longest of them, in octets, as PostgreSQL has it.
pub const MAX_STARTUP: usize = 10_000;
/// The most parameters.
const MAX_PARAMETERS: usize = 256;

/// Version 3.0.
pub const VERSION: u32 = 0x0003_0000;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS_ENCRYPTION: u32 = 80_877_104;

/// A first message from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Startup {
    /// Somebody's query is to be cancelled, which one is told by these octets; nobody answers.
    Cancel(Secret),
    /// Encryption by GSS is wanted.
    GssEncryption,
    /// TLS is wanted.
    Ssl,
    /// A session is wanted.
    Start {
        /// The protocol: [`VERSION`] is 3.0.
        version: u32,
        /// Such as `user` and `database`, in order.
        parameters: Vec<(String, String)>,
    },
}

/// The length of such a frame: four octets that count themselves and what follows.
///
/// # Errors
///
/// A [`WireError`] where that is less than 8 octets, or more than [`MAX_STARTUP`].
pub fn measure_startup(head: &[u8]) -> Result<Option<usize>, WireError> {
    let Some(length) = head.first_chunk() else { return Ok(None) };
    match usize::try_from(u32::from_be_bytes(*length)) {
        Ok(length @ 8..=MAX_STARTUP) => Ok(Some(length)),
        Ok(0..8) => Err(WireError::protocol("expected a startup of at least 8 octets")),
        _ => Err(too_long(MAX_STARTUP)),
    }
}

impl Startup {
    /// Protocol 3.0 for this user and this database.
    pub fn session(user: &str, database: &str) -> Self {
        let parameters = [("user", user), ("database", database)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::Start { version: VERSION, parameters: parameters.into() }
    }

    /// The value of a startup's parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let Self::Start { parameters, .. } = self else { return None };
        parameters.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Reads a whole frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is none.
    pub fn parse(frame: &[u8]) -> Result<Self, WireError> {
        if measure_startup(frame)? != Some(frame.len()) {
            return Err(WireError::protocol("expected one whole frame"));
        }
        let mut body = Cursor::new(frame);
        body.u32()?;
        let message = match body.u32()? {
            CANCEL => Self::Cancel(Secret::new(body.rest())),
            SSL => Self::Ssl,
            GSS_ENCRYPTION => Self::GssEncryption,
            version if version >> 16 == 3 => {
                Self::Start { version, parameters: parameters(&mut body)? }
            }
            _ => return Err(WireError::protocol("expected version 3 of the protocol")),
        };
        body.end()?;
        Ok(message)
    }

    /// The message as a frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or a NUL stands where none can, or a parameter has no name.
    pub fn to_frame(&self) -> Result<Frame, WireError> {
        let mut body = Writer::new(MAX_STARTUP - 4);
        match self {
            Self::Cancel(which) => _ = body.put(&CANCEL.to_be_bytes()).put(which.expose()),
            Self::GssEncryption => _ = body.put(&GSS_ENCRYPTION.to_be_bytes()),
            Self::Ssl => _ = body.put(&SSL.to_be_bytes()),
            Self::Start { version, parameters } => {
                body.put(&version.to_be_bytes());
                for (name, value) in parameters {
                    if name.is_empty() {
                        return Err(WireError::protocol("expected a parameter's name"));
                    }
                    body.put_with_nul(name.as_bytes()).put_with_nul(value.as_bytes());
                }
                body.put(&[0]);
            }
        }
        let body = body.finish()?;
        let mut frame = Writer::new(MAX_STARTUP);
        let length: u32 = frame.count(body.len() + 4);
        frame.put(&length.to_be_bytes()).put(&body);
        frame.finish()
    }
}

fn parameters(body: &mut Cursor<'_>) -> Result<Vec<(String, String)>, WireError> {
    let text = |octets: &[u8]| {
        let text = std::str::from_utf8(octets).map(str::to_owned);
        text.map_err(|_| WireError::protocol("expected parameters in UTF-8"))
    };
    let mut parameters = Vec::new();
    loop {
        match body.until_nul()? {
            [] => return Ok(parameters),
            _ if parameters.len() == MAX_PARAMETERS => {
                return Err(WireError::protocol("expected fewer parameters"));
            }
            name => parameters.push((text(name)?, text(body.until_nul()?)?)),
        }
    }
}

/// What a server answers to a request for TLS: one octet, without a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsAnswer {
    /// It has none.
    No,
    /// TLS begins.
    Yes,
}

impl TlsAnswer {
    /// Reads the octet. Whatever else came with it was not protected, and must be thrown away.
    ///
    /// # Errors
    ///
    /// A [`WireError`] of class [`Tls`](WireClass::Tls) where it is another one: an error from somebody who is no
    /// PostgreSQL server, and whose words are not to be shown.
    pub fn parse(octet: u8) -> Result<Self, WireError> {
        match octet {
            b'N' => Ok(Self::No),
            b'S' => Ok(Self::Yes),
            _ => Err(WireError::new(WireClass::Tls, "expected S or N for an answer")),
        }
    }

    /// The octet.
    pub fn to_octet(self) -> u8 {
        match self {
            Self::No => b'N',
            Self::Yes => b'S',
        }
    }
}
