//! The startup of a PostgreSQL client such as tokio-postgres, which has a socket and a loop of its own: the codec makes and
//! reads the frames, the exchange says what goes into them, and neither waits for anything.

use std::{error::Error as StdError, fmt};

use aiosasl::{
    ClientExchange, ClientStep,
    binding::ClientBinding,
    credentials::Credentials,
    driver::Reply,
    error::Error,
    mechanism::{ClientContext, Offered, Rules},
    mechanisms::scram,
    message::{ClientMessage, ServerMessage},
    nonce::Nonce,
};
use aiosasl_profiles::{
    Said, WireError,
    frame::FrameBuffer,
    postgres::{Authentication, Backend, MAX_FRAME, PROFILE, Startup, client, measure},
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The startup, over any stream; TLS, where wanted, is around it already.
///
/// # Errors
///
/// A [`Fault`]: the server refused, could not prove itself, broke the protocol, or is gone.
pub async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    user: &str,
    database: &str,
    password: &str,
) -> Result<LoggedIn, Fault> {
    let name = user.try_into().map_err(|_| Fault::Startup("this is nobody's name"))?;
    let credentials = Credentials::password(name, password);
    let context = ClientContext {
        credentials: &credentials,
        binding: ClientBinding::Unsupported,
        nonce: Nonce::random().map_err(|_| Fault::Startup("there is no randomness"))?,
        rules: Rules::default(),
        offered: Offered::default(),
    };
    let half = (scram::SCRAM_SHA_256.client)(&context)?;
    let mut exchange = ClientExchange::with_profile(half, PROFILE);
    let mut conversation = Conversation::new(stream);
    conversation.send(&Startup::session(user, database).to_frame()?).await?;
    match conversation.hear().await? {
        Backend::Authentication(Authentication::Sasl(offer))
            if offer.names().contains(&exchange.mechanism()) => {}
        Backend::Error(told) => return Err(client::refusal(&told).into()),
        _ => return Err(Fault::Startup("the server does not ask for SCRAM")),
    }
    let mut step = exchange.start()?;
    loop {
        step = match step {
            ClientStep::Ask(query) => match query.answer_by_itself() {
                Ok(answer) => exchange.answer(answer)?,
                Err(_) => return Err(Fault::Startup("a question that nobody can answer")),
            },
            ClientStep::Send(message) => exchange.receive(conversation.say(&message).await?)?,
            ClientStep::Done(authenticated) => {
                let server_verified = authenticated.server_verified;
                return Ok(LoggedIn { server_verified, read_so_far: conversation.buffer });
            }
        };
    }
}

/// What the client goes on with.
#[derive(Debug)]
pub struct LoggedIn {
    /// Whether the server has proven that it knows the password, too.
    pub server_verified: bool,
    /// What it has said since: parameters, and that it is ready.
    pub read_so_far: FrameBuffer,
}

/// Why nobody came in.
#[derive(Debug)]
pub enum Fault {
    /// The exchange failed.
    Exchange(Error),
    /// The connection did.
    Io(std::io::Error),
    /// The server refused, or broke the protocol.
    Server(WireError),
    /// There was no exchange.
    Startup(&'static str),
}

/// The client's own loop: octets in, octets out.
struct Conversation<'a, S> {
    stream: &'a mut S,
    buffer: FrameBuffer,
    listener: client::Listener,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    fn new(stream: &'a mut S) -> Self {
        let buffer = FrameBuffer::new(MAX_FRAME);
        Self { stream, buffer, listener: client::Listener::default() }
    }

    /// Says something of an exchange, and hears the server's answer to it.
    async fn say(&mut self, message: &ClientMessage) -> Result<ServerMessage, Fault> {
        self.send(&client::request(message)?).await?;
        loop {
            let heard = self.hear().await?;
            match self.listener.hear(&heard, Said::from(message))? {
                Some(Reply::Challenge(challenge)) => {
                    return Ok(ServerMessage::Challenge(challenge));
                }
                Some(Reply::Success(additional_data)) => {
                    return Ok(ServerMessage::Success { additional_data });
                }
                Some(Reply::Failure) => return Err(Fault::Startup("given up")),
                None => {}
            }
        }
    }

    async fn send(&mut self, frame: &[u8]) -> Result<(), Fault> {
        self.stream.write_all(frame).await?;
        Ok(self.stream.flush().await?)
    }

    async fn hear(&mut self) -> Result<Backend, Fault> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(frame) = self.buffer.next_frame(measure)? {
                return Ok(Backend::parse(&frame)?);
            }
            match self.stream.read(&mut chunk).await? {
                0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
                count => self.buffer.push(chunk.get(..count).unwrap_or_default())?,
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
            Self::Startup(text) => f.write_str(text),
        }
    }
}

impl StdError for Fault {}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Exchange(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Self::Server(error)
    }
}
