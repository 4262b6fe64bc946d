//! A connection that gives lines or chunks, in the clear at first, and can be put under TLS in place.

use std::{future::poll_fn, io, pin::Pin, sync::Arc, task::Poll, time::Duration};

use aiosasl::{
    binding::{BindingKind, ChannelBinding},
    layer::{Buffers, LayerError, SecurityLayer},
};
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use zeroize::Zeroizing;

use super::{
    socket::{self, Socket},
    stream::{AnyStream, AuthenticatedStream},
    tls::{self, TlsInfo},
};
use crate::{
    WireClass, WireError,
    frame::{Frame, Measure},
    line::{Ending, Line, LineBuffer, LineError},
};

/// How many octets are read at once.
const CHUNK: usize = 4096;
/// How many chunks a peer is heard out for at the end.
const LINGER_CHUNKS: usize = 64;
/// And how long.
const LINGER_TIME: Duration = Duration::from_millis(250);

/// A connection. An error leaves it closed or useless; a future dropped half-way may have sent half a line.
pub(crate) struct Transport {
    stream: Stream,
    lines: LineBuffer,
    /// When every wait ends.
    deadline: Option<Instant>,
    /// How long each wait may take.
    patience: Option<Duration>,
    tls: Option<Arc<TlsInfo>>,
    bindings: Vec<ChannelBinding>,
    /// What a mechanism has put around all that follows.
    layer: Layering,
    /// What has come out of its layer, and waits to be read.
    opened: Line,
}

/// Whether a security layer lies around what is sent and read.
#[derive(Default)]
enum Layering {
    #[default]
    None,
    /// It begins after the next message that is sent: the success itself goes out without it.
    AfterNext(Box<dyn SecurityLayer>),
    Around(Buffers),
}

#[derive(Default)]
enum Stream {
    /// Closed, or an error on the way.
    #[default]
    Closed,
    Clear(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Transport {
    /// A connection whose lines are at most `limit` octets long, their ending not counted.
    pub(crate) fn new(stream: Socket, limit: usize, ending: Ending) -> Self {
        Self {
            stream: Stream::Clear(stream),
            lines: LineBuffer::new(limit, ending),
            deadline: None,
            patience: None,
            tls: None,
            bindings: Vec::new(),
            layer: Layering::None,
            opened: Line::default(),
        }
    }

    /// Puts a security layer around all that follows, also around what was read already and not taken.
    ///
    /// # Errors
    ///
    /// Class [`Protocol`](WireClass::Protocol) where that is damaged.
    pub(crate) fn protect(&mut self, layer: Box<dyn SecurityLayer>) -> Result<(), WireError> {
        let mut buffers = Buffers::new(layer);
        self.opened = buffers.open(&self.lines.take()).map_err(damaged)?;
        self.layer = Layering::Around(buffers);
        Ok(())
    }

    /// The same, once the next message is sent.
    pub(crate) fn protect_after_next(&mut self, layer: Box<dyn SecurityLayer>) {
        self.layer = Layering::AfterNext(layer);
    }

    /// The stream, for somebody else to go on with: with all that was read so far.
    pub(crate) fn into_stream(mut self) -> Option<AuthenticatedStream> {
        let mut read_so_far = self.lines.take();
        read_so_far.extend_from_slice(&self.opened);
        let buffers = match self.layer {
            Layering::Around(buffers) => Some(buffers),
            Layering::None | Layering::AfterNext(_) => None,
        };
        let stream = match self.stream {
            Stream::Closed => return None,
            Stream::Clear(stream) => AnyStream::Clear(stream),
            Stream::Tls(stream) => AnyStream::Tls(stream),
        };
        Some(AuthenticatedStream::new(stream, buffers, read_so_far))
    }

    /// Makes every wait end at this time, with an error of class [`Timeout`](WireClass::Timeout).
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(deadline);
    }

    /// Makes each single wait end after this, likewise.
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.patience = Some(patience);
    }

