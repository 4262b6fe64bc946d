//! The buffers of a security layer on a stream: four octets of length around each, in network byte order (RFC 4422
//! section 3.7).

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use zeroize::{Zeroize as _, Zeroizing};

use super::{LayerError, SecurityLayer};

/// The octets of a length.
const LENGTH: usize = 4;

/// A security layer on a stream of octets: it cuts what is to be sent into buffers, and puts together what arrives.
///
/// It keeps no more than one buffer, and refuses a length that was not negotiated before it reads what follows. After an
/// error every call fails: the connection has to be closed.
///
/// # Example: octets come in whatever pieces the network likes
///
/// ```
/// use aiosasl::layer::{Buffers, LayerError, SecurityLayer};
///
/// struct Reversed;
///
/// impl SecurityLayer for Reversed {
///     fn strength(&self) -> u16 {
///         0
///     }
///     fn max_piece(&self) -> usize {
///         4
///     }
///     fn max_send(&self) -> usize {
///         4
///     }
///     fn max_receive(&self) -> usize {
///         4
///     }
///     fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
///         Ok(octets.iter().rev().copied().collect())
///     }
///     fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
///         self.wrap(octets)
///     }
/// }
///
/// # fn main() -> Result<(), LayerError> {
/// let mut buffers = Buffers::new(Box::new(Reversed));
/// let sent = buffers.seal(b"pencil")?;
/// assert_eq!(sent, b"\0\0\0\x04cnep\0\0\0\x02li");
/// let mut received = Vec::new();
/// for chunk in sent.chunks(3) {
///     received.extend_from_slice(&buffers.open(chunk)?);
/// }
/// assert_eq!(received, b"pencil");
/// # Ok(())
/// # }
/// ```
pub struct Buffers {
    layer: Result<Box<dyn SecurityLayer>, LayerError>,
    /// The length, and then the buffer, as far as they are here.
    arrived: Vec<u8>,
}

impl Buffers {
    /// A stream that is protected from here on.
    pub fn new(layer: Box<dyn SecurityLayer>) -> Self {
        Self { layer: Ok(layer), arrived: Vec::new() }
    }

    /// Protects octets, in as many buffers as they need, each with its length; none for no octets.
    ///
    /// # Errors
    ///
    /// [`LayerError`]: the layer's, or [`LayerError::TooLarge`] where it makes more than the peer takes.
    pub fn seal(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
        self.with_layer(|layer| {
            let mut sealed = Vec::with_capacity(octets.len() + 64);
            for piece in octets.chunks(layer.max_piece().max(1)) {
                let buffer = layer.wrap(piece)?;
                if buffer.len() > layer.max_send() {
                    return Err(LayerError::TooLarge);
                }
                let length = u32::try_from(buffer.len()).map_err(|_| LayerError::TooLarge)?;
                sealed.extend_from_slice(&length.to_be_bytes());
                sealed.extend_from_slice(&buffer);
            }
            Ok(sealed)
        })
    }

    /// Takes octets that have arrived, and gives those that were protected by them: none, where no buffer is whole yet.
    ///
    /// # Errors
    ///
    /// [`LayerError`]: the layer's, or [`LayerError::TooLarge`] for a length that was not negotiated.
    pub fn open(&mut self, octets: &[u8]) -> Result<Zeroizing<Vec<u8>>, LayerError> {
        let mut opened = Zeroizing::new(Vec::new());
        let mut rest = octets;
        while !rest.is_empty() {
            let wanted = self.wanted()?;
            let (now, later) = rest.split_at(wanted.min(rest.len()));
            self.arrived.extend_from_slice(now);
            rest = later;
            if self.wanted()? == 0 {
                let buffer = mem::take(&mut self.arrived);
                let octets = buffer.get(LENGTH..).unwrap_or_default();
                let mut plain = self.with_layer(|layer| layer.unwrap(octets))?;
                opened.extend_from_slice(&plain);
                plain.zeroize();
            }
        }
        Ok(opened)
    }

