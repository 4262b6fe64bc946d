//! Makes a frame: what it is given may be secret, so its octets are wiped wherever they lay.

use std::fmt;

use zeroize::Zeroizing;

use super::{Frame, too_long};
use crate::WireError;

/// A frame that grows, up to a limit; a part that does not fit is told by [`finish`](Self::finish).
pub struct Writer {
    octets: Frame,
    limit: usize,
    fits: bool,
}

impl Writer {
    /// Nothing yet, and at most `limit` octets in the end.
    pub fn new(limit: usize) -> Self {
        Self { octets: Frame::default(), limit, fits: true }
    }

    /// Puts these octets.
    pub fn put(&mut self, octets: &[u8]) -> &mut Self {
        let needed = self.octets.len().saturating_add(octets.len());
        if needed > self.limit {
            self.fits = false;
            return self;
        }
        if needed > self.octets.capacity() {
            // Copied, so that what is left behind is wiped.
            let mut grown = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            grown.extend_from_slice(&self.octets);
            self.octets = grown;
        }
        self.octets.extend_from_slice(octets);
        self
    }

    /// Puts these octets, and a NUL; octets that have one themselves do not fit.
    pub fn put_with_nul(&mut self, octets: &[u8]) -> &mut Self {
        self.fits &= !octets.contains(&0);
        self.put(octets).put(&[0])
    }

    /// Puts the number of these octets, in one octet, and them.
    pub fn counted_u8(&mut self, octets: &[u8]) -> &mut Self {
        let count = self.count(octets.len());
        self.put(&u8::to_be_bytes(count)).put(octets)
    }

    /// Puts the number of these octets, in two octets, and them.
    pub fn counted_u16(&mut self, octets: &[u8]) -> &mut Self {
        let count = self.count(octets.len());
        self.put(&u16::to_be_bytes(count)).put(octets)
    }

    /// Puts the number of these octets, in four octets, and them.
    pub fn counted_u32(&mut self, octets: &[u8]) -> &mut Self {
        let count = self.count(octets.len());
        self.put(&u32::to_be_bytes(count)).put(octets)
    }

    /// A number of octets as a field has it; one that it has no room for does not fit.
    pub fn count<N: TryFrom<usize> + Default>(&mut self, count: usize) -> N {
        N::try_from(count).unwrap_or_else(|_| {
            self.fits = false;
            N::default()
        })
    }

    /// Makes a part on its own, for its length to be put before it; one that does not fit makes the whole not fit.
    pub fn part(&mut self, write: impl FnOnce(&mut Self)) -> Frame {
        let mut part = Self::new(self.limit);
        write(&mut part);
        self.fits &= part.fits;
        part.octets
    }

    /// How many octets were put.
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The frame.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where something did not fit.
    pub fn finish(self) -> Result<Frame, WireError> {
        if self.fits { Ok(self.octets) } else { Err(too_long(self.limit)) }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} octets)", self.octets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_in_the_end() {
        let frame = |write: fn(&mut Writer)| {
            let mut writer = Writer::new(300);
            write(&mut writer);
            writer.finish().map(|frame| frame.to_vec())
        };
        assert_eq!(
            frame(|it| _ = it.counted_u16(b"ab").put_with_nul(b"c")),
            Ok(b"\0\x02abc\0".to_vec())
        );
        assert_eq!(frame(|it| _ = it.counted_u8(&[0; 255])).unwrap().len(), 256);
        for write in [
            |it: &mut Writer| _ = it.counted_u8(&[0; 256]),
            |it: &mut Writer| _ = it.put(&[0; 301]),
            |it: &mut Writer| _ = it.put_with_nul(b"a\0"),
        ] {
            assert_eq!(frame(write), Err(too_long(300)));
        }
    }
}