    /// The next line.
    ///
    /// # Errors
    ///
    /// Class [`Protocol`](WireClass::Protocol) for a line that is too long or badly ended;
    /// [`Connection`](WireClass::Connection) where the peer has hung up, [`Timeout`](WireClass::Timeout) at the
    /// deadline.
    pub(crate) async fn line(&mut self) -> Result<Line, WireError> {
        self.take(LineBuffer::next_line).await
    }

    /// The next octets, this many and whatever they are.
    ///
    /// # Errors
    ///
    /// As [`line`](Self::line).
    pub(crate) async fn octets(&mut self, count: usize) -> Result<Line, WireError> {
        self.take(|lines| lines.next_octets(count)).await
    }

    /// The next frame, whose length its head tells.
    ///
    /// # Errors
    ///
    /// As [`line`](Self::line), and what the measure says of a head.
    pub(crate) async fn frame(&mut self, measure: Measure) -> Result<Frame, WireError> {
        loop {
            match measure(self.lines.waiting())? {
                Some(0) => return Err(WireError::protocol("expected a frame of some octets")),
                Some(length) => return self.octets(length).await,
                None => self.fill().await?,
            }
        }
    }

    /// The next frame, likewise, which stays to be read.
    ///
    /// # Errors
    ///
    /// As [`frame`](Self::frame).
    pub(crate) async fn peek_frame(&mut self, measure: Measure) -> Result<Frame, WireError> {
        loop {
            let waiting = self.lines.waiting();
            let length = measure(waiting)?;
            if let Some(frame) = length.and_then(|length| waiting.get(..length)) {
                return Ok(Frame::new(frame.to_vec()));
            }
            self.fill().await?;
        }
    }

    /// Reads until the buffer has what is wanted of it.
    async fn take(
        &mut self,
        mut next: impl FnMut(&mut LineBuffer) -> Result<Option<Line>, LineError>,
    ) -> Result<Line, WireError> {
        loop {
            match next(&mut self.lines) {
                Ok(Some(line)) => return Ok(line),
                Ok(None) => self.fill().await?,
                Err(error) => return Err(WireError::protocol(error.to_string())),
            }
        }
    }

    /// Waits for more octets, and adds them to those that wait to be read.
    async fn fill(&mut self) -> Result<(), WireError> {
        let chunk = self.read().await?;
        self.lines.push(&chunk).map_err(|error| WireError::protocol(error.to_string()))
    }

    /// The next octets, however many there are (at most 4 KiB at once, unless lines were pushed before): never none.
    ///
    /// # Errors
    ///
    /// As [`line`](Self::line).
    pub(crate) async fn chunk(&mut self) -> Result<Line, WireError> {
        if self.lines.is_empty() { self.read().await } else { Ok(self.lines.take()) }
    }

    /// Takes octets back that came as a [`chunk`](Self::chunk), and that nobody could use: they are read first, next time.
    pub(crate) fn unread(&mut self, octets: &[u8]) {
        self.opened = Line::new([octets, &self.opened].concat());
    }

    /// Sends octets, and sees to it that they leave.
    ///
    /// # Errors
    ///
    /// Class [`Connection`](WireClass::Connection) or [`Timeout`](WireClass::Timeout).
    pub(crate) async fn send(&mut self, octets: &[u8]) -> Result<(), WireError> {
        match &mut self.layer {
            Layering::None => self.send_as_it_is(octets).await,
            Layering::AfterNext(_) => {
                let sent = self.send_as_it_is(octets).await;
                if let Layering::AfterNext(layer) = std::mem::take(&mut self.layer) {
                    self.protect(layer)?;
                }
                sent
            }
            Layering::Around(buffers) => {
                let sealed = buffers.seal(octets).map_err(damaged)?;
                self.send_as_it_is(&sealed).await
            }
        }
    }

    async fn send_as_it_is(&mut self, octets: &[u8]) -> Result<(), WireError> {
        let deadline = self.wait_until();
        let sent = async {
            match &mut self.stream {
                Stream::Closed => Err(io::ErrorKind::NotConnected.into()),
                Stream::Clear(stream) => stream.write_all(octets).await,
                Stream::Tls(stream) => {
                    stream.write_all(octets).await?;
                    stream.flush().await
                }
            }
        };
        until(deadline, sent).await
    }

