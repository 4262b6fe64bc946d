//! The stream of somebody who has logged in, for a client or a server of the protocol to go on with.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use aiosasl::layer::{Buffers, LayerError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsStream;
use zeroize::Zeroizing;

use super::socket::Socket;

/// How many octets are read at once under a layer.
const CHUNK: usize = 4096;
/// How many octets are taken to be sent under a layer before those before them have left.
const MAX_PIECE: usize = 65_536;

/// What lies beneath.
pub(super) enum AnyStream {
    Clear(Socket),
    Tls(Box<TlsStream<Socket>>),
}

/// An authenticated connection: TLS and a mechanism's security layer are in it, and so is all that was read already.
///
/// Under a security layer it keeps at most one buffer that arrives and what of one piece (64 KiB) has not been sent yet. A
/// damaged buffer is an error of the kind [`InvalidData`](io::ErrorKind::InvalidData), and so is every call after it. What
/// was written is sent for certain after [`flush`](tokio::io::AsyncWriteExt::flush) alone.
pub struct AuthenticatedStream {
    stream: AnyStream,
    layer: Option<Buffers>,
    /// What was read, and out of its layer, and not taken yet.
    ready: Pending,
    /// What is in its layer, and not sent yet.
    sealed: Pending,
}

/// Octets of which some are gone.
#[derive(Default)]
struct Pending {
    octets: Zeroizing<Vec<u8>>,
    gone: usize,
}

impl Pending {
    fn new(octets: Zeroizing<Vec<u8>>) -> Self {
        Self { octets, gone: 0 }
    }

    fn rest(&self) -> &[u8] {
        self.octets.get(self.gone..).unwrap_or_default()
    }

    fn advance(&mut self, count: usize) {
        self.gone += count;
        if self.rest().is_empty() {
            *self = Self::default();
        }
    }
}

impl AuthenticatedStream {
    pub(super) fn new(
        stream: AnyStream,
        layer: Option<Buffers>,
        read_so_far: Zeroizing<Vec<u8>>,
    ) -> Self {
        Self { stream, layer, ready: Pending::new(read_so_far), sealed: Pending::default() }
    }

    /// How strong the security layer is, where there is one.
    pub fn layer_strength(&self) -> Option<u16> {
        self.layer.as_ref().map(Buffers::strength)
    }

    /// Sends what is in its layer already.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.sealed.rest().is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, self.sealed.rest()))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sealed.advance(sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for AuthenticatedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let rest = this.ready.rest();
            if !rest.is_empty() {
                let count = rest.len().min(into.remaining());
                into.put_slice(rest.get(..count).unwrap_or_default());
                this.ready.advance(count);
                return Poll::Ready(Ok(()));
            }
            let Some(layer) = &mut this.layer else {
                return Pin::new(&mut this.stream).poll_read(context, into);
            };
            let mut chunk = Zeroizing::new([0; CHUNK]);
            let mut buffer = ReadBuf::new(&mut *chunk);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(if layer.is_midway() {
                    Err(io::ErrorKind::UnexpectedEof.into())
                } else {
                    Ok(())
                });
            }
            this.ready = Pending::new(layer.open(buffer.filled()).map_err(damaged)?);
        }
    }
}

impl AsyncWrite for AuthenticatedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.layer.is_none() {
            return Pin::new(&mut this.stream).poll_write(context, octets);
        }
        ready!(this.poll_drain(context))?;
        let piece = octets.get(..MAX_PIECE).unwrap_or(octets);
        if let Some(layer) = &mut this.layer {
            this.sealed = Pending::new(Zeroizing::new(layer.seal(piece).map_err(damaged)?));
        }
        // As much as goes out at once; the rest goes with the next call, or with a flush.
        match this.poll_drain(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(piece.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(context))?;
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

impl AsyncRead for AnyStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for AnyStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

fn damaged(error: LayerError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl fmt::Debug for AuthenticatedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedStream").field("layer", &self.layer).finish_non_exhaustive()
    }
}
