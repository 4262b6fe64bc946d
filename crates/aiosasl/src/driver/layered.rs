//! A stream of the standard library under a security layer.

use std::io::{self, Read, Write};

use alloc::{boxed::Box, vec::Vec};

use zeroize::{Zeroize as _, Zeroizing};

use crate::layer::{Buffers, LayerError, SecurityLayer};

/// How many octets are read at once.
const CHUNK: usize = 4096;

/// A stream that reads and writes what a security layer protects; all that follows a success goes through it (RFC 4422
/// section 3.7).
///
/// It keeps at most one buffer of what arrives, and nothing of what is sent. A damaged buffer is an error of the kind
/// [`InvalidData`](io::ErrorKind::InvalidData), and so is every call after it.
pub struct Layered<S> {
    stream: S,
    buffers: Buffers,
    ready: Zeroizing<Vec<u8>>,
    taken: usize,
    /// Whether a write has failed.
    broken: bool,
}

impl<S> Layered<S> {
    /// The stream, protected from here on. `read_so_far` is what of it was read already after the server's success: none
    /// of it is lost.
    ///
    /// # Errors
    ///
    /// [`LayerError`] where that is damaged.
    pub fn new(
        stream: S,
        layer: Box<dyn SecurityLayer>,
        read_so_far: &[u8],
    ) -> Result<Self, LayerError> {
        let mut buffers = Buffers::new(layer);
        let ready = buffers.open(read_so_far)?;
        Ok(Self { stream, buffers, ready, taken: 0, broken: false })
    }

    /// The stream beneath.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// How strong the layer is.
    pub fn strength(&self) -> u16 {
        self.buffers.strength()
    }
}

impl<S: Read> Read for Layered<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        while self.taken == self.ready.len() {
            let mut chunk = Zeroizing::new([0; CHUNK]);
            let arrived = self.stream.read(chunk.as_mut_slice())?;
            if arrived == 0 {
                return if self.buffers.is_midway() {
                    Err(io::ErrorKind::UnexpectedEof.into())
                } else {
                    Ok(0)
                };
            }
            self.ready =
                self.buffers.open(chunk.get(..arrived).unwrap_or_default()).map_err(damaged)?;
            self.taken = 0;
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += count;
        if self.taken == self.ready.len() {
            self.ready.zeroize();
            self.taken = 0;
        }
        Ok(count)
    }
}

impl<S: Write> Write for Layered<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let sealed = self.buffers.seal(octets).map_err(damaged)?;
        // Half a buffer may be out: nothing can follow it.
        self.stream.write_all(&sealed).inspect_err(|_| self.broken = true)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn damaged(error: LayerError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S> core::fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Layered").field("buffers", &self.buffers).finish_non_exhaustive()
    }
}