    /// Whether part of a buffer has arrived: a peer that hangs up now has broken off.
    pub fn is_midway(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// How strong the layer is; 0 after an error.
    pub fn strength(&self) -> u16 {
        self.layer.as_ref().map_or(0, |layer| layer.strength())
    }

    /// How many octets are missing of what arrives now: of a length first, of a buffer then.
    fn wanted(&mut self) -> Result<usize, LayerError> {
        let arrived = self.arrived.len();
        match self.arrived.first_chunk::<LENGTH>() {
            None => Ok(LENGTH - arrived),
            Some(length) => {
                let length = usize::try_from(u32::from_be_bytes(*length));
                let length = length.map_err(|_| LayerError::TooLarge);
                self.with_layer(|layer| match length? {
                    length if length > layer.max_receive() => Err(LayerError::TooLarge),
                    length => Ok((LENGTH + length).saturating_sub(arrived)),
                })
            }
        }
    }

    /// Does something with the layer; an error is the end of it.
    fn with_layer<T>(
        &mut self,
        call: impl FnOnce(&mut dyn SecurityLayer) -> Result<T, LayerError>,
    ) -> Result<T, LayerError> {
        let result = match &mut self.layer {
            Ok(layer) => call(layer.as_mut()),
            Err(error) => Err(*error),
        };
        if let Err(error) = result {
            self.layer = Err(error);
            self.arrived = Vec::new();
        }
        result
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").field("strength", &self.strength()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// Adds an octet that must be there again.
    struct Marked;

    impl SecurityLayer for Marked {
        fn strength(&self) -> u16 {
            1
        }

        fn max_piece(&self) -> usize {
            7
        }

        fn max_send(&self) -> usize {
            8
        }

        fn max_receive(&self) -> usize {
            8
        }

        fn wrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
            Ok([octets, b"!"].concat())
        }

        fn unwrap(&mut self, octets: &[u8]) -> Result<Vec<u8>, LayerError> {
            octets.strip_suffix(b"!").map(<[u8]>::to_vec).ok_or(LayerError::BadMac)
        }
    }

    fn buffers() -> Buffers {
        Buffers::new(Box::new(Marked))
    }

    #[test]
    fn several_buffers_in_one_chunk() {
        let sent = buffers().seal(b"twenty octets of it!").unwrap();
        assert_eq!(sent.len(), 20 + 3 * (LENGTH + 1));
        assert_eq!(*buffers().open(&sent).unwrap(), b"twenty octets of it!");
    }

    #[test]
    fn a_length_that_was_not_negotiated_is_refused_at_once() {
        let mut buffers = buffers();
        assert_eq!(buffers.open(&[0xff; 4]), Err(LayerError::TooLarge));
        // And for ever.
        assert_eq!(buffers.open(b"\0\0\0\x02a!"), Err(LayerError::TooLarge));
        assert_eq!(buffers.seal(b"a"), Err(LayerError::TooLarge));
    }

    #[test]
    fn damage_is_noticed_and_nothing_of_it_is_given() {
        let mut buffers = buffers();
        assert_eq!(buffers.open(b"\0\0\0\x02a?"), Err(LayerError::BadMac));
        assert_eq!(buffers.open(b"\0\0\0\x02a!"), Err(LayerError::BadMac));
    }

    #[test]
    fn half_a_buffer_is_midway() {
        let mut buffers = buffers();
        assert!(!buffers.is_midway());
        assert_eq!(*buffers.open(b"\0\0\0\x02a").unwrap(), vec![0; 0]);
        assert!(buffers.is_midway());
        assert_eq!(*buffers.open(b"!").unwrap(), b"a");
        assert!(!buffers.is_midway());
        // A buffer of nothing is one.
        assert_eq!(buffers.open(&[0; 4]), Err(LayerError::BadMac));
    }
}
