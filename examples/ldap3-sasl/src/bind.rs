//! A bind over a blocking stream: the exchange, the codec, and nothing else of ours.

use std::{
    fmt, io,
    io::{Read, Write},
};

use aiosasl::{
    Authenticated, ClientExchange, ClientStep, driver::Reply, error::Error, error::FailureCode,
    message::ServerMessage,
};
use aiosasl_profiles::{
    WireError,
    frame::FrameBuffer,
    ldap::{MAX_FRAME, Message, client, measure},
};

/// Why a bind let nobody in.
#[derive(Debug)]
pub enum BindError {
    /// The exchange gave up: the server could not prove itself, or broke the mechanism's protocol.
    Exchange(Error),
    /// The connection is gone.
    Io(io::Error),
    /// The server refused, or broke LDAP.
    Wire(WireError),
}

/// Logs in: an exchange that was begun nowhere yet, over a stream that nobody else reads.
///
/// The exchange must not negotiate a security layer, which nobody puts around what follows here
/// ([`Rules::layers`](aiosasl::mechanism::Rules::layers) does not, unless told so). A stream in the clear is for mechanisms
/// that need no more: this function has no policy.
///
/// # Errors
///
/// A [`BindError`]; the stream is of no use then.
pub fn bind(
    stream: &mut (impl Read + Write),
    mut exchange: ClientExchange,
) -> Result<Authenticated, BindError> {
    let mut requests = client::Exchange::new(1);
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    let mut step = exchange.start()?;
    loop {
        step = match step {
            ClientStep::Send(message) => {
                stream.write_all(&requests.request(&message)?)?;
                let answer = receive(stream, &mut buffer)?;
                exchange.receive(heard(requests.hear(&answer)?))?
            }
            ClientStep::Ask(query) => {
                exchange.answer(query.answer_by_itself().map_err(|_| {
                    io::Error::new(io::ErrorKind::Unsupported, "only somebody else can answer")
                })?)?
            }
            ClientStep::Done(authenticated) if buffer.is_empty() => return Ok(authenticated),
            ClientStep::Done(_) => {
                return Err(WireError::protocol("expected nothing after the success").into());
            }
        };
    }
}

fn receive(stream: &mut impl Read, buffer: &mut FrameBuffer) -> Result<Message, BindError> {
    loop {
        while let Some(frame) = buffer.next_frame(measure)? {
            let message = Message::parse(&frame)?;
            if !client::is_unrelated(&message) {
                return Ok(message);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk)? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            count => buffer.push(chunk.get(..count).unwrap_or_default())?,
        }
    }
}

fn heard(reply: Reply) -> ServerMessage {
    match reply {
        Reply::Challenge(challenge) => ServerMessage::Challenge(challenge),
        Reply::Failure => ServerMessage::Failure(FailureCode::Aborted),
        Reply::Success(additional_data) => ServerMessage::Success { additional_data },
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Wire(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {}

impl From<Error> for BindError {
    fn from(error: Error) -> Self {
        Self::Exchange(error)
    }
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WireError> for BindError {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}
