//! What follows an exchange: a few lines inside the security layer, in turn.

use aiosasl::layer::{LayerError, LayerRules, SecurityLayer};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::wire::{Heard, Wire};
use crate::status::Failure;

/// The octets of the length around a protected buffer (RFC 4422 section 3.7).
const LENGTH: usize = 4;

/// Which layer is wanted, and what is said inside.
#[derive(Debug, Clone, Args)]
pub(super) struct LayerOptions {
    /// The security layer to negotiate
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Wanted::None)]
    layer: Wanted,
    /// The largest protected buffer to take, in octets
    #[arg(long, value_name = "OCTETS", default_value_t = LayerRules::ANY.max_receive,
          value_parser = clap::value_parser!(u32).range(1..=65_536))]
    layer_buffer: u32,
    /// Once in, write one line with TEXT inside the layer, and read one; repeatable
    #[arg(long, value_name = "TEXT")]
    layer_data: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// No layer
    None,
    /// One that notices changes
    Integrity,
    /// One that nobody can read
    Confidentiality,
    /// The strongest that both ends have, or none
    Any,
}

/// A layer that was negotiated.
#[derive(Debug, Serialize)]
pub(super) struct Negotiated {
    strength: u16,
    max_send: usize,
    max_receive: usize,
}

/// Why what follows could not be said or understood.
pub(super) enum LayerFault {
    /// The pipes.
    Wire(Failure),
    /// The layer.
    Layer(LayerError),
    /// The peer ended, or said nothing, when it was its turn.
    Ended,
}

impl LayerOptions {
    /// As the mechanisms understand it.
    pub(super) fn rules(&self) -> LayerRules {
        let (min_strength, max_strength) = match self.layer {
            Wanted::None => (0, 0),
            Wanted::Integrity => (1, 1),
            Wanted::Confidentiality => (2, LayerRules::ANY.max_strength),
            Wanted::Any => (0, LayerRules::ANY.max_strength),
        };
        LayerRules { min_strength, max_strength, max_receive: self.layer_buffer }
    }

    /// Whether lines follow the exchange.
    pub(super) fn goes_on(&self) -> bool {
        !self.layer_data.is_empty()
    }

    /// Says each text, hears a line after each: what was heard.
    pub(super) fn talk(
        &self,
        layer: &mut Option<Box<dyn SecurityLayer>>,
        wire: &mut Wire,
    ) -> Result<Vec<String>, LayerFault> {
        let mut heard = Vec::new();
        for text in &self.layer_data {
            let said = protect(layer.as_deref_mut(), text.as_bytes())?;
            Wire::say(Some(&said)).map_err(LayerFault::Wire)?;
            let octets = match wire.hear().map_err(LayerFault::Wire)? {
                Heard::Message(octets) => unprotect(layer.as_deref_mut(), octets)?,
                Heard::Nothing | Heard::Abort | Heard::End => return Err(LayerFault::Ended),
            };
            heard.push(String::from_utf8_lossy(&octets).into_owned());
        }
        Ok(heard)
    }
}

impl Negotiated {
    /// What is to be said of a layer.
    pub(super) fn of(layer: &dyn SecurityLayer) -> Self {
        Self {
            strength: layer.strength(),
            max_send: layer.max_send(),
            max_receive: layer.max_receive(),
        }
    }
}

/// In as many pieces as the peer needs, each with its length before it; as it is where there is no layer.
fn protect(
    layer: Option<&mut (dyn SecurityLayer + 'static)>,
    octets: &[u8],
) -> Result<Vec<u8>, LayerError> {
    let Some(layer) = layer else { return Ok(octets.to_vec()) };
    let mut out = Vec::new();
    for piece in octets.chunks(layer.max_piece().max(1)) {
        let wrapped = layer.wrap(piece)?;
        let length = u32::try_from(wrapped.len()).map_err(|_| LayerError::TooLarge)?;
        out.extend(length.to_be_bytes());
        out.extend(wrapped);
    }
    Ok(out)
}

/// All buffers of a line, each whole.
fn unprotect(
    layer: Option<&mut (dyn SecurityLayer + 'static)>,
    octets: Vec<u8>,
) -> Result<Vec<u8>, LayerError> {
    let Some(layer) = layer else { return Ok(octets) };
    let mut rest = &octets[..];
    let mut out = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<LENGTH>().ok_or(LayerError::FrameLength)?;
        let length = usize::try_from(u32::from_be_bytes(*length));
        let length = length.map_err(|_| LayerError::TooLarge)?;
        if length > layer.max_receive() {
            return Err(LayerError::TooLarge);
        }
        let (buffer, after) = after.split_at_checked(length).ok_or(LayerError::FrameLength)?;
        out.extend(layer.unwrap(buffer)?);
        rest = after;
    }
    Ok(out)
}

impl From<LayerError> for LayerFault {
    fn from(error: LayerError) -> Self {
        Self::Layer(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns octets around, in pieces of three.
    struct Mirror;

    impl SecurityLayer for Mirror {
        fn strength(&self) -> u16 {
            1
        }

        fn max_piece(&self) -> usize {
            3
        }

        fn max_send(&self) -> usize {
            3
        }

        fn max_receive(&self) -> usize {
            3
        }

        fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
            Ok(octets.iter().rev().copied().collect())
        }

        fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
            self.wrap(octets)
        }
    }

    #[test]
    fn a_line_is_made_of_buffers_that_the_peer_takes() {
        let wrapped = protect(Some(&mut Mirror), b"abcd").unwrap();
        assert_eq!(wrapped, b"\0\0\0\x03cba\0\0\0\x01d");
        assert_eq!(unprotect(Some(&mut Mirror), wrapped).unwrap(), b"abcd");
        assert_eq!(protect(None, b"abcd").unwrap(), b"abcd");
    }

    #[test]
    fn lengths_have_to_fit() {
        let unwrap = |octets: &[u8]| unprotect(Some(&mut Mirror), octets.to_vec());
        assert_eq!(unwrap(b"\0\0\0\x04abcd"), Err(LayerError::TooLarge));
        assert_eq!(unwrap(b"\0\0\0\x03ab"), Err(LayerError::FrameLength));
        assert_eq!(unwrap(b"\0\0"), Err(LayerError::FrameLength));
    }
}