    /// Says of no exchange what it could be tied to: for protocols whose exchanges are tied to nothing.
    pub(crate) fn forget_bindings(&mut self) {
        self.bindings = Vec::new();
    }

    /// Speaks TLS from here on, as the client.
    ///
    /// # Errors
    ///
    /// Class [`Tls`](WireClass::Tls), also where octets in the clear wait to be read: they came before the handshake
    /// and would be taken for what comes after it.
    pub(crate) async fn connect_tls(
        &mut self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        verified: bool,
    ) -> Result<(), WireError> {
        let stream = self.take_clear()?;
        let connecting = TlsConnector::from(config).connect(name, stream);
        let stream = until(self.deadline, connecting).await?;
        let (_, connection) = stream.get_ref();
        let leaf = connection.peer_certificates().and_then(<[_]>::first);
        let (info, bindings) = tls::describe(connection, leaf.map(AsRef::as_ref), verified);
        self.set_tls(stream.into(), info, bindings);
        Ok(())
    }

    /// Speaks TLS from here on, as the server whose certificate this is (DER).
    ///
    /// # Errors
    ///
    /// As [`connect_tls`](Self::connect_tls).
    pub(crate) async fn accept_tls(
        &mut self,
        config: Arc<ServerConfig>,
        certificate: &[u8],
    ) -> Result<(), WireError> {
        let stream = self.take_clear()?;
        let stream = until(self.deadline, TlsAcceptor::from(config).accept(stream)).await?;
        let (_, connection) = stream.get_ref();
        // Whoever gets through the handshake with a certificate has had it verified: a server's configuration either
        // asks for no certificate, or has a verifier.
        let verified = connection.peer_certificates().is_some();
        let (info, bindings) = tls::describe(connection, Some(certificate), verified);
        self.set_tls(stream.into(), info, bindings);
        Ok(())
    }

    /// Hangs up; with a farewell where TLS has one.
    pub(crate) async fn close(&mut self) {
        let deadline = self.wait_until();
        let closed = async {
            match std::mem::take(&mut self.stream) {
                Stream::Closed => Ok(()),
                Stream::Clear(mut stream) => stream.shutdown().await,
                Stream::Tls(mut stream) => stream.shutdown().await,
            }
        };
        // Whatever goes wrong now concerns nobody any more.
        let _ = until(deadline, closed).await;
    }

    /// Says that nothing follows, and hears a peer out that still talks, for a moment: hanging up at once would let
    /// our last words get lost.
    pub(crate) async fn linger(&mut self) {
        let listening = async {
            let shut = match &mut self.stream {
                Stream::Closed => return,
                Stream::Clear(stream) => stream.shutdown().await,
                Stream::Tls(stream) => stream.shutdown().await,
            };
            if shut.is_ok() {
                for _ in 0..LINGER_CHUNKS {
                    if self.read().await.is_err() {
                        break;
                    }
                }
            }
        };
        let _ = timeout(LINGER_TIME, listening).await;
        self.stream = Stream::Closed;
    }

    /// Whether it goes over a Unix socket: octets that never leave this machine's kernel.
    pub(crate) fn is_local(&self) -> bool {
        match &self.stream {
            Stream::Clear(stream) => socket::is_local(stream),
            Stream::Tls(stream) => socket::is_local(stream.get_ref().0),
            Stream::Closed => false,
        }
    }

    /// What is known of TLS, where there is any.
    pub(crate) fn tls(&self) -> Option<&TlsInfo> {
        self.tls.as_deref()
    }

    /// The same, to keep.
    pub(crate) fn shared_tls(&self) -> Option<Arc<TlsInfo>> {
        self.tls.clone()
    }

