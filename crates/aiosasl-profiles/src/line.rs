//! A bounded buffer of octets that gives back lines; used by both halves of every line protocol. It reads nothing.

use std::fmt;

use zeroize::Zeroizing;

/// A line without its ending; wiped on drop, since it may hold a password.
pub type Line = Zeroizing<Vec<u8>>;

/// Octets in, lines out.
pub struct LineBuffer {
    octets: Zeroizing<Vec<u8>>,
    /// How many octets at the start were given out already.
    given: usize,
    /// How many octets at the start, those given out included, are known to hold no further LF.
    searched: usize,
    limit: usize,
    ending: Ending,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// CRLF; a bare LF is an error, since two readers would disagree on it. For servers.
    CrLf,
    /// CRLF or a bare LF, which some servers send. For clients, who trust what they read little anyway.
    CrLfOrLf,
}

impl LineBuffer {
    /// An empty buffer for lines of at most `limit` octets, their ending not counted.
    pub fn new(limit: usize, ending: Ending) -> Self {
        Self { octets: Zeroizing::default(), given: 0, searched: 0, limit, ending }
    }

    /// Takes octets as they came.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLong`] where more than twice the limit (and 8 KiB) would lie about: take the lines first.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), LineError> {
        let room = self.limit.saturating_mul(2).saturating_add(8192).saturating_sub(self.len());
        if octets.len() > room {
            return Err(LineError::TooLong(self.limit));
        }
        self.compact(octets.len());
        self.octets.extend_from_slice(octets);
        Ok(())
    }

    /// The next whole line, or `None` until more octets came.
    ///
    /// # Errors
    ///
    /// [`LineError`]; what follows in the buffer can't be made sense of then.
    pub fn next_line(&mut self) -> Result<Option<Line>, LineError> {
        let unsearched = self.octets.get(self.searched..).unwrap_or_default();
        let Some(lf) = unsearched.iter().position(|octet| *octet == b'\n') else {
            self.searched = self.octets.len();
            // A CR at the end may be half of an ending.
            return if self.len() > self.limit.saturating_add(1) {
                Err(LineError::TooLong(self.limit))
            } else {
                Ok(None)
            };
        };
        let lf = self.searched + lf;
        let whole = self.octets.get(self.given..lf).unwrap_or_default();
        let line = match (whole.strip_suffix(b"\r"), self.ending) {
            (Some(line), _) => line,
            (None, Ending::CrLfOrLf) => whole,
            (None, Ending::CrLf) => return Err(LineError::BareLf),
        };
        if line.len() > self.limit {
            return Err(LineError::TooLong(self.limit));
        }
        let line = Zeroizing::new(line.to_vec());
        self.given = lf + 1;
        self.searched = self.given;
        Ok(Some(line))
    }

    /// The next octets, this many, whatever they are; or `None` until enough came. For protocols that count some octets
    /// out between their lines.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLong`] where that are more than a line may have.
    pub fn next_octets(&mut self, count: usize) -> Result<Option<Line>, LineError> {
        if count > self.limit {
            return Err(LineError::TooLong(self.limit));
        }
        let end = self.given.saturating_add(count);
        let Some(octets) = self.octets.get(self.given..end) else { return Ok(None) };
        let octets = Zeroizing::new(octets.to_vec());
        self.given = end;
        self.searched = self.searched.max(end);
        Ok(Some(octets))
    }

    /// All that lies in the buffer, as it came: for protocols that change from lines to something else.
    pub fn take(&mut self) -> Line {
        self.compact(0);
        self.searched = 0;
        std::mem::take(&mut self.octets)
    }

    /// The octets that wait, to look at.
    pub fn waiting(&self) -> &[u8] {
        self.octets.get(self.given..).unwrap_or_default()
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
            let mut moved = Vec::with_capacity(needed.saturating_mul(2));
            moved.extend_from_slice(self.octets.get(self.given..).unwrap_or_default());
            self.octets = Zeroizing::new(moved);
            self.searched = self.searched.saturating_sub(self.given);
            self.given = 0;
        }
    }
}

