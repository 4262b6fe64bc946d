//! Security layers: what a mechanism may put around the octets that follow (RFC 4422 section 3.7).

use alloc::vec::Vec;
use core::fmt;

/// A negotiated layer. One buffer in, one buffer out; the four-octet length around it is the caller's.
pub trait SecurityLayer: Send {
    /// The largest buffer that the peer takes, in octets after wrapping; never exceed it.
    fn max_send(&self) -> usize;

    /// The largest buffer that we take, in octets before unwrapping; refuse more before reading it.
    fn max_receive(&self) -> usize;

    /// Protects octets.
    ///
    /// # Errors
    ///
    /// [`LayerError`]: the connection has to be closed.
    fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError>;

    /// Takes the protection off.
    ///
    /// # Errors
    ///
    /// [`LayerError`]: the connection has to be closed.
    fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError>;
}

impl fmt::Debug for dyn SecurityLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityLayer")
    }
}

/// Why octets can't be protected or unprotected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerError {
    /// The integrity check failed, or the buffer makes no sense.
    Damaged,
    /// More octets than were negotiated.
    TooLarge,
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged => "a protected buffer is damaged",
            Self::TooLarge => "a protected buffer is larger than negotiated",
        })
    }
}

impl core::error::Error for LayerError {}