    /// Which protocol both ends of TLS have agreed on (RFC 7301), where they have.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        match &self.stream {
            Stream::Tls(stream) => stream.get_ref().1.alpn_protocol(),
            Stream::Closed | Stream::Clear(_) => None,
        }
    }

    /// What an exchange can be tied to.
    pub(crate) fn bindings(&self) -> &[ChannelBinding] {
        &self.bindings
    }

    /// Forgets what an exchange could be tied to, but for these types.
    pub(crate) fn retain_bindings(&mut self, known: impl Fn(&BindingKind) -> bool) {
        self.bindings.retain(|binding| known(binding.kind()));
    }

    /// Adds what a protocol ties exchanges to in its own way.
    pub(crate) fn add_bindings(&mut self, more: Vec<ChannelBinding>) {
        let new = more.into_iter().filter(|it| !self.bindings.contains(it)).collect::<Vec<_>>();
        self.bindings.extend(new);
    }

    /// The next octets, out of their layer: never none.
    async fn read(&mut self) -> Result<Line, WireError> {
        while self.opened.is_empty() {
            let chunk = self.read_as_it_is().await?;
            let Layering::Around(buffers) = &mut self.layer else { return Ok(chunk) };
            self.opened = buffers.open(&chunk).map_err(damaged)?;
        }
        // A buffer may be larger than what a line may be: in pieces, as if it had come so.
        let end = self.opened.len().min(CHUNK);
        let rest = self.opened.split_off(end);
        Ok(std::mem::replace(&mut self.opened, Line::new(rest)))
    }

    /// A connection that waits costs no room for what it waits for: the chunk lies on the stack, and is kept in the
    /// length that came.
    async fn read_as_it_is(&mut self) -> Result<Line, WireError> {
        let deadline = self.wait_until();
        let reading = poll_fn(|context| {
            let mut chunk = Zeroizing::new([0; CHUNK]);
            let mut buffer = ReadBuf::new(&mut *chunk);
            let polled = match &mut self.stream {
                Stream::Closed => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
                Stream::Clear(stream) => Pin::new(stream).poll_read(context, &mut buffer),
                Stream::Tls(stream) => Pin::new(stream).poll_read(context, &mut buffer),
            };
            polled.map_ok(|()| Line::new(buffer.filled().to_vec()))
        });
        let chunk = until(deadline, reading).await?;
        if chunk.is_empty() {
            self.stream = Stream::Closed;
            return Err(WireError::new(WireClass::Connection, "the peer has hung up"));
        }
        Ok(chunk)
    }

    fn wait_until(&self) -> Option<Instant> {
        let patience = self.patience.map(|patience| Instant::now() + patience);
        match (self.deadline, patience) {
            (Some(deadline), Some(patience)) => Some(deadline.min(patience)),
            (deadline, patience) => deadline.or(patience),
        }
    }

    fn take_clear(&mut self) -> Result<Socket, WireError> {
        let injected = !self.lines.take().is_empty();
        match std::mem::take(&mut self.stream) {
            Stream::Clear(_) if injected => Err(WireError::new(
                WireClass::Tls,
                "octets in the clear came after the switch to TLS: somebody may have put them there",
            )),
            Stream::Clear(stream) => Ok(stream),
            Stream::Tls(_) => Err(WireError::new(WireClass::Tls, "TLS inside TLS")),
            Stream::Closed => Err(broken(&io::ErrorKind::NotConnected.into())),
        }
    }

    fn set_tls(&mut self, stream: TlsStream<Socket>, info: TlsInfo, bindings: Vec<ChannelBinding>) {
        self.stream = Stream::Tls(Box::new(stream));
        self.tls = Some(Arc::new(info));
        self.bindings = bindings;
    }
}

fn damaged(error: LayerError) -> WireError {
    WireError::protocol(error.to_string())
}

/// Waits, but not for ever.
async fn until<T>(
    deadline: Option<Instant>,
    done: impl Future<Output = io::Result<T>>,
) -> Result<T, WireError> {
    let done = match deadline {
        Some(deadline) => timeout_at(deadline, done).await.map_err(|_| {
            WireError::new(WireClass::Timeout, "the peer took longer than it is given")
        })?,
        None => done.await,
    };
    done.map_err(|error| broken(&error))
}

/// An I/O error in our words: TLS's own errors come wrapped in one.
pub(super) fn broken(error: &io::Error) -> WireError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(inner) => tls::failure(inner),
        None => WireError::new(WireClass::Connection, error.to_string()),
    }
}