impl fmt::Debug for LineBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineBuffer({} octets of at most {} a line)", self.len(), self.limit)
    }
}

/// Why octets are no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineError {
    /// An LF without a CR before it.
    BareLf,
    /// More octets than this limit.
    TooLong(usize),
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BareLf => f.write_str("expected CRLF at the end of a line, found a bare LF"),
            Self::TooLong(limit) => write!(f, "expected a line of at most {limit} octets"),
        }
    }
}

impl std::error::Error for LineError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(buffer: &mut LineBuffer, octets: &[u8]) -> Result<Vec<Vec<u8>>, LineError> {
        let mut all = Vec::new();
        for octet in octets {
            buffer.push(&[*octet])?;
            while let Some(line) = buffer.next_line()? {
                all.push(line.to_vec());
            }
        }
        Ok(all)
    }

    #[test]
    fn lines_come_out_however_they_came_in() {
        let mut buffer = LineBuffer::new(10, Ending::CrLf);
        let expected = Ok(vec![b"one".to_vec(), vec![], b"a\rb".to_vec()]);
        assert_eq!(lines(&mut buffer, b"one\r\n\r\na\rb\r\nrest"), expected);
        assert_eq!(buffer.take().as_slice(), b"rest");
        buffer.push(b"one\r\ntwo\r\n").unwrap();
        assert_eq!(buffer.next_line().unwrap().unwrap().as_slice(), b"one");
        assert_eq!(buffer.next_line().unwrap().unwrap().as_slice(), b"two");
        assert_eq!(buffer.next_line(), Ok(None));
    }

    #[test]
    fn octets_are_counted_out_between_lines() {
        let mut buffer = LineBuffer::new(10, Ending::CrLf);
        buffer.push(b"{4}\r\na\nb").unwrap();
        assert_eq!(buffer.next_line().unwrap().unwrap().as_slice(), b"{4}");
        assert_eq!(buffer.next_octets(4), Ok(None));
        buffer.push(b"\r\nrest\r\n").unwrap();
        assert_eq!(buffer.next_octets(4).unwrap().unwrap().as_slice(), b"a\nb\r");
        // What is left of an ending ends nothing.
        assert_eq!(buffer.next_line(), Err(LineError::BareLf));
        let mut buffer = LineBuffer::new(10, Ending::CrLf);
        buffer.push(b"one two\r\n").unwrap();
        assert_eq!(buffer.next_octets(0).unwrap().unwrap().as_slice(), b"");
        assert_eq!(buffer.next_octets(4).unwrap().unwrap().as_slice(), b"one ");
        assert_eq!(buffer.next_line().unwrap().unwrap().as_slice(), b"two");
        assert_eq!(buffer.next_octets(11), Err(LineError::TooLong(10)));
    }

    #[test]
    fn a_bare_lf_is_for_clients_alone() {
        let mut strict = LineBuffer::new(10, Ending::CrLf);
        assert_eq!(lines(&mut strict, b"one\n"), Err(LineError::BareLf));
        let mut lenient = LineBuffer::new(10, Ending::CrLfOrLf);
        assert_eq!(lines(&mut lenient, b"one\n\r\n"), Ok(vec![b"one".to_vec(), vec![]]));
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut buffer = LineBuffer::new(3, Ending::CrLf);
        assert_eq!(lines(&mut buffer, b"abc\r\n"), Ok(vec![b"abc".to_vec()]));
        assert_eq!(lines(&mut buffer, b"abcd\r\n"), Err(LineError::TooLong(3)));
        let mut buffer = LineBuffer::new(3, Ending::CrLf);
        buffer.push(b"abcd\r\n").unwrap();
        assert_eq!(buffer.next_line(), Err(LineError::TooLong(3)));
        assert_eq!(buffer.push(&[b'a'; 9000]), Err(LineError::TooLong(3)));
    }
}
