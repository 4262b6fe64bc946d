//! Security layers: what a mechanism may put around the octets that follow (RFC 4422 section 3.7).

mod buffers;

use alloc::vec::Vec;
use core::fmt;

pub use buffers::Buffers;

/// A negotiated layer. One buffer in, one buffer out; the four-octet length around it is the caller's.
pub trait SecurityLayer: Send {
    /// How strong it is: 0 for nothing, 1 for integrity alone, else the bits of the key that keeps octets secret.
    fn strength(&self) -> u16;

    /// The largest piece that [`wrap`](Self::wrap) takes, in octets: wrapped, it still fits what the peer takes.
    fn max_piece(&self) -> usize;

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

/// What of security layers a deployment wants, and how large their buffers may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayerRules {
    /// The least strength ([`SecurityLayer::strength`]) that a layer has to add; 0 lets the mechanism go without.
    pub min_strength: u16,
    /// The most that a layer may add; 0 is no layer at all.
    pub max_strength: u16,
    /// The largest buffer that we take, in octets before unwrapping and without the length around it.
    pub max_receive: u32,
}

impl LayerRules {
    /// The largest buffer that we take where nobody says otherwise, in octets.
    pub const MAX_RECEIVE: u32 = 65_536;
    /// No layer: what a caller wants that does not look after one, or has TLS.
    pub const NONE: Self =
        Self { min_strength: 0, max_strength: 0, max_receive: Self::MAX_RECEIVE };
    /// The strongest layer that both ends have, and none where there is none.
    pub const ANY: Self =
        Self { min_strength: 0, max_strength: 256, max_receive: Self::MAX_RECEIVE };

    /// Whether a layer of this strength is within the bounds.
    pub fn allow(self, strength: u16) -> bool {
        (self.min_strength..=self.max_strength).contains(&strength)
    }
}

impl Default for LayerRules {
    fn default() -> Self {
        Self::NONE
    }
}

/// Why octets can't be protected or unprotected; the connection has to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayerError {
    /// The integrity check failed.
    BadMac,
    /// A buffer of another kind than the layer's.
    BadMessageType,
    /// The padding makes no sense.
    BadPadding,
    /// A buffer is missing, or came twice.
    BadSequenceNumber,
    /// The buffer makes no sense.
    Damaged,
    /// A length around a buffer that does not fit what follows.
    FrameLength,
    /// The service that wraps has failed.
    Provider,
    /// A buffer that is too short to hold anything.
    ShortFrame,
    /// More octets than were negotiated.
    TooLarge,
}

impl LayerError {
    /// The reason as a stable word: the `expect` of the test vectors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadMac => "bad-mac",
            Self::BadMessageType => "bad-message-type",
            Self::BadPadding => "bad-padding",
            Self::BadSequenceNumber => "bad-sequence-number",
            Self::Damaged => "damaged",
            Self::FrameLength => "frame-length",
            Self::Provider => "provider",
            Self::ShortFrame => "short-frame",
            Self::TooLarge => "frame-too-large",
        }
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadMac => "a protected buffer fails its integrity check",
            Self::BadMessageType => "a protected buffer is of another kind than the layer's",
            Self::BadPadding => "the padding of a protected buffer makes no sense",
            Self::BadSequenceNumber => "a protected buffer is missing, or came twice",
            Self::Damaged => "a protected buffer is damaged",
            Self::FrameLength => "the length around a protected buffer does not fit it",
            Self::Provider => "the service that protects buffers has failed",
            Self::ShortFrame => "a protected buffer is too short to hold anything",
            Self::TooLarge => "a protected buffer is larger than negotiated",
        })
    }
}

impl core::error::Error for LayerError {}
