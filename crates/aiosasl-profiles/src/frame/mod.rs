//! A bounded buffer of octets that gives back frames, for protocols that say how long a message is. It reads nothing.
//!
//! Each such protocol has a [`Measure`], which tells a frame's length from its head; [`Cursor`] reads a frame, and
//! [`Writer`] makes one.

mod cursor;
mod list;
mod writer;

use std::fmt;

use zeroize::Zeroizing;

use crate::WireError;

pub use cursor::Cursor;
pub use list::MechanismList;
pub use writer::Writer;

/// A whole frame; wiped on drop, since it may hold a password.
pub type Frame = Zeroizing<Vec<u8>>;

/// Tells from a frame's first octets how long the whole is, in octets; `None` until enough of them came.
///
/// It refuses a length that is too large before anybody makes room for it.
pub type Measure = fn(&[u8]) -> Result<Option<usize>, WireError>;

/// Octets in, frames out.
#[derive(Default)]
pub struct FrameBuffer {
    octets: Frame,
    /// How many octets at the start were given out already.
    given: usize,
    limit: usize,
}

impl FrameBuffer {
    /// An empty buffer for frames of at most `limit` octets.
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Takes octets as they came.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where more than twice the limit (and 8 KiB) would lie about: take the frames first.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), WireError> {
        let room = self.limit.saturating_mul(2).saturating_add(8192).saturating_sub(self.len());
        if octets.len() > room {
            return Err(too_long(self.limit));
        }
        self.compact(octets.len());
        self.octets.extend_from_slice(octets);
        Ok(())
    }

    /// The next whole frame, its length included, or `None` until more octets came.
    ///
    /// # Errors
    ///
    /// A [`WireError`] where it is too long, or says that it ends before it began; what follows in the buffer can't
    /// be made sense of then.
    pub fn next_frame(&mut self, measure: Measure) -> Result<Option<Frame>, WireError> {
        let waiting = self.octets.get(self.given..).unwrap_or_default();
        let Some(length) = measure(waiting)? else { return Ok(None) };
        match length {
            0 => return Err(WireError::protocol("expected a frame of some octets")),
            length if length > self.limit => return Err(too_long(self.limit)),
            _ => {}
        }
        let Some(frame) = waiting.get(..length) else { return Ok(None) };
        let frame = Zeroizing::new(frame.to_vec());
        self.given += length;
        Ok(Some(frame))
    }

    /// All that lies in the buffer, as it came: for what follows the login.
    pub fn take(&mut self) -> Frame {
        self.compact(0);
        std::mem::take(&mut self.octets)
    }

    /// How many octets wait.
    pub fn len(&self) -> usize {
        self.octets.len().saturating_sub(self.given)
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what was given out, and makes room for more; where that moves the octets, their old place is wiped.
    fn compact(&mut self, more: usize) {
        let needed = self.len().saturating_add(more);
        if self.given > 0 || needed > self.octets.capacity() {
            let mut moved = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
            moved.extend_from_slice(self.octets.get(self.given..).unwrap_or_default());
            self.octets = moved;
            self.given = 0;
        }
    }
}

impl fmt::Debug for FrameBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameBuffer({} octets)", self.len())
    }
}

/// The error of a frame that is longer than this many octets.
pub fn too_long(limit: usize) -> WireError {
    WireError::protocol(format!("expected a frame of at most {limit} octets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One octet that counts those behind it, at most 99.
    fn counted(head: &[u8]) -> Result<Option<usize>, WireError> {
        match head.first() {
            Some(100..) => Err(too_long(99)),
            count => Ok(count.map(|count| usize::from(*count) + 1)),
        }
    }

    #[test]
    fn frames_come_out_whole_however_they_came_in() {
        let mut buffer = FrameBuffer::new(16);
        let mut frames = Vec::new();
        for octet in [2, 7, 8, 0, 1, 9, 3] {
            buffer.push(&[octet]).unwrap();
            frames.extend(buffer.next_frame(counted).unwrap().map(|it| it.to_vec()));
        }
        assert_eq!(frames, [vec![2, 7, 8], vec![0], vec![1, 9]]);
        assert_eq!(buffer.take().as_slice(), [3]);
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_by_its_length_alone() {
        let mut buffer = FrameBuffer::new(16);
        buffer.push(&[16]).unwrap();
        assert_eq!(buffer.next_frame(counted), Err(too_long(16)));
        assert_eq!(FrameBuffer::new(16).push(&[0; 9000]), Err(too_long(16)));
    }
}
